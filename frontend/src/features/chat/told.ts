import type { ChatMessage } from "@/lib/messages";

const NOTHING: ReadonlySet<string> = new Set();

/** What is shown of what a hook tells, and the ids of messages that models said and no state has kept. */
export interface Telling {
  messages: readonly ChatMessage[];
  unkept: ReadonlySet<string>;
}

export const TELLING: Telling = { messages: [], unkept: NOTHING };

/**
 * While a run goes on, all that the hook tells is shown. Once the thread is at rest it is what the state has `kept`, as
 * in the next window; and what it has not kept stays away when the hook tells it again.
 */
export function tellingOf(
  told: readonly ChatMessage[],
  kept: readonly ChatMessage[] | undefined,
  { unkept }: Telling,
): Telling {
  if (!kept)
    return { messages: unkept.size ? told.filter((message) => !unkept.has(message.id)) : told, unkept };
  const ids = new Set(kept.map((message) => message.id));
  const lost = told.filter((message) => message.kind !== "human" && !ids.has(message.id));
  return { messages: kept, unkept: lost.length ? new Set(lost.map((message) => message.id)) : NOTHING };
}
