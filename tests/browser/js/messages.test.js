// Messages, tools and what they have used.
import assert from "node:assert/strict";
import { messagesOf } from "./api.js";
import { byEachHook, words } from "./hooks.js";

byEachHook("messages", (chat) => {
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
    const said = `tell me ${words(80)}`;
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
    await page.page.locator("[data-turn]").nth(1).waitFor();
    const [first, second] = (await page.texts(page.page.locator("[data-turn]"))).map((text) => Number.parseInt(text, 10));
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

  chat("what a model thinks is seen while it thinks", "musing", async (page) => {
    await page.say("What is it?");
    await page.log.getByText(/^thought0 thought1/).waitFor();
    await page.page.getByRole("button", { name: "Thinking" }).waitFor();
    await page.shows("The answer is 42.");
    await page.rests();
    await page.page.getByRole("button", { name: "Thought" }).waitFor();
    await page.log.getByText(/^thought0 thought1/).waitFor({ state: "hidden" });
  });
});
