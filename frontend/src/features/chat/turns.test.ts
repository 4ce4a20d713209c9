import { expect, test } from "vitest";
import type { Course, ThreadUsage, Usage } from "./api";
import { turnsOf } from "./turns";

const course = (run_id: string, began: string | null, ended: string | null): Course => ({
  run_id,
  status: "success",
  run_started_at: began,
  run_ended_at: ended,
});
const usage = { total_tokens: 7 } as Usage;

test("a run's time is that between its beginning and its end", () => {
  const began = "2026-01-10T12:00:00.000000+00:00";
  const turns = turnsOf(
    [
      course("ended", began, "2026-01-10T12:00:01.500000+00:00"),
      course("going", began, null),
      course("due", null, null),
    ],
    undefined,
  );
  expect([...turns.values()].map(({ seconds }) => seconds)).toEqual([1.5, undefined, undefined]);
  expect(turns.get("going")?.start).toBe(Date.parse(began));
});

test("what a run used is put to it", () => {
  const told = { by_run: { one: usage } } as unknown as ThreadUsage;
  expect(turnsOf([course("one", null, null)], told).get("one")?.usage).toBe(usage);
});
