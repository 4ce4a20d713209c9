/** What the playground keeps in its URL, beside the thread. */
export interface ChatSearch {
  /** Name or id of the assistant; without it, the thread's or the first one. */
  assistant?: string;
  /** By which hook; without it, the newer one. */
  hook?: Hook;
  /** The checkpoint at the end of the branch that is shown; without it, the newest. */
  at?: string;
  /** What is open beside the conversation. */
  panel?: Panel;
  /** Which events are shown: of these channels, with commas between them, and with this text. */
  channels?: string;
  filter?: string;
  /** Whether all channels are listened to, from the first event that the gateway has kept. */
  listen?: true;
}

/** `classic`: @langchain/langgraph-sdk/react. `v2`: @langchain/react, on protocol v2. */
export type Hook = "classic" | "v2";

/** `state`: the steps and what they changed. `events`: what was received. */
export type Panel = "state" | "events";

/** Read a URL's search; what makes no sense is left out. */
export function readChatSearch(search: Record<string, unknown>): ChatSearch {
  const text = (name: string) => {
    // a router reads what looks like a number as one
    const value = typeof search[name] === "number" ? String(search[name]) : search[name];
    return typeof value === "string" && value ? value : undefined;
  };
  const one = <T extends string>(name: string, words: readonly T[]) =>
    words.find((word) => word === search[name]);
  return {
    assistant: text("assistant"),
    hook: one("hook", ["classic", "v2"]),
    at: text("at"),
    panel: one("panel", ["state", "events"]),
    channels: text("channels"),
    filter: text("filter"),
    listen: search.listen === true || undefined,
  };
}
