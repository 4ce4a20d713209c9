// Nodes are killed or restarted behind a balancer while the playground streams: it finishes, and nobody does anything.
import assert from "node:assert/strict";
import { afterEach } from "node:test";
import { messagesOf, runsOf } from "../api.js";
import { BEGUN, byEachHook, words } from "../hooks.js";

/** Long enough for all nodes to be restarted meanwhile. */
const SAID = words(250);

/** What a browser says of connections that break. */
const BROKEN = /net::ERR_|status of 50[234]/;

async function order(what) {
  const done = await fetch(`${process.env.RUNLINE_ORDERS}/${what}`, { method: "POST" });
  assert.ok(done.ok, `The order ${what} was not carried out`);
}

byEachHook("faults", (chat) => {
  afterEach(() => order("heal"));

  for (const [fault, what] of [
    ["kill-worker", "the node that executes the run is killed"],
    ["kill-other", "the other node is killed"],
    ["roll", "all nodes are restarted, one after the other"],
  ])
    chat(`the answer is whole although ${what}`, "echo", async (page) => {
      await page.asks("first");
      await page.say(SAID);
      await page.answers.getByText(BEGUN).waitFor();
      await order(fault);
      await page.rests();
      await page.shows(`You said: ${SAID}`);
      assert.deepEqual(await page.texts(page.humans), ["first", SAID]);
      const answers = (await page.texts(page.answers)).map((text) => text.split("\n")[0]);
      assert.deepEqual(answers, ["You said: first", `You said: ${SAID}`]);
      assert.deepEqual(await messagesOf(page.threadId), ["first", "You said: first", SAID, `You said: ${SAID}`]);
      assert.deepEqual((await runsOf(page.threadId)).map((run) => run.status), ["success", "success"]);
      assert.equal(await page.page.getByRole("alert").count(), 0);
      await page.shoot(fault);
    }, BROKEN);
});
