// The hook `useStream` of `@langchain/react`, as it is, which speaks the agent streaming protocol, by both transports.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { useStream } from "@langchain/react";
import { clients, until } from "./gateway.js";
import { LONG, LONGER, begun, idle, mounted, never, repeats, runsOf } from "./looking.js";
import { open } from "./page.js";

const says = (content) => ({ messages: [{ type: "human", content, id: crypto.randomUUID() }] });
const client = clients["1.15.0"]();
const { lastRun, ended } = runsOf(client);

for (const transport of ["sse", "websocket"]) {
  const pages = [];
  const chat = (options) => {
    const page = open(useStream, { assistantId: "echo", transport, ...options });
    pages.push(page);
    return page;
  };
  const said = (page, ...texts) => until(() => isDeepStrictEqual(page.texts(), texts));
  const asked = (page) => until(() => !page.stream.isLoading && page.stream.interrupts.length > 0);

  describe(`useStream of @langchain/react over ${transport}`, { timeout: 300_000 }, () => {
    after(() => pages.forEach((page) => page.close()));

    test("a submitted message makes a thread, and its answer is shown token by token", async () => {
      const page = chat();
      await mounted(page);
      await page.stream.submit(says(LONG));
      await idle(page);
      assert.deepEqual(page.texts(), [LONG, `You said: ${LONG}`]);
      const answers = new Set(page.frames.filter((frame) => frame.length === 2).map(([, answer]) => answer));
      assert.ok(answers.size > 3, `The answer was seen in ${answers.size} states`);
      never(page, repeats);
      assert.equal(page.stream.error, undefined);
      assert.equal((await client.threads.get(page.threadId)).values.messages.length, 2);
    });

    test("a conversation goes on, each message shown once", async () => {
      const page = chat();
      await mounted(page);
      for (const words of ["first", "second", "third"]) {
        await page.stream.submit(says(words));
        await until(() => page.texts().at(-1) === `You said: ${words}`);
        await idle(page);
      }
      assert.equal(page.texts().length, 6);
      never(page, repeats);
    });

    test("tool calls are shown with their results", async () => {
      const page = chat({ assistantId: "tools" });
      await mounted(page);
      await page.stream.submit(says("2 + 3"));
      await idle(page);
      const [call] = page.stream.toolCalls;
      assert.equal(call.name, "add");
      assert.deepEqual(call.input ?? call.args, { a: 2, b: 3 });
      assert.equal(call.status, "finished");
    });

    test("subgraphs are discovered", async () => {
      const page = chat({ assistantId: "research" });
      await mounted(page);
      await page.stream.submit(says("cats and dogs"));
      await idle(page);
      assert.ok(page.stream.values.summary);
      assert.equal(page.stream.error, undefined);
    });

    test("an interrupt is shown and answered", async () => {
      const page = chat({ assistantId: "approval" });
      await mounted(page);
      page.stream.submit(says("Come at noon"));
      await asked(page);
      assert.equal(page.stream.interrupt.value.question, "Send this email?");
      await page.stream.respond({ type: "accept" });
      await begun(page, "Email sent:");
      await idle(page);
      assert.deepEqual(page.stream.interrupts, []);
      assert.equal(page.texts().length, 3);
      never(page, repeats);
    });

    test("an interrupt of a subgraph is answered in its namespace", async () => {
      const page = chat({ assistantId: "family" });
      await mounted(page);
      page.stream.submit({ log: ["in"] });
      await until(() => page.stream.getThread()?.interrupts.length > 0);
      const [{ namespace, payload }] = page.stream.getThread().interrupts;
      assert.match(namespace[0], /^child:/);
      assert.deepEqual(payload, { question: "Shall we?" });
      await idle(page);
      await page.stream.respond("yes");
      await until(() => page.stream.values.log?.includes("acted"));
      await idle(page);
      assert.ok(page.stream.values.log.includes("answer: yes"));
    });

    test("several interrupts are answered at once", async () => {
      const page = chat({ assistantId: "asks_many" });
      await mounted(page);
      page.stream.submit({ log: [] });
      await until(() => !page.stream.isLoading && page.stream.interrupts.length === 2);
      const answers = page.stream.interrupts.map(({ id, value }) => [id, `re ${value}`]);
      await page.stream.respondAll(Object.fromEntries(answers));
      await until(() => !page.stream.isLoading && page.stream.interrupt?.value === "left, second");
      await page.stream.respond("re left, second");
      await until(() => page.stream.values.log?.length === 2);
      assert.deepEqual(page.stream.values.log.toSorted(), ["left: re left, first, re left, second", "right: re right"]);
    });

    test("the error of a run is shown", async () => {
      const page = chat({ assistantId: "approval" });
      await mounted(page);
      await page.stream.submit(says("Come at noon"), { config: { recursion_limit: 1 } });
      await until(() => page.stream.error);
      assert.match(String(page.stream.error), /Recursion limit of 1/);
      await idle(page);
    });

    test("stop ends the run on the server as well", async () => {
      const page = chat();
      await mounted(page);
      page.stream.submit(says(LONGER));
      await begun(page);
      await page.stream.stop();
      await idle(page);
      await ended(page.threadId, "interrupted");
    });

    test("an earlier message can be said otherwise", async () => {
      const page = chat();
      await mounted(page);
      await page.stream.submit(says("apples"));
      await idle(page);
      const history = await client.threads.getHistory(page.threadId);
      const before = history.find((state) => state.metadata.step === -1);
      await page.stream.submit(says("pears"), { forkFrom: before.checkpoint.checkpoint_id });
      await idle(page);
      await said(page, "pears", "You said: pears");
    });

    test("what is submitted meanwhile waits in the client's queue", async () => {
      const page = chat();
      await mounted(page);
      page.stream.submit(says("a b c d e"));
      await begun(page, "You said: a");
      page.stream.submit(says("later"), { multitaskStrategy: "enqueue" });
      await said(page, "a b c d e", "You said: a b c d e", "later", "You said: later");
      await idle(page);
      assert.equal((await client.runs.list(page.threadId)).length, 2);
    });

    test("a page that is loaded again while the run goes on shows all of it, and no token twice", async () => {
      const before = chat();
      await mounted(before);
      before.stream.submit(says(LONGER));
      await begun(before);
      before.close();
      assert.equal((await lastRun(before.threadId)).status, "running");
      const page = chat({ threadId: before.threadId });
      await until(() => page.texts().at(-1) === `You said: ${LONGER}`);
      await idle(page);
      assert.deepEqual(page.texts(), [LONGER, `You said: ${LONGER}`]);
      assert.equal((await lastRun(page.threadId)).status, "success");
    });

    test("a page that is loaded again after the end of the run shows its result, and goes on", async () => {
      const before = chat();
      await mounted(before);
      before.stream.submit(says("a b c"));
      await begun(before, "You said: a");
      before.close();
      await ended(before.threadId, "success");
      const page = chat({ threadId: before.threadId });
      await mounted(page);
      await said(page, "a b c", "You said: a b c");
      await page.stream.submit(says("more"));
      await idle(page);
      await said(page, "a b c", "You said: a b c", "more", "You said: more");
      never(page, repeats);
    });
  });
}
