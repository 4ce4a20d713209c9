import { expect, test } from "vitest";
import { tell } from "./errors";

test("an error of a run is told by its class and message", () => {
  expect(tell({ error: "ValueError", message: "no" })).toEqual({ name: "ValueError", message: "no" });
});

test("a name that says nothing is left out", () => {
  expect(tell(new Error("no"))).toEqual({ name: undefined, message: "no" });
  expect(tell(new TypeError("no"))).toEqual({ name: "TypeError", message: "no" });
});

test("anything else is told as text", () => {
  expect(tell("no")).toEqual({ message: "no" });
});
