import { expect, test } from "vitest";
import { messageChanges } from "./message-changes";

const human = (id: string, content = id) => ({ id, type: "human", content });

test("messages are added, removed and changed", () => {
  const changes = messageChanges([human("a"), human("b")], [human("b", "B"), human("c")]);
  expect(changes?.added.map((message) => message.text)).toEqual(["c"]);
  expect(changes?.removed.map((message) => message.text)).toEqual(["a"]);
  expect(changes?.changed.map((both) => both.map((message) => message.text))).toEqual([["b", "B"]]);
});

test("a thread's first messages come from nothing", () => {
  expect(messageChanges(undefined, [human("a")])?.added).toHaveLength(1);
});

test.each([
  ["a list of something else", [1], [2]],
  ["no list", "a", "b"],
  ["what is not seen of a message", [human("a")], [{ ...human("a"), response_metadata: {} }]],
])("%s is no change of messages", (_, before, after) => {
  expect(messageChanges(before, after)).toBeUndefined();
});
