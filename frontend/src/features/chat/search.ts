/** What the playground keeps in its URL, beside the thread. */
export interface ChatSearch {
  /** Name or id of the assistant; without it, the thread's or the first one. */
  assistant?: string;
  /** By which hook; without it, the newer one. */
  hook?: Hook;
  /** The checkpoint at the end of the branch that is shown; without it, the newest. */
  at?: string;
}

/** `classic`: @langchain/langgraph-sdk/react. `v2`: @langchain/react, on protocol v2. */
export type Hook = "classic" | "v2";

/** Read a URL's search; what makes no sense is left out. */
export function readChatSearch(search: Record<string, unknown>): ChatSearch {
  const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);
  const hook = search.hook === "classic" || search.hook === "v2" ? search.hook : undefined;
  return { assistant: text(search.assistant), hook, at: text(search.at) };
}
