import { expect, test } from "vitest";
import { readMessages } from "@/lib/messages";
import { missedBy } from "./missed";

const human = (id: string) => ({ id, type: "human", content: id });
const state = (messages: object[]) => ({
  checkpoint: { checkpoint_id: "newest" },
  parent_checkpoint: null,
  values: { messages },
  next: [],
  metadata: null,
});

test("a message of the newest state that was not told is missed", () => {
  expect(missedBy(readMessages([human("a")]), [state([human("a"), human("b")]), state([])])).toBe("newest");
});

test("what is told beyond the state is not missed", () => {
  expect(missedBy(readMessages([human("a"), human("b")]), [state([human("b")])])).toBeUndefined();
  expect(missedBy([], [])).toBeUndefined();
});
