import { expect, test } from "vitest";
import { readMessages } from "@/lib/messages";
import { forksOf, idOf, leavesOf, type Past, runsOf, stateBefore } from "./branches";

const human = (id: string) => ({ id, type: "human", content: id });
const ai = (id: string) => ({ id, type: "ai", content: id });
const state = (id: string, parent: string | null, messages: object[], run = "run"): Past => ({
  checkpoint: { checkpoint_id: id },
  parent_checkpoint: parent ? { checkpoint_id: parent } : null,
  values: { messages },
  next: [],
  metadata: { run_id: run },
});

/** `start` was gone on from twice: by apples, and later by pears. Newest first. */
const history = [
  state("5", "4", [human("pears"), ai("P")], "second"),
  state("4", "3", [human("pears")], "second"),
  state("3", "start", [], "second"),
  state("2", "1", [human("apples"), ai("A")], "first"),
  state("1", "start", [human("apples")], "first"),
  state("start", null, [], "first"),
];
const messagesAt = (states: readonly Past[], id: string) =>
  readMessages(states.find((past) => idOf(past) === id)?.values.messages);
const shownAt = (id: string) => messagesAt(history, id);

test("a message that was said otherwise has arrows to both branches, the older one first", () => {
  expect(forksOf(leavesOf(history), shownAt("5"))).toEqual(
    new Map([["pears", { leaves: ["2", "5"], shown: 1 }]]),
  );
  expect(forksOf(leavesOf(history), shownAt("2"))).toEqual(
    new Map([["apples", { leaves: ["2", "5"], shown: 0 }]]),
  );
});

test("a conversation that was never parted has no arrows", () => {
  expect(forksOf(leavesOf(history.slice(3)), shownAt("2"))).toEqual(new Map());
});

test("branches that part later do not part before", () => {
  const longer = [
    state("8", "2", [human("apples"), ai("A"), human("more")]),
    state("7", "2", [human("apples"), ai("A"), human("less")]),
    ...history.slice(3),
  ];
  expect([...forksOf(leavesOf(longer), messagesAt(longer, "8")).keys()]).toEqual(["more"]);
});

test("the state before a message is that of its own branch", () => {
  expect(stateBefore(history, "apples", "2")).toBe("start");
  expect(stateBefore(history, "pears")).toBe("3");
  expect(stateBefore(history.slice(0, 2), "pears")).toBeUndefined();
});

test("a message is of the run that said it first", () => {
  expect(runsOf(history).get("A")).toBe("first");
  expect(runsOf(history).get("pears")).toBe("second");
});
