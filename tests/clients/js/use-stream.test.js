// The hook `useStream` of `@langchain/langgraph-sdk/react`, as it is, in both versions.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { clients, until } from "./gateway.js";
import { LONG, LONGER, begun, idle, mounted, never, repeats, runsOf } from "./looking.js";
import { hooks, kept, open } from "./page.js";

const human = (content) => ({ type: "human", content, id: crypto.randomUUID() });
const says = (content) => ({ messages: [human(content)] });
/** Shown at once, before the server knows of it. */
const optimistic = (message) => ({
  optimisticValues: (values) => ({ ...values, messages: [...(values.messages ?? []), message] }),
});

for (const [version, useStream] of Object.entries(hooks)) {
  const client = clients[version]();
  const { lastRun, ended } = runsOf(client);
  const pages = [];
  const chat = (options) => {
    const page = open(useStream, { assistantId: "echo", ...options });
    pages.push(page);
    return page;
  };
  const newThread = async () => (await client.threads.create()).thread_id;

  describe(`useStream of ${version}`, { timeout: 300_000 }, () => {
    after(() => pages.forEach((page) => page.close()));

    test("a submitted message makes a thread, and its answer is shown token by token", async () => {
      const page = chat();
      await mounted(page);
      const words = LONG.slice(0, 100);
      page.stream.submit(says(words));
      await until(() => page.texts().at(-1) === `You said: ${words}`);
      await idle(page);
      const answers = new Set(page.frames.filter((frame) => frame.length === 2).map(([, answer]) => answer));
      assert.ok(answers.size > 3, `The answer was seen in ${answers.size} states`);
      assert.equal((await client.threads.get(page.threadId)).values.messages.length, 2);
      never(page, repeats);
      assert.deepEqual(page.errors, []);
    });

    test("an optimistic message is shown at once, and never twice", async () => {
      const page = chat();
      await mounted(page);
      for (const words of ["first", "second"]) {
        const message = human(words);
        page.stream.submit({ messages: [message] }, optimistic(message));
        await until(() => page.texts().at(-1) === `You said: ${words}`);
        await idle(page);
      }
      assert.deepEqual(page.texts(), ["first", "You said: first", "second", "You said: second"]);
      never(page, repeats);
      const shown = page.frames.findIndex((frame) => frame.at(-1) === "human: first");
      const answered = page.frames.findIndex((frame) => frame.some((line) => line.startsWith("ai: You")));
      assert.ok(shown >= 0 && shown < answered);
    });

    for (const fetchStateHistory of [false, true])
      test(`an interrupt is shown and answered (history: ${fetchStateHistory})`, async () => {
        const page = chat({ assistantId: "approval", fetchStateHistory });
        await mounted(page);
        page.stream.submit(says("Come at noon"));
        const interrupt = await until(() => !page.stream.isLoading && page.stream.interrupt);
        assert.equal(interrupt.value.question, "Send this email?");
        page.stream.submit(undefined, { command: { resume: { type: "accept" } } });
        await begun(page, "Email sent:");
        await idle(page);
        assert.equal(page.stream.interrupt, undefined);
        assert.equal(page.texts().length, 3);
        never(page, repeats);
      });

    for (const reconnectOnMount of [false, true])
      test(`stop ends the run on the server as well (reconnectOnMount: ${reconnectOnMount})`, async () => {
        const threadId = await newThread();
        const page = chat({ threadId, reconnectOnMount });
        await mounted(page);
        page.stream.submit(says(LONGER));
        await begun(page);
        page.stream.stop();
        await idle(page);
        await ended(threadId, "interrupted");
        assert.deepEqual(page.errors, []);
        assert.equal(kept.getItem(`lg:stream:${threadId}`), null);
      });

    test("a page that is loaded again while the run goes on shows all of it, and no token twice", async () => {
      const threadId = await newThread();
      const before = chat({ threadId, reconnectOnMount: true });
      await mounted(before);
      before.stream.submit(says(LONGER));
      await begun(before);
      before.close();
      assert.equal((await lastRun(threadId)).status, "running");

      const page = chat({ threadId, reconnectOnMount: true });
      await until(() => page.texts().at(-1) === `You said: ${LONGER}`);
      await idle(page);
      never(page, (frame) => frame.some((line) => line.startsWith("ai: ") && !`ai: You said: ${LONGER}`.startsWith(line)));
      assert.deepEqual(page.texts(), [LONGER, `You said: ${LONGER}`]);
      assert.equal((await lastRun(threadId)).status, "success");
      assert.equal(kept.getItem(`lg:stream:${threadId}`), null);
    });

    test("a page that is loaded again after the end of the run shows its result", async () => {
      const threadId = await newThread();
      const before = chat({ threadId, reconnectOnMount: true });
      await mounted(before);
      before.stream.submit(says(LONG));
      await begun(before);
      before.close();
      await ended(threadId, "success");
      assert.ok(kept.getItem(`lg:stream:${threadId}`));

      const page = chat({ threadId, reconnectOnMount: true });
      await until(() => kept.getItem(`lg:stream:${threadId}`) === null);
      await idle(page);
      assert.deepEqual(page.texts(), [LONG, `You said: ${LONG}`]);
      assert.deepEqual(page.errors, []);
      never(page, repeats);
    });

    test("an earlier message can be said otherwise, and both branches be seen", async () => {
      const page = chat({ fetchStateHistory: true });
      await mounted(page);
      page.stream.submit(says("apples"));
      await until(() => page.texts().at(-1) === "You said: apples" && !page.stream.isLoading);
      const seen = await until(() => page.stream.getMessagesMetadata(page.stream.messages[0])?.firstSeenState);
      page.stream.submit(says("pears"), { checkpoint: seen.parent_checkpoint });
      await until(() => page.texts().at(-1) === "You said: pears" && !page.stream.isLoading);
      assert.deepEqual(page.texts(), ["pears", "You said: pears"]);

      const { branchOptions, branch } = page.stream.getMessagesMetadata(page.stream.messages[0]);
      assert.equal(branchOptions.length, 2);
      page.stream.setBranch(branchOptions.find((other) => other !== branch));
      await until(() => page.texts().at(-1) === "You said: apples");
      assert.deepEqual(page.texts(), ["apples", "You said: apples"]);
    });

    test("the error of a run is shown by name and message", async () => {
      const page = chat({ assistantId: "approval" });
      await mounted(page);
      page.stream.submit(says("Come at noon"), { config: { recursion_limit: 1 } });
      const error = await until(() => page.stream.error);
      assert.equal(error.name, "GraphRecursionError");
      assert.match(error.message, /Recursion limit of 1/);
      assert.equal((await lastRun(page.threadId)).status, "error");
    });
  });
}
