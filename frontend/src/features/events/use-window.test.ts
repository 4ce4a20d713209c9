import { expect, test } from "vitest";
import { rowsIn } from "./use-window";

test("rows near what is seen are drawn", () => {
  expect(rowsIn({ top: 1000, height: 200 }, 5000, 10)).toEqual({ first: 90, end: 130 });
});

test("there are none before the first and behind the last", () => {
  expect(rowsIn({ top: 0, height: 200 }, 5, 10)).toEqual({ first: 0, end: 5 });
  expect(rowsIn({ top: 1000, height: 200 }, 5, 10)).toEqual({ first: 5, end: 5 });
});
