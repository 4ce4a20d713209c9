// A walk through a runs server with the JavaScript SDK: node chat.mjs [base URL].

import { isDeepStrictEqual } from "node:util";

import { Client } from "@langchain/langgraph-sdk";

// Long enough that a run is still talking when we cancel it, even at a few milliseconds a word.
const LONG = Array.from({ length: 400 }, (_, number) => `word${number}`).join(" ");

const client = new Client({ apiUrl: process.argv[2] ?? "http://127.0.0.1:8123" });

/** Print one expectation; end the program if it did not hold. */
function check(what, held) {
  console.log(`   ${held ? "ok" : "FAILED"}: ${what}`);
  if (!held) process.exit(1);
}

/** An input with one human message. */
const say = (text) => ({ messages: [{ role: "user", content: text }] });

/** The text of every message in a state. */
const texts = (values) => values.messages.map((message) => message.content);

/** Run `echo` and print its tokens as they arrive. */
async function streamTokens(threadId, text) {
  let answer = "";
  process.stdout.write(`   you: ${text}\n   echo: `);
  const stream = client.runs.stream(threadId, "echo", { input: say(text), streamMode: "messages-tuple" });
  for await (const { event, data } of stream) {
    if (event !== "messages") continue;
    const token = data[0].content;
    process.stdout.write(token);
    answer += token;
  }
  process.stdout.write("\n");
  return answer;
}

/** Run `approval` to its interrupt, then resume it with an edit. */
async function approve() {
  const { thread_id: threadId } = await client.threads.create();
  await client.runs.wait(threadId, "approval", { input: say("The party starts at eight.") });
  const state = await client.threads.getState(threadId);
  const asked = state.tasks[0].interrupts[0].value;
  console.log(`   ${asked.question} ${JSON.stringify(asked.action.args.text)}`);
  check("the thread waits for a decision", (await client.threads.get(threadId)).status === "interrupted");
  const edit = { type: "edit", text: "The party starts at nine." };
  const values = await client.runs.wait(threadId, "approval", { command: { resume: edit } });
  const told = texts(values).at(-1);
  console.log(`   ${JSON.stringify(told)}`);
  check("the edited text was sent", told === "Email sent:\n\nThe party starts at nine.");
}

/** Go back to the end of turn 1 and take another turn from there. */
async function fork(threadId) {
  const history = await client.threads.getHistory(threadId, { limit: 100 });
  const first = history.find((state) => state.next.length === 0 && texts(state.values).length === 2);
  const checkpointId = first.checkpoint.checkpoint_id;
  console.log(`   ${history.length} checkpoints; back to ${checkpointId}`);
  const values = await client.runs.wait(threadId, "echo", { input: say("other way"), checkpointId });
  check("turn 1 stayed", isDeepStrictEqual(texts(values).slice(0, 2), ["first turn", "You said: first turn"]));
  check("the new turn follows it", isDeepStrictEqual(texts(values).slice(2), ["other way", "You said: other way"]));
  const current = await client.threads.getState(threadId);
  check("the old second turn is gone from the state", isDeepStrictEqual(texts(current.values), texts(values)));
}

/** Start a long run in the background and return once it has streamed its first token. */
async function startLong(threadId) {
  const run = await client.runs.create(threadId, "echo", { input: say(LONG), streamMode: "messages-tuple" });
  const stream = client.runs.joinStream(threadId, run.run_id, { streamMode: "messages-tuple" });
  for await (const { event } of stream) {
    if (event === "messages") return run.run_id;
  }
  throw new Error("the run ended before it streamed a token");
}

/** Stop a run half way; what it wrote so far stays. */
async function cancel(threadId) {
  const runId = await startLong(threadId);
  await client.runs.cancel(threadId, runId, true);
  const { status } = await client.runs.get(threadId, runId);
  check("the cancelled run is interrupted", status === "interrupted");
}

/** State values, current checkpoint id, and every checkpoint id of the history. */
async function snapshot(threadId) {
  const state = await client.threads.getState(threadId);
  const history = await client.threads.getHistory(threadId, { limit: 1000 });
  return {
    state: { values: state.values, checkpointId: state.checkpoint.checkpoint_id },
    ids: history.map((past) => past.checkpoint.checkpoint_id),
  };
}

/** Cancel a run so that it never happened. */
async function rollback(threadId) {
  const before = await snapshot(threadId);
  const runId = await startLong(threadId);
  await client.runs.cancel(threadId, runId, true, "rollback");
  const after = await snapshot(threadId);
  check("the state is what it was", isDeepStrictEqual(after.state, before.state));
  check(`the history is what it was (${before.ids.length} checkpoints)`, isDeepStrictEqual(after.ids, before.ids));
  const gone = await client.runs.get(threadId, runId).then(
    () => false,
    (error) => error.status === 404,
  );
  check("the run is gone", gone);
}

/** Show what ran on the thread. */
async function listRuns(threadId) {
  const runs = await client.runs.list(threadId);
  for (const run of runs) console.log(`   ${run.created_at}  ${run.run_id}  ${run.status}`);
  const statuses = runs.map((run) => run.status).sort();
  const expected = ["interrupted", "success", "success", "success"];
  check("three runs succeeded, one was interrupted", isDeepStrictEqual(statuses, expected));
}

const { thread_id: threadId } = await client.threads.create();
console.log(`1. stream tokens on thread ${threadId}`);
for (const text of ["first turn", "second turn"]) {
  check("all tokens arrived", (await streamTokens(threadId, text)) === `You said: ${text}`);
}
console.log("2. ask a person before sending");
await approve();
console.log("3. fork from an earlier checkpoint");
await fork(threadId);
console.log("4. cancel a run half way");
await cancel(threadId);
console.log("5. roll a run back");
await rollback(threadId);
console.log("6. list the thread's runs");
await listRuns(threadId);
console.log("All checks held.");
