import { expect, test } from "vitest";
import type { State } from "./state";
import { byRun, stepsOf } from "./steps";

interface Sketch {
  id: string;
  parent?: string;
  source?: string;
  run?: string;
  due?: string[];
  values?: unknown;
  second?: number;
}

const state = ({
  id,
  parent,
  source = "loop",
  run = "first",
  due = [],
  values = {},
  second = 0,
}: Sketch): State => ({
  checkpoint: { checkpoint_id: id },
  parent_checkpoint: parent ? { checkpoint_id: parent } : null,
  values,
  next: due,
  tasks: due.map((name, place) => ({ id: `${id}-${place}`, name, error: null, interrupts: [] })),
  metadata: { run_id: run, source, step: 1 },
  created_at: new Date(second * 1000).toISOString(),
});

/** Newest first: a question, a plan, and two researchers side by side. */
const states = [
  state({ id: "4", parent: "3", values: { plan: 1, found: [1, 2] }, second: 4 }),
  state({ id: "3", parent: "2", due: ["research", "research"], values: { plan: 1 }, second: 1.5 }),
  state({ id: "2", parent: "1", due: ["plan"], values: { asked: 1 }, second: 1 }),
  state({ id: "1", source: "input", due: ["__start__"], second: 1 }),
];
const read = (list: readonly State[], at?: string) => stepsOf(list, { at, startOf: () => 0 });

test("a step names what was at work, and how long", () => {
  expect(read(states).map(({ nodes, seconds }) => [nodes, seconds])).toEqual([
    [["research ×2"], 2.5],
    [["plan"], 0.5],
    [["input"], undefined],
  ]);
});

test("a step tells what it changed, unless the state before it has not been read", () => {
  const keys = (list: readonly State[]) => read(list).map(({ changes }) => changes?.map(({ key }) => key));
  expect(keys(states)).toEqual([["found"], ["plan", "asked"], ["asked"]]);
  expect(keys(states.slice(0, 2))).toEqual([["found"], undefined]);
});

test("an input whose first step is not done is a step", () => {
  expect(read(states.slice(3)).map(({ nodes }) => nodes)).toEqual([["input"]]);
});

test("a run that goes on where another stopped is measured from its own beginning", () => {
  const resumed = state({ id: "5", parent: "4", run: "second", second: 100 });
  const [step] = stepsOf([resumed, ...states], { at: undefined, startOf: () => 97_000 });
  expect(step?.seconds).toBe(3);
  expect(
    stepsOf([resumed, ...states], { at: undefined, startOf: () => undefined })[0]?.seconds,
  ).toBeUndefined();
});

test("a fork is marked where it begins, and what is not behind the shown state is aside", () => {
  const forked = [
    state({ id: "7", parent: "6", run: "second" }),
    state({ id: "6", parent: "5", run: "second" }),
    state({ id: "5", parent: "2", run: "second", source: "input" }),
    ...states,
  ];
  const marked = (mark: "isFork" | "isAside", at?: string) =>
    read(forked, at).flatMap((step) => (step[mark] ? [step.id] : []));
  expect(marked("isFork")).toEqual(["6"]);
  expect(marked("isAside")).toEqual(["4", "3"]);
  expect(marked("isAside", "3")).toEqual(["7", "6", "4"]);
  expect(marked("isAside", "unknown")).toEqual(["4", "3"]);
});

test("a run that leaves an older state without an input has no step for leaving it", () => {
  const again = [
    state({ id: "6", parent: "5", run: "second", values: { plan: 2 }, second: 9 }),
    state({ id: "5", parent: "2", run: "second", source: "fork", due: ["plan"], second: 7 }),
    ...states,
  ];
  const [step] = read(again);
  expect([step?.nodes, step?.seconds, step?.isFork]).toEqual([["plan"], 2, true]);
  expect(read(again).map(({ id }) => id)).toEqual(["6", "4", "3", "2"]);
});

test("steps are put together by run", () => {
  const all = [state({ id: "5", parent: "4", run: "second" }), ...states];
  expect(byRun(read(all)).map(({ runId, steps }) => [runId, steps.length])).toEqual([
    ["second", 1],
    ["first", 3],
  ]);
});
