import type { ChatMessage } from "@/lib/messages";

/** A message that a person says. */
export interface Said {
  id: string;
  text: string;
}

/** Where a conversation goes on otherwise: at a checkpoint, after the messages it holds. */
export interface Departure {
  checkpointId: string;
  kept: readonly ChatMessage[];
  /** The nodes that are due there. */
  next: readonly string[];
}

/** A thread as a hook tells it, and what can be done on it. The hooks differ; this is what both can do. */
export interface Conversation {
  messages: readonly ChatMessage[];
  /** Whether a run is being followed. */
  isLoading: boolean;
  /** Whether the thread's state has not come yet. */
  isOpening: boolean;
  error: unknown;
  /** Say something, at the thread's end or from a checkpoint. */
  say(said: Said, from?: Departure): void;
  /** Say something when the runs before are over. */
  queue(said: Said): Promise<unknown>;
  /** Answer a pending interrupt, by its id. */
  answer(interruptId: string, value: unknown): void;
  /** Run what is due: what failed or was stopped at the last checkpoint, or what is next at another. */
  goOn(from?: Departure): void;
  /** Follow a run that was started elsewhere. */
  follow(runId: string): void;
}

/** What a hook needs to know of its conversation. */
export interface Opening {
  assistantId: string;
  threadId: string | undefined;
  /** By which it calls the gateway; the same object as long as it is the same. */
  caller: { fetch: typeof fetch };
  /** The thread that the first message made. */
  onThread: (threadId: string) => void;
  /** Begin anew with what the server holds. */
  onReopen: () => void;
}

export const human = ({ id, text }: Said) => ({ type: "human" as const, id, content: text });
