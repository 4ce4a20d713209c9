import { expect, test } from "vitest";
import { readMessages } from "@/lib/messages";
import { TELLING, tellingOf } from "./told";

const said = (...ids: string[]) =>
  readMessages(ids.map((id) => ({ id, type: id.startsWith("human") ? "human" : "ai", content: id })));
const ids = (messages: readonly { id: string }[]) => messages.map((message) => message.id);

test("while a run goes on, all is shown; at rest, what the state has kept", () => {
  const told = said("human", "plan", "answer");
  expect(tellingOf(told, undefined, TELLING).messages).toBe(told);
  expect(ids(tellingOf(told, said("human", "answer"), TELLING).messages)).toEqual(["human", "answer"]);
});

test("what was not kept stays away in the next run", () => {
  const rested = tellingOf(said("human", "plan", "answer"), said("human", "answer"), TELLING);
  const next = tellingOf(said("human", "plan", "answer", "human-2", "plan-2"), undefined, rested);
  expect(ids(next.messages)).toEqual(["human", "answer", "human-2", "plan-2"]);
});

test("what a person has just said is never put away", () => {
  const rested = tellingOf(said("human", "answer", "human-2"), said("human", "answer"), TELLING);
  expect(ids(tellingOf(said("human", "answer", "human-2"), undefined, rested).messages)).toContain("human-2");
});
