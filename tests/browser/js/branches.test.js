// Branches.
import assert from "node:assert/strict";
import { messagesOf } from "./api.js";
import { byEachHook } from "./hooks.js";

byEachHook("branches", (chat) => {
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
});
