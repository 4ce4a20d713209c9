// The React hooks, as they are, behind a balancer: nodes are killed or restarted while they stream.
import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";
import { useStream } from "@langchain/react";
import { clients, until } from "./gateway.js";
import { hooks, open } from "./page.js";

/** Long enough for all nodes to be restarted meanwhile. */
const SAID = Array.from({ length: 200 }, (_, place) => `word${place}`).join(" ");
const ANSWER = `You said: ${SAID}`;
const PATIENCE = 60;
const client = clients["1.15.0"]();

async function order(what) {
  const done = await fetch(`${process.env.RUNLINE_ORDERS}/${what}`, { method: "POST" });
  assert.ok(done.ok, `The order ${what} was not carried out`);
}

const chats = {
  "1.15.0": [hooks["1.15.0"], {}],
  "1.15.0, which comes back,": [hooks["1.15.0"], { reconnectOnMount: true }],
  "2.0.0": [hooks["2.0.0"], {}],
  "2.0.0, which comes back,": [hooks["2.0.0"], { reconnectOnMount: true }],
  "@langchain/react over sse": [useStream, { transport: "sse" }],
  "@langchain/react over websocket": [useStream, { transport: "websocket" }],
};

describe("useStream", { timeout: 900_000 }, () => {
  const opened = [];
  after(() => opened.forEach((page) => page.close()));
  afterEach(() => order("heal"));

  for (const [hook, [useStream, options]] of Object.entries(chats))
    for (const fault of ["kill-worker", "kill-other", "roll"])
      test(`of ${hook} finishes by itself: ${fault}`, async () => {
        const page = open(useStream, { assistantId: "echo", maxRetries: 4, ...options });
        opened.push(page);
        await until(() => page.isMounted && !page.stream.isThreadLoading);
        page.stream.submit({ messages: [{ type: "human", content: SAID, id: crypto.randomUUID() }] });
        await until(() => page.texts().at(-1)?.startsWith("You said: word0 word1"));
        await order(fault);
        await until(() => !page.stream.isLoading, PATIENCE);
        await until(() => page.texts().at(-1) === ANSWER);
        assert.deepEqual(page.texts(), [SAID, ANSWER]);
        assert.deepEqual(page.frames.filter((frame) => frame.length > 2), [], "Half an answer beside the whole one");
        assert.deepEqual(page.errors, []);
        assert.equal(page.stream.error, undefined);
        assert.deepEqual((await client.runs.list(page.threadId)).map((run) => run.status), ["success"]);
      });
});
