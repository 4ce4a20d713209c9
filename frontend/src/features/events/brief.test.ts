import { expect, test } from "vitest";
import type { ReceivedEvent } from "@/lib/received";
import { briefOf } from "./brief";

const brief = (data: unknown) =>
  briefOf({
    number: 1,
    at: 0,
    threadId: "t",
    request: "POST /",
    stream: 1,
    id: "1",
    size: 1,
    name: "messages",
    data: JSON.stringify(data),
  } satisfies ReceivedEvent);

test("a piece of a message is its text, with its spaces", () => {
  expect(brief([{ content: "word ", type: "AIMessageChunk" }, {}])).toBe('"word "');
  const delta = { event: "content-block-delta", delta: { type: "text-delta", text: "word " } };
  expect(brief({ type: "event", params: { namespace: [], data: delta } })).toBe('"word "');
});

test("all else is JSON, and not all of it", () => {
  expect(brief({ a: [1] })).toBe('{"a":[1]}');
  expect(brief([])).toBe("[]");
  expect(brief({ a: "x".repeat(1000) })).toHaveLength(160);
});
