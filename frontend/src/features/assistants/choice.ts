import type { Assistant } from "./api";

/** The assistant that a name or id in the URL, or the thread's own id, or nothing at all, stands for. */
export function choose(all: readonly Assistant[], named?: string, ofThread?: string): Assistant | undefined {
  const known = (id?: string) =>
    all.find((one) => one.assistant_id === id) ?? all.find((one) => one.name === id);
  return known(named) ?? known(ofThread) ?? all[0];
}
