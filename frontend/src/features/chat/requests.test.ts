import { expect, test } from "vitest";
import { type Decision, type Request, readRequest } from "./requests";

const asks = (request: Request) => (request.kind === "asks" ? request.asks : []);
const answer = (request: Request, ...decisions: Decision[]) =>
  request.kind === "asks" && request.answer(decisions);

const inbox = {
  action_request: { action: "send", args: { to: "Ann" } },
  config: { allow_accept: true, allow_edit: true, allow_respond: false, allow_ignore: true },
  description: "Look at it",
};

test("an action_request allows what its config allows", () => {
  const expected = {
    name: "send",
    args: { to: "Ann" },
    description: "Look at it",
    choices: ["approve", "edit", "ignore"],
  };
  expect(asks(readRequest(inbox))).toEqual([expected]);
  expect(asks(readRequest([inbox, inbox]))).toHaveLength(2);
});

test("it is answered with a list, in its own words", () => {
  const request = readRequest([inbox]);
  expect(answer(request, { choice: "approve" })).toEqual([{ type: "accept", args: null }]);
  expect(answer(request, { choice: "ignore" })).toEqual([{ type: "ignore", args: null }]);
  expect(answer(request, { choice: "respond", text: "Why?" })).toEqual([{ type: "response", args: "Why?" }]);
  const edited = { type: "edit", args: { action: "send", args: { to: "Bob" } } };
  expect(answer(request, { choice: "edit", args: { to: "Bob" } })).toEqual([edited]);
});

const reviews = {
  action_requests: [
    { name: "send", args: { to: "Ann" } },
    { name: "drop", args: {} },
  ],
  review_configs: [
    { action_name: "drop", allowed_decisions: ["reject"] },
    { action_name: "send", allowed_decisions: ["approve", "edit"] },
  ],
};

test("action_requests allow what is configured for their names", () => {
  expect(asks(readRequest(reviews)).map((ask) => ask.choices)).toEqual([["approve", "edit"], ["reject"]]);
});

test("they are answered with one decision each", () => {
  const told = answer(
    readRequest(reviews),
    { choice: "edit", args: { to: "Bob" } },
    { choice: "reject", text: "No" },
  );
  const edited = { type: "edit", edited_action: { name: "send", args: { to: "Bob" } } };
  expect(told).toEqual({ decisions: [edited, { type: "reject", message: "No" }] });
});

test("anything else is shown with its question and its words", () => {
  expect(readRequest("Who?")).toEqual({ kind: "other", question: "Who?", words: [] });
  const request = readRequest({ question: "Send?", allowed: ["accept", "reject"] });
  expect(request).toEqual({ kind: "other", question: "Send?", words: ["accept", "reject"] });
  expect(readRequest([])).toEqual({ kind: "other", question: undefined, words: [] });
});
