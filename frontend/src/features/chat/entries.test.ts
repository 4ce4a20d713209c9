import { expect, test } from "vitest";
import { newReader, readMessages } from "@/lib/messages";
import { entriesOf, newArranger } from "./entries";

const calls = [
  { id: "one", name: "add", args: {} },
  { id: "two", name: "weather", args: {} },
];
const ai = { id: "a", type: "ai", content: "", tool_calls: calls };
const result = (id: string) => ({ id: `r-${id}`, type: "tool", content: id, tool_call_id: id, name: "add" });

test("results stand with their calls, in whatever order they came", () => {
  const [entry, ...rest] = entriesOf(readMessages([ai, result("two"), result("one")]));
  expect(rest).toEqual([]);
  expect(entry?.cards.map((card) => card.result?.text)).toEqual(["one", "two"]);
});

test("a call without a result is shown all the same", () => {
  expect(entriesOf(readMessages([ai, result("one")]))[0]?.cards[1]?.result).toBeUndefined();
});

test("a call whose id is used again finds its own result", () => {
  const entries = entriesOf(
    readMessages([ai, result("one"), { ...ai, id: "b" }, { ...result("one"), content: "new" }]),
  );
  expect(entries.map((entry) => entry.cards[0]?.result?.text)).toEqual(["one", "new"]);
});

test("a result without its call stands for itself", () => {
  expect(entriesOf(readMessages([result("gone")]))[0]?.cards[0]?.call.name).toBe("add");
});

test("an entry is the same object until its message or a result of its calls changes", () => {
  const read = newReader();
  const arrange = newArranger();
  const said = { id: "h", type: "human", content: "Go" };
  const [first, asking] = arrange(read([said, ai]));
  const [again, answered] = arrange(read([{ ...said }, { ...ai }, result("one")]));
  expect(again).toBe(first);
  expect(answered).not.toBe(asking);
  expect(arrange(read([said, ai, result("one")]))[1]).toBe(answered);
});
