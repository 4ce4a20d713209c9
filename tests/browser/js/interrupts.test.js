// Interrupts: what a run asks, and how it is answered.
import assert from "node:assert/strict";
import { byEachHook, words } from "./hooks.js";

byEachHook("interrupts", (chat) => {
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
});
