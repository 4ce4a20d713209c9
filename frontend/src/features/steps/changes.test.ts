import { expect, test } from "vitest";
import { changesOf } from "./changes";

test("keys are added, removed and changed; what is equal is left out", () => {
  const before = { same: [1, { a: null }], old: 1, other: { a: 1 } };
  const after = { same: [1, { a: null }], other: { a: 2 }, new: null };
  expect(changesOf(before, after)).toEqual([
    { key: "other", kind: "changed", before: { a: 1 }, after: { a: 2 } },
    { key: "new", kind: "added", before: undefined, after: null },
    { key: "old", kind: "removed", before: 1, after: undefined },
  ]);
});

test("the order of keys makes no difference, that of items does", () => {
  expect(changesOf({ x: { a: 1, b: 2 } }, { x: { b: 2, a: 1 } })).toEqual([]);
  expect(changesOf({ x: [1, 2] }, { x: [2, 1] })).toHaveLength(1);
});

test("a list is no object, and a longer one no shorter one", () => {
  expect(changesOf({ x: [] }, { x: {} })).toHaveLength(1);
  expect(changesOf({ x: [1] }, { x: [1, 1] })).toHaveLength(1);
});

test("a state that is no object is one value", () => {
  expect(changesOf(null, "text")).toEqual([{ key: "", kind: "added", before: undefined, after: "text" }]);
  expect(changesOf(7, 7)).toEqual([]);
});
