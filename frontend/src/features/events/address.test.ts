import { expect, test } from "vitest";
import type { ReceivedEvent } from "@/lib/received";
import { addressOf, contentOf } from "./address";

const event = (name: string, data: unknown): ReceivedEvent => ({
  number: 1,
  at: 5,
  threadId: "t",
  request: "POST /",
  stream: 1,
  id: "1",
  size: 1,
  name,
  data: typeof data === "string" ? data : JSON.stringify(data),
});

test("a classic event has its namespace in its name", () => {
  const values = event("values|outer:1|inner:2", { a: 1 });
  expect(addressOf(values)).toEqual({ channel: "values", namespace: ["outer:1", "inner:2"], at: 5 });
  expect(contentOf(values)).toEqual({ a: 1 });
  expect(addressOf(event("metadata", {}))).toEqual({ channel: "metadata", namespace: [], at: 5 });
});

test("an event of protocol v2 has it in its params", () => {
  const lifecycle = event("lifecycle", {
    type: "event",
    method: "lifecycle",
    params: { namespace: ["outer:1"], timestamp: 7, data: { event: "running" } },
  });
  expect(addressOf(lifecycle)).toEqual({ channel: "lifecycle", namespace: ["outer:1"], at: 7 });
  expect(contentOf(lifecycle)).toEqual({ event: "running" });
});

test("data that is no JSON is text", () => {
  expect(contentOf(event("custom", "no json"))).toBe("no json");
  expect(addressOf(event("custom", "no json")).channel).toBe("custom");
});
