// Exercises for `client.runs`.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { collect, dataOf, log, names } from "../gateway.js";
import { made as madeThread } from "./threads.js";

const WORDS = ["one", "two", "three"];
const DONE = log("zero", ...WORDS);
const UPDATES = WORDS.map((word) => ({ [word]: log(word) }));

const made = async (client, threadId, asked) =>
  (await client.runs.create(threadId, "steps", { input: log("zero"), ...asked })).run_id;

async function long(client) {
  const threadId = await madeThread(client);
  return [threadId, (await client.runs.create(threadId, "counter", { input: { count: 2, pause: 60 } })).run_id];
}

async function ended(client, asked) {
  const threadId = await madeThread(client);
  const runId = await made(client, threadId, asked);
  await client.runs.join(threadId, runId);
  return [threadId, runId];
}

async function receive(told) {
  const chunks = [];
  for await (const chunk of told) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

export default {
  async create(client) {
    const threadId = await madeThread(client);
    const told = [];
    const onRunCreated = (run) => told.push(run);
    const run_id = await made(client, threadId, { multitaskStrategy: "reject", onRunCreated });
    assert.deepEqual(told, [{ run_id, thread_id: threadId }]);
    assert.deepEqual(await client.runs.join(threadId, run_id), DONE);
  },
  async "create(no thread)"(client) {
    const run = await client.runs.create(null, "steps", { input: log("zero") });
    assert.deepEqual(await client.runs.join(run.thread_id, run.run_id), DONE);
  },
  async "create(webhook)"(client) {
    const receiver = createServer().listen(0, "127.0.0.1");
    try {
      await once(receiver, "listening");
      const webhook = `http://127.0.0.1:${receiver.address().port}/hook`;
      // the run may have ended before its creation is heard of
      const called = once(receiver, "request");
      const runId = await made(client, await madeThread(client), { webhook });
      const [request, response] = await called;
      const told = await receive(request);
      response.end();
      assert.deepEqual([told.run_id, told.status, told.values], [runId, "success", DONE]);
    } finally {
      receiver.close();
    }
  },
  async createBatch(client) {
    const runs = await client.runs.createBatch(["a", "b"].map((word) => ({ assistantId: "steps", input: log(word) })));
    assert.equal(new Set(runs.map((run) => run.run_id)).size, 2);
  },
  async stream(client) {
    const streamMode = ["updates", "values"];
    const asked = { input: log("zero"), streamMode, onDisconnect: "cancel", streamResumable: true };
    const parts = await collect(client.runs.stream(await madeThread(client), "steps", asked));
    assert.deepEqual(names(parts).slice(0, 2), ["metadata", "values"]);
    assert.deepEqual(dataOf(parts, "updates"), UPDATES);
    assert.deepEqual(dataOf(parts, "values").at(-1), DONE);
  },
  async "stream(no thread)"(client) {
    const asked = { input: { messages: [] }, streamMode: "messages-tuple" };
    const parts = await collect(client.runs.stream(null, "chat", asked));
    assert.equal(dataOf(parts, "messages").map(([message]) => message.content).join(""), "HelloBye");
  },
  async wait(client) {
    assert.deepEqual(await client.runs.wait(await madeThread(client), "steps", { input: log("zero") }), DONE);
  },
  async "wait(command)"(client) {
    const threadId = await madeThread(client);
    const asked = await client.runs.wait(threadId, "asks", { input: log() });
    assert.deepEqual(asked.__interrupt__[0].value, { question: "Shall we?" });
    const answered = await client.runs.wait(threadId, "asks", { command: { resume: "yes" } });
    assert.deepEqual(answered, log("prepared", "answer: yes", "acted"));
  },
  async "wait(raiseError)"(client) {
    const asked = { input: log(), context: { fail: "ValueError" } };
    await assert.rejects(client.runs.wait(null, "steps", asked), /ValueError: kaboom/);
    const told = await client.runs.wait(null, "steps", { ...asked, raiseError: false });
    assert.deepEqual(told.__error__, { error: "ValueError", message: "kaboom" });
  },
  async list(client) {
    const [threadId, run_id] = await ended(client);
    const found = await client.runs.list(threadId, { status: "success", select: ["run_id", "status"] });
    assert.deepEqual(found, [{ run_id, status: "success" }]);
  },
  async get(client) {
    const run = await client.runs.get(...(await ended(client, { metadata: { a: 1 } })));
    assert.deepEqual([run.status, run.metadata.a], ["success", 1]);
  },
  async cancel(client) {
    const [threadId, runId] = await long(client);
    await client.runs.cancel(threadId, runId, true);
    assert.equal((await client.runs.get(threadId, runId)).status, "interrupted");
  },
  async "cancel(rollback)"(client) {
    const [threadId, runId] = await long(client);
    await client.runs.cancel(threadId, runId, true, "rollback");
    await assert.rejects(client.runs.get(threadId, runId), { status: 404 });
  },
  async cancelMany(client) {
    const [threadId, runId] = await long(client);
    await client.runs.cancelMany({ threadId, runIds: [runId] });
    await client.runs.join(threadId, runId);
    assert.equal((await client.runs.get(threadId, runId)).status, "interrupted");
  },
  async join(client) {
    const threadId = await madeThread(client);
    assert.deepEqual(await client.runs.join(threadId, await made(client, threadId)), DONE);
  },
  async joinStream(client) {
    const streamMode = ["values", "updates"];
    const run = await ended(client, { streamMode, streamResumable: true });
    const parts = await collect(client.runs.joinStream(...run, { streamMode, lastEventId: "-1" }));
    assert.deepEqual(dataOf(parts, "updates"), UPDATES);
    assert.deepEqual(dataOf(parts, "values").at(-1), DONE);
  },
  async delete(client) {
    const [threadId, runId] = await ended(client);
    await client.runs.delete(threadId, runId);
    assert.deepEqual(await client.runs.list(threadId), []);
  },
};
