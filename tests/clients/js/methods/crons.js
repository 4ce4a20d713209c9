// Exercises for `client.crons`. What they make comes due once a year, and is deleted.
import assert from "node:assert/strict";
import { made as madeThread } from "./threads.js";

const YEARLY = "0 0 1 1 *";

async function keeping(client, asked, use) {
  const { threadId, ...payload } = { schedule: YEARLY, input: {}, ...asked };
  const cron = await (threadId
    ? client.crons.createForThread(threadId, "steps", payload)
    : client.crons.create("steps", payload));
  try {
    await use(cron);
  } finally {
    await client.crons.delete(cron.cron_id);
  }
}

export default {
  create: (client) =>
    keeping(client, { onRunCompleted: "keep", enabled: false }, (cron) => {
      assert.deepEqual([cron.schedule, cron.enabled, cron.on_run_completed], [YEARLY, false, "keep"]);
    }),
  async createForThread(client) {
    const threadId = await madeThread(client);
    await keeping(client, { threadId }, (cron) => assert.equal(cron.thread_id, threadId));
  },
  update: (client) =>
    keeping(client, {}, async ({ cron_id }) => {
      const changed = await client.crons.update(cron_id, { schedule: "0 0 2 1 *", enabled: false });
      assert.deepEqual([changed.schedule, changed.enabled], ["0 0 2 1 *", false]);
    }),
  async delete(client) {
    let deleted;
    await keeping(client, {}, (cron) => (deleted = cron.cron_id));
    await assert.rejects(client.crons.delete(deleted), { status: 404 });
  },
  async search(client) {
    const threadId = await madeThread(client);
    await keeping(client, { threadId }, async ({ cron_id }) => {
      const query = { threadId, enabled: true, sortBy: "created_at", sortOrder: "desc", select: ["cron_id"] };
      assert.deepEqual(await client.crons.search(query), [{ cron_id }]);
    });
  },
  async count(client) {
    const threadId = await madeThread(client);
    await keeping(client, { threadId }, async () => assert.equal(await client.crons.count({ threadId }), 1));
  },
};
