import { expect, test } from "vitest";
import type { ReceivedEvent } from "@/lib/received";
import { channelsOf, newSift } from "./sift";

const event = (number: number, name: string, data: string): ReceivedEvent => ({
  number,
  at: 0,
  threadId: "t",
  request: "POST /",
  stream: 1,
  id: `id-${number}`,
  size: data.length,
  name,
  data,
});
const events = [
  event(1, "values|inner:1", '{"a": "Apples"}'),
  event(2, "messages", '"pears"'),
  event(3, "values", "{}"),
];
const numbers = (channels: string[], text = "") =>
  newSift({ channels, text })(events).map((event) => event.number);

test("without a filter all are shown", () => {
  expect(numbers([])).toEqual([1, 2, 3]);
});

test("channels and text narrow it down together", () => {
  expect(numbers(["values"])).toEqual([1, 3]);
  expect(numbers([], " apples ")).toEqual([1]);
  expect(numbers(["messages"], "apples")).toEqual([]);
});

test("ids and namespaces are text as well", () => {
  expect(numbers([], "id-2")).toEqual([2]);
  expect(numbers([], "inner")).toEqual([1]);
});

test("channels are counted, whatever their namespace", () => {
  expect(channelsOf(events)).toEqual([
    ["messages", 1],
    ["values", 2],
  ]);
});
