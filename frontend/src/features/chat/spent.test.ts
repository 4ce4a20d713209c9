import { expect, test } from "vitest";
import type { Usage } from "./api";
import { kindsOf, spentBy } from "./spent";

const usage: Usage = {
  total_tokens: 130,
  input_tokens: 107,
  output_tokens: 23,
  cache_read_tokens: 58,
  reasoning_tokens: 0,
  cost: 0.25,
  currency: "USD",
};

test("tokens come first, then what they cost, then the time", () => {
  expect(spentBy({ status: "success", seconds: 1.24, usage })).toEqual(["130 tokens", "$0.25", "1.2 s"]);
});

test("what is not known is not told", () => {
  expect(spentBy({ status: "running" })).toEqual([]);
  expect(spentBy({ status: "success", seconds: 0.08, usage: { ...usage, cost: null } })).toEqual([
    "130 tokens",
    "80 ms",
  ]);
});

test("kinds without tokens are left out", () => {
  expect(kindsOf({ status: "success", usage })).toEqual(["107 in", "23 out", "58 from the cache"]);
});
