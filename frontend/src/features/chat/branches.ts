import { type ChatMessage, readMessages } from "@/lib/messages";

/** A state of a thread, as POST /threads/{id}/history lists them, newest first. */
export interface Past {
  checkpoint: { checkpoint_id: string };
  parent_checkpoint: { checkpoint_id: string } | null;
  values: { messages?: unknown };
  /** The nodes that are due. */
  next: readonly string[];
  metadata: { run_id?: string } | null;
}

/** The branches that part at a message: where each leads to (its newest state), and which of them is shown. */
export interface Fork {
  leaves: string[];
  shown: number;
}

/** The end of a branch. */
export interface Leaf {
  checkpointId: string;
  messages: ChatMessage[];
}

export const idOf = (past: Past) => past.checkpoint.checkpoint_id;

/** The newest state of each branch, newest branch first. */
export function leavesOf(history: readonly Past[]): Leaf[] {
  const parents = new Set(history.map((past) => past.parent_checkpoint?.checkpoint_id));
  return history
    .filter((past) => !parents.has(idOf(past)))
    .map((past) => ({ checkpointId: idOf(past), messages: readMessages(past.values.messages) }));
}

/** Where the conversation that is shown could have gone on otherwise, by the id of the human message. */
export function forksOf(all: readonly Leaf[], shown: readonly ChatMessage[]): Map<string, Fork> {
  const forks = new Map<string, Fork>();
  for (const [place, message] of shown.entries()) {
    if (message.kind !== "human") continue;
    const fork = forkAt(all, shown, place);
    if (fork) forks.set(message.id, fork);
  }
  return forks;
}

/** The branches that agree in all before a place, and have a message of a person there; one for each such message. */
function forkAt(all: readonly Leaf[], shown: readonly ChatMessage[], place: number): Fork | undefined {
  const alternatives = new Map<string, string>();
  for (const { checkpointId, messages } of all) {
    const said = messages[place];
    if (said?.kind === "human" && isPrefix(shown.slice(0, place), messages) && !alternatives.has(said.id))
      alternatives.set(said.id, checkpointId);
  }
  const ids = [...alternatives.keys()].reverse();
  const own = ids.indexOf(shown[place]?.id ?? "");
  if (ids.length < 2 || own < 0) return undefined;
  return { leaves: ids.map((id) => alternatives.get(id) ?? ""), shown: own };
}

const isPrefix = (before: readonly ChatMessage[], messages: readonly ChatMessage[]) =>
  before.every((message, place) => messages[place]?.id === message.id);

/** The newest state before a message was said, going back from a branch's end (without one, from the newest state). */
export function stateBefore(history: readonly Past[], messageId: string, leaf?: string): string | undefined {
  const states = new Map(history.map((past) => [idOf(past), past]));
  let past = leaf ? states.get(leaf) : history[0];
  while (past && readMessages(past.values.messages).some((message) => message.id === messageId))
    past = states.get(past.parent_checkpoint?.checkpoint_id ?? "");
  return past && idOf(past);
}

/** Which run has said each message: the run of the oldest state that holds it. */
export function runsOf(history: readonly Past[]): Map<string, string> {
  const runs = new Map<string, string>();
  for (const past of history)
    for (const { id } of readMessages(past.values.messages)) runs.set(id, past.metadata?.run_id ?? "");
  return runs;
}
