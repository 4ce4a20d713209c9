// Exercises for `client.threads`.
import assert from "node:assert/strict";
import { first, log, names } from "../gateway.js";

export const made = async (client, asked) => (await client.threads.create(asked)).thread_id;

async function used(client) {
  const threadId = await made(client);
  await client.runs.wait(threadId, "steps", { input: log("zero") });
  return threadId;
}

const DONE = log("zero", "one", "two", "three");

export default {
  async create(client) {
    const asked = { threadId: crypto.randomUUID(), metadata: { a: 1 }, graphId: "steps", ifExists: "do_nothing" };
    await client.threads.create(asked);
    const thread = await client.threads.create(asked);
    assert.deepEqual([thread.thread_id, thread.status], [asked.threadId, "idle"]);
    assert.deepEqual(thread.metadata, { a: 1, graph_id: "steps" });
  },
  async "create(ttl)"(client) {
    await made(client, { ttl: 5 });
  },
  async "create(supersteps)"(client) {
    const updates = [{ values: log("a"), asNode: "__start__" }];
    const then = [{ values: log("b"), asNode: "one" }];
    const threadId = await made(client, { graphId: "steps", supersteps: [{ updates }, { updates: then }] });
    assert.deepEqual((await client.threads.getState(threadId)).values, log("a", "b"));
  },
  async get(client) {
    const thread = await client.threads.get(await used(client));
    assert.deepEqual([thread.status, thread.values], ["idle", DONE]);
  },
  async copy(client) {
    const copied = await client.threads.copy(await used(client));
    assert.deepEqual((await client.threads.getState(copied.thread_id)).values, DONE);
  },
  async update(client) {
    const threadId = await made(client, { metadata: { a: 1 } });
    const thread = await client.threads.update(threadId, { metadata: { b: 2 } });
    assert.deepEqual(thread.metadata, { a: 1, b: 2 });
  },
  async "update(ttl)"(client) {
    await client.threads.update(await made(client), { ttl: 7 });
  },
  async delete(client) {
    const threadId = await used(client);
    await client.threads.delete(threadId);
    await assert.rejects(client.threads.get(threadId), { status: 404 });
  },
  async prune(client) {
    const threadId = await used(client);
    assert.deepEqual(await client.threads.prune([threadId], { strategy: "keep_latest" }), { pruned_count: 1 });
    assert.equal((await client.threads.getHistory(threadId)).length, 1);
  },
  async search(client) {
    const ids = [await made(client), await made(client)];
    const found = await client.threads.search({ ids, sortBy: "created_at", sortOrder: "asc", select: ["thread_id"] });
    assert.deepEqual(found, ids.map((thread_id) => ({ thread_id })));
  },
  async "search(extract)"(client) {
    const query = { ids: [await used(client)], extract: { last: "values.log[-1]" } };
    const [found] = await client.threads.search(query);
    assert.deepEqual(found.extracted, { last: "three" });
  },
  async count(client) {
    const metadata = { count: crypto.randomUUID() };
    await made(client, { metadata });
    assert.equal(await client.threads.count({ metadata, status: "idle" }), 1);
  },
  async getState(client) {
    const threadId = await used(client);
    const state = await client.threads.getState(threadId, undefined, { subgraphs: true });
    assert.deepEqual(state.values, DONE);
    const parent = await client.threads.getState(threadId, state.parent_checkpoint);
    assert.deepEqual(parent.next, ["three"]);
    assert.deepEqual(await client.threads.getState(threadId, state.parent_checkpoint.checkpoint_id), parent);
  },
  async updateState(client) {
    const threadId = await used(client);
    await client.threads.updateState(threadId, { values: log("by hand"), asNode: "one" });
    const state = await client.threads.getState(threadId);
    assert.deepEqual([state.values.log.at(-1), state.next], ["by hand", ["two"]]);
  },
  /** The SDKs have kept it; no server has the route, the official one neither (405, as here). */
  async patchState(client) {
    await assert.rejects(client.threads.patchState(await used(client), { by: "hand" }), { status: 405 });
  },
  async getHistory(client) {
    const threadId = await used(client);
    const newest = await client.threads.getHistory(threadId, { limit: 2, metadata: { source: "loop" } });
    assert.deepEqual(newest.map((state) => state.next), [[], ["three"]]);
    const before = { configurable: newest[1].checkpoint };
    const [earlier] = await client.threads.getHistory(threadId, { limit: 1, before });
    assert.deepEqual(earlier.next, ["two"]);
  },
  async joinStream(client) {
    const threadId = await used(client);
    const asked = { lastEventId: "-", streamMode: ["run_modes"] };
    const parts = await first(6, (signal) => client.threads.joinStream(threadId, { ...asked, signal }));
    assert.deepEqual(names(parts), ["metadata", "values", "values", "values", "values", "metadata"]);
    assert.deepEqual(parts[1].data, log("zero"));
  },
  async stream(client) {
    const thread = client.threads.stream({ assistantId: "steps", maxReconnectAttempts: 0 });
    try {
      await thread.submitRun({ input: {} });
      assert.deepEqual(await thread.output, log("one", "two", "three"));
    } finally {
      await thread.close();
    }
  },
};
