import { AIMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import { newReader, readMessages } from "./messages";

const human = (id: string) => ({ id, type: "human", content: id });
const read = (raw: object) => readMessages([{ id: "m", ...raw }])[0];

test("text is text, whether it is a string or blocks", () => {
  expect(read({ type: "ai", content: "Hello" })?.text).toBe("Hello");
  expect(read({ type: "ai", content: [{ type: "text", text: "Hel" }, "lo", { type: "image" }] })?.text).toBe(
    "Hello",
  );
});

test("reasoning is found in every place that models put it", () => {
  const shapes = [
    { content: [{ type: "reasoning", reasoning: "hm" }] },
    { content: [{ type: "thinking", thinking: "hm" }] },
    { content: [{ type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] }] },
    { content: [{ type: "reasoning_content", reasoning_content: { text: "hm", signature: "s" } }] },
    { content: "", additional_kwargs: { reasoning_content: "hm" } },
    { content: "", additional_kwargs: { reasoning: { summary: [{ type: "summary_text", text: "hm" }] } } },
  ];
  for (const shape of shapes) expect(read({ type: "ai", ...shape })?.reasoning).toBe("hm");
});

test("a summary of several parts is read part by part, and one that is not told is nothing", () => {
  const summary = ["one", "two"].map((text) => ({ type: "summary_text", text }));
  expect(read({ type: "ai", content: [{ type: "reasoning", summary }] })?.reasoning).toBe("one\n\ntwo");
  expect(read({ type: "ai", content: [{ type: "reasoning", summary: [] }] })?.reasoning).toBe("");
  expect(read({ type: "ai", content: [{ type: "redacted_thinking", data: "x" }] })?.reasoning).toBe("");
});

test("an instance of a class is read like a plain object", () => {
  const tool_calls = [{ id: "c", name: "add", args: { a: 1 } }];
  const [message] = readMessages([new AIMessage({ id: "m", content: "Hello", tool_calls })]);
  expect(message).toMatchObject({
    id: "m",
    kind: "ai",
    text: "Hello",
    toolCalls: [{ id: "c", name: "add" }],
  });
});

test("a tool's message names its call, and says whether it failed", () => {
  const message = read({ type: "tool", content: "no", tool_call_id: "c", name: "add", status: "error" });
  expect(message).toMatchObject({ kind: "tool", toolCallId: "c", name: "add", failed: true });
});

test("what is no message is left out", () => {
  expect(readMessages([null, "text", { content: "x" }])).toEqual([]);
  expect(readMessages({ messages: [] })).toEqual([]);
});

test("a message that says the same is the same object when it is read again, whatever it came in", () => {
  const read = newReader();
  const [same, grows] = read([human("a"), human("b")]);
  const [again, grown] = read([human("a"), { ...human("b"), content: "b and more" }]);
  expect(again).toBe(same);
  expect(grown).not.toBe(grows);
  expect(grown?.text).toBe("b and more");
});
