// The playground in a browser, by both hooks, against a gateway with agents that need no model.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { messagesOf, runsOf, stateOf } from "./api.js";
import { inWindow, launch } from "./browser.js";
import { Playground } from "./playground.js";

const words = (count) => Array.from({ length: count }, (_, place) => `word${place}`).join(" ");
/** Half a minute to say. */
const LONG = words(1000);
/** Long enough for a page to be loaded again meanwhile. */
const WHILE = words(200);
/** Far enough in to be stopped, and long before the end. */
const BEGUN = /^You said: word0 word1/;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

for (const hook of ["classic", "v2"]) {
  const chat = (title, assistant, task, expected) =>
    test(title, () => {
      const open = async (context) => task(await Playground.open(context, hook, { assistant }), context);
      return inWindow(browser, {}, open, expected);
    });

  describe(`the playground by the hook ${hook}`, { timeout: 240_000 }, () => {
    chat("a message makes a thread, and its answer is written word by word", "echo", async (page) => {
      const seen = new Set();
      await page.page.exposeFunction("saw", (text) => seen.add(text));
      await page.page.evaluate(() =>
        new MutationObserver(() => window.saw(document.querySelector("[data-kind=ai]")?.innerText)).observe(document.body, {
          subtree: true,
          childList: true,
          characterData: true,
        }),
      );
      const said = `tell me ${words(40)}`;
      await page.asks(said);
      await page.shows(`You said: ${said}`);
      assert.ok(seen.size > 3, `The answer was seen in ${seen.size} states`);
      assert.deepEqual(await page.texts(page.humans), [said]);
      assert.deepEqual(await messagesOf(page.threadId), [said, `You said: ${said}`]);
      await page.page.getByRole("navigation", { name: "Recent threads" }).getByText("tell me").first().waitFor();
      await page.shoot("chat");
    });

    chat("each turn and the thread say what they have used", "echo", async (page) => {
      await page.asks("one two");
      await page.asks("three");
      await page.page.locator("[data-usage]").nth(1).waitFor();
      const [first, second] = (await page.texts(page.page.locator("[data-usage]"))).map((text) => Number.parseInt(text, 10));
      assert.ok(second > first, "The second turn has read the first one");
      await page.page.getByLabel("Tokens of this thread").getByText(`${first + second} tokens`).waitFor();
    });

    chat("calls of tools are shown with arguments and results", "tools", async (page) => {
      await page.asks("What is 2 + 3, and how is the weather in Rome?");
      await page.shows("The weather tool says");
      assert.deepEqual(await page.page.locator("[data-tool]").evaluateAll((all) => all.map((card) => card.dataset.tool)), ["add", "weather"]);
      await page.page.getByRole("button", { name: /^weather/ }).click();
      await page.log.getByText('"city": "Rome"').waitFor();
      await page.button("Copy the result").first().waitFor();
      await page.shoot("tools");
    });

    chat("a tool that fails says why", "clumsy", async (page) => {
      await page.asks("Drop it");
      await page.page.locator("[data-tool=drop][data-failed]").getByText("The piano is too heavy").first().waitFor();
      await page.shoot("tool-error");
    });

    chat("what a model thought is folded away", "thinking", async (page) => {
      await page.asks("What is it?");
      await page.shows("The answer is 42.");
      assert.equal(await page.log.getByText("Forty-two").isVisible(), false);
      await page.page.getByRole("button", { name: "Thought" }).click();
      await page.log.getByText("Forty-two, as ever.").waitFor();
    });

    chat("a payload of any form is shown as JSON, and answered with JSON", "approval", async (page) => {
      await page.asks("Lunch at noon?");
      await page.interrupt.getByText("Send this email?", { exact: true }).waitFor();
      await page.shoot("interrupt");
      await page.interrupt.getByRole("textbox").fill('{"type": "edit", "text": "Dinner instead."}');
      await page.button("Answer").click();
      await page.shows("Dinner instead.");
      await page.rests();
      assert.equal(await page.interrupt.count(), 0);
    });

    chat("words that a payload offers are buttons", "approval", async (page) => {
      await page.asks("Lunch at noon?");
      await page.interrupt.getByRole("button", { name: "reject" }).click();
      await page.shows("Email rejected; nothing was sent.");
    });

    chat("an action request is accepted, edited, or answered, with a list", "inbox", async (page) => {
      await page.asks("Go");
      await page.interrupt.getByText("Please look at this email.").waitFor();
      await page.button("Approve").click();
      await page.shows('Told: [{"type": "accept", "args": null}]');
      await page.rests();
      await page.asks("Again");
      await page.button("Edit").click();
      await page.shoot("edit");
      await page.interrupt.getByRole("textbox").fill('{"to": "Bob"}');
      await page.button("Edit with this").click();
      await page.shows('{"action": "send_email", "args": {"to": "Bob"}}');
    });

    chat("several actions are reviewed one by one, and decided together", "reviews", async (page) => {
      await page.asks("Go");
      await page.button("Approve").first().click();
      await page.button("Reject").last().click();
      await page.interrupt.getByRole("textbox").fill("Keep it");
      await page.button("Reject with this").click();
      await page.shoot("reviews");
      await page.button("Send 2 decisions").click();
      await page.shows('Told: {"decisions": [{"type": "approve"}, {"type": "reject", "message": "Keep it"}]}');
    });

    chat("two who ask at once are answered one after the other", "pair", async (page) => {
      await page.asks("Go");
      for (const side of ["Left", "Right"]) {
        const form = page.interrupt.filter({ hasText: `${side}?` });
        await form.getByRole("textbox").fill("yes");
        await form.getByRole("button", { name: "Answer" }).click();
        await form.waitFor({ state: "detached" });
      }
      await page.shows("Left: yes");
      await page.shows("Right: yes");
    });

    chat("a question from a subgraph is answered", "nested", async (page) => {
      await page.asks("Go");
      await page.interrupt.getByRole("textbox").fill("yes");
      await page.button("Answer").click();
      await page.shows("Left: yes");
    });

    chat("an error is shown in its own words, also when the page is loaded again", "failing", async (page) => {
      await page.asks("Go");
      await page.page.getByRole("alert").getByText("The engine is on fire").waitFor();
      await page.shoot("error");
      await page.page.reload();
      await page.page.getByRole("alert").getByText("The engine is on fire").waitFor();
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

    chat("stop and roll back leaves no trace, and gives back what was said", "echo", async (page) => {
      await page.asks("first");
      await page.shows("You said: first");
      const was = await stateOf(page.threadId);
      await page.say(LONG);
      await page.answers.getByText(BEGUN).waitFor();
      await page.shoot("running");
      await page.button("Stop and roll back").click();
      await page.rests();
      assert.deepEqual((await stateOf(page.threadId)).checkpoint, was.checkpoint);
      assert.equal((await runsOf(page.threadId)).length, 1);
      assert.deepEqual(await page.texts(page.humans), ["first"]);
      assert.equal(await page.field.inputValue(), LONG);
      await page.asks("second");
      await page.shows("You said: second");
    });

    chat("a message is said otherwise, and both branches can be seen and gone on from", "echo", async (page) => {
      await page.asks("apples");
      await page.shows("You said: apples");
      await page.humans.first().hover();
      await page.button("Edit the message").click();
      await page.page.getByRole("textbox", { name: "Say it otherwise" }).fill("pears");
      await page.button("Send as a new branch").click();
      await page.shows("You said: pears");
      await page.log.getByText("2/2").waitFor();
      await page.shoot("branches");
      assert.deepEqual(await page.texts(page.humans), ["pears"]);
      await page.button("Previous branch").click();
      await page.shows("You said: apples");
      assert.deepEqual(await page.texts(page.humans), ["apples"]);
      await page.asks("more");
      await page.shows("You said: more");
      assert.deepEqual(await page.texts(page.humans), ["apples", "more"]);
      assert.deepEqual((await messagesOf(page.threadId)).slice(0, 2), ["apples", "You said: apples"]);
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

    chat("a second tab watches the run, and can stop it", "echo", async (page, context) => {
      await page.asks("first");
      const other = await Playground.open(context, hook, { thread: page.threadId });
      await other.shows("You said: first");
      await page.say(LONG);
      await other.answers.getByText(BEGUN).waitFor();
      await other.stopButton.click();
      await Promise.all([page.rests(), other.rests()]);
      assert.equal((await runsOf(page.threadId))[0].status, "interrupted");
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
}
