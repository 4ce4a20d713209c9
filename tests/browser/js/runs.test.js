// Runs: how they end, fail, wait and are followed.
import assert from "node:assert/strict";
import { runElsewhere, runsOf, stateOf } from "./api.js";
import { BEGUN, LONG, byEachHook, words } from "./hooks.js";
import { Playground } from "./playground.js";

/** Long enough for a page to be loaded again meanwhile. */
const WHILE = words(300);

byEachHook("runs", (chat) => {
  chat("an error is shown in its own words, also when the page is loaded again", "failing", async (page) => {
    await page.asks("Go");
    await page.page.getByRole("alert").getByText("The engine is on fire").waitFor();
    await page.shoot("error");
    // the hook v2 hears once more how the run ended, and takes that for the end of what is said before it has heard it
    const told = page.hook === "v2" && page.page.waitForResponse(/stream\/events$/);
    await page.page.reload();
    await page.page.getByRole("alert").getByText("The engine is on fire").waitFor();
    await told;
    await page.asks("please");
    await page.shows("Since you ask.");
    assert.equal(await page.page.getByRole("alert").count(), 0);
  }, /The engine is on fire/);

  chat("stop ends the run and keeps what was said", "echo", async (page) => {
    await page.say(LONG);
    await page.answers.getByText(BEGUN).waitFor();
    await page.stopButton.click();
    await page.rests();
    assert.deepEqual((await runsOf(page.threadId)).map((run) => run.status), ["interrupted"]);
    assert.deepEqual(await page.texts(page.humans), [LONG]);
    assert.equal(await page.page.getByRole("alert").count(), 0);
    await page.asks("go on");
    await page.shows("You said: go on");
  });

  chat("a run that was stopped can go on", "echo", async (page) => {
    await page.say(WHILE);
    await page.answers.getByText(BEGUN).waitFor();
    await page.stopButton.click();
    await page.rests();
    await page.button("Go on").click();
    await page.shows(`You said: ${WHILE}`);
    await page.rests();
    assert.deepEqual((await runsOf(page.threadId)).map((run) => run.status), ["success", "interrupted"]);
    assert.deepEqual(await page.texts(page.humans), [WHILE]);
  });

  chat("stop and roll back leaves no trace, and gives back what was said", "echo", async (page) => {
    await page.asks("first");
    await page.shows("You said: first");
    const was = await stateOf(page.threadId);
    await page.say(LONG);
    await page.answers.getByText(BEGUN).waitFor();
    await page.shoot("running");
    await page.button("Stop and roll back").click();
    await page.drafts(LONG);
    await page.rests();
    assert.deepEqual((await stateOf(page.threadId)).checkpoint, was.checkpoint);
    assert.equal((await runsOf(page.threadId)).length, 1);
    assert.deepEqual(await page.texts(page.humans), ["first"]);
    await page.asks("second");
    await page.shows("You said: second");
  });

  chat("a page that is loaded again while a run goes on shows all of it", "echo", async (page) => {
    await page.say(WHILE);
    await page.answers.getByText(BEGUN).waitFor();
    await page.page.reload();
    await page.answers.getByText(BEGUN).waitFor();
    await page.stopButton.waitFor();
    await page.shows(`You said: ${WHILE}`);
    await page.rests();
    assert.deepEqual(await page.texts(page.humans), [WHILE]);
    assert.equal(await page.answers.count(), 1);
  });

  chat("a conversation is busy until it has been opened", "echo", async (page, context) => {
    await page.asks("first");
    let letRead;
    const read = new Promise((resolve) => {
      letRead = resolve;
    });
    await context.route(/\/threads\/[^/]+\/state$/, (route) => read.then(() => route.continue()));
    const other = await Playground.open(context, page.hook, { thread: page.threadId });
    await other.page.locator("[role=log][aria-busy=true]").waitFor();
    letRead();
    await other.rests();
    assert.deepEqual(await other.texts(other.humans), ["first"]);
  });

  chat("a second tab watches the run, and can stop it", "echo", async (page, context) => {
    await page.asks("first");
    const other = await Playground.open(context, page.hook, { thread: page.threadId });
    await other.shows("You said: first");
    await page.say(LONG);
    await other.answers.getByText(BEGUN).waitFor();
    await other.stopButton.click();
    await Promise.all([page.rests(), other.rests()]);
    assert.equal((await runsOf(page.threadId))[0].status, "interrupted");
  });

  chat("a run that was started and is over elsewhere is seen as well", "echo", async (page) => {
    await page.asks("first");
    await page.shows("You said: first");
    await runElsewhere(page.threadId, "echo", "from elsewhere");
    await page.shows("You said: from elsewhere");
    assert.deepEqual(await page.texts(page.humans), ["first", "from elsewhere"]);
  });

  chat("what is written while a run goes on waits its turn, or is taken back", "echo", async (page) => {
    await page.say(LONG);
    await page.answers.getByText(BEGUN).waitFor();
    await page.say("next");
    await page.page.getByRole("list", { name: "Queued messages" }).getByText("next").waitFor();
    await page.say("never");
    const item = page.page.getByRole("listitem").filter({ hasText: "never" });
    await page.shoot("queue");
    await item.getByRole("button").click();
    await item.waitFor({ state: "detached" });
    await page.stopButton.click();
    await page.shows("You said: next");
    await page.rests();
    assert.deepEqual(await page.texts(page.humans), [LONG, "next"]);
  });
});
