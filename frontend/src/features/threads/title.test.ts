import { expect, test } from "vitest";
import { titleOf } from "./title";

test("a thread is called by the text of its first message, on one line", () => {
  expect(titleOf("Good\n  morning ")).toBe("Good morning");
});

test("a message of blocks is read as well", () => {
  expect(
    titleOf([
      { type: "text", text: "What is this?" },
      { type: "image", url: "x" },
    ]),
  ).toBe("What is this?");
});

test.each([undefined, null, "", [], [{ type: "image" }]])("%j is a new thread", (content) => {
  expect(titleOf(content)).toBe("New thread");
});
