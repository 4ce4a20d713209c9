import { expect, test } from "vitest";
import { readChatSearch } from "./search";

test("what a URL says is read", () => {
  const search = {
    assistant: "echo",
    hook: "classic",
    at: "c",
    panel: "events",
    channels: "values",
    filter: "x",
    listen: true,
  };
  expect(readChatSearch(search)).toEqual(search);
});

test("what makes no sense is left out", () => {
  const search = readChatSearch({ hook: "other", panel: 1, at: "", filter: { a: 1 }, more: "x" });
  expect(Object.values(search).filter((value) => value !== undefined)).toEqual([]);
});

test("a filter may look like a number", () => {
  expect(readChatSearch({ filter: 42 }).filter).toBe("42");
});
