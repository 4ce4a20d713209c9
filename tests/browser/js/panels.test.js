// What stands beside the conversation.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { addMessage, messagesOf, runsOf } from "./api.js";
import { gateway } from "./browser.js";
import { BEGUN, LONG, byEachHook } from "./hooks.js";
import { Panels } from "./panels.js";

byEachHook("panels", (chat) => {
  chat("a thread is looked at step by step, run again from one of them, and its events are read", "tools", async (page) => {
    const panels = new Panels(page);
    await panels.openState();
    await page.asks("What is 2 + 3?");
    await page.page.locator("[data-turn]").getByText(/^\d+ tokens · \d+ ms$|^\d+ tokens · \d+\.\d s$/).waitFor();
    await panels.steps.nth(3).waitFor();
    assert.deepEqual(await panels.nodes(), ["model", "tools", "model", "input"]);
    await panels.look(1);
    await panels.steps.nth(1).getByText("tool add").waitFor();
    await page.shoot("state");
    await panels.steps.nth(1).getByRole("button", { name: "Fork from here" }).click();
    await page.log.getByText("The add tool says").waitFor({ state: "detached" });
    assert.ok(panels.asked("at"));
    await page.button("Run model").click();
    await page.shows("The add tool says");
    await page.rests();
    await panels.forked.first().getByText("model", { exact: true }).waitFor();
    assert.deepEqual(await panels.nodes(), ["model", "model", "tools", "model", "input"]);
    assert.deepEqual(await panels.steps.evaluateAll((all) => all.map((one) => "aside" in one.dataset)), [false, true, false, false, false]);
    assert.equal((await messagesOf(page.threadId)).length, 4);

    await panels.aside.getByRole("tab", { name: "Events" }).click();
    await panels.channel("values").first().waitFor();
    await panels.aside.getByText(/^values \d+$/).click();
    await panels.channel("messages").first().waitFor({ state: "detached" });
    await panels.aside.getByRole("textbox", { name: "Filter events" }).fill("add tool says");
    await panels.channel("values").last().click();
    await panels.event.getByText("The add tool says: 5.0.").first().waitFor();
    await page.shoot("events");
    await page.page.waitForURL((url) => url.searchParams.get("filter") === "add tool says");
    assert.deepEqual([panels.asked("panel"), panels.asked("channels")], ["events", "values"]);
  });

  chat("the steps of a run that goes on are seen as they come", "echo", async (page) => {
    const panels = new Panels(page);
    await panels.openState();
    await page.say(LONG);
    await panels.aside.getByText("At work: answer").waitFor();
    assert.deepEqual(await panels.nodes(), ["input"]);
    await page.answers.getByText(BEGUN).waitFor();
    await page.field.press("Escape");
    await page.rests();
    assert.deepEqual((await runsOf(page.threadId)).map((run) => run.status), ["interrupted"]);
    await panels.aside.getByText("interrupted").waitFor();
  });

  chat(
    "a piece that is gone, as the console was built anew, is had by loading the page again",
    "echo",
    async (page) => {
      await page.asks("before");
      const piece = /assets\/side-panel-.*\.js/;
      await page.page.route(piece, (route) => route.fulfill({ status: 404 }));
      page.page.once("domcontentloaded", () => page.page.unroute(piece));
      const panels = new Panels(page);
      await panels.openState();
      await panels.aside.getByText("input").first().waitFor();
      await page.shows("You said: before");
    },
    /404/,
  );

  chat("a long thread is read page by page, and one can go on from far behind", "echo", async (page) => {
    await page.asks("first");
    for (let count = 0; count < 70; count++) await addMessage(page.threadId, `note ${count}`);
    const panels = new Panels(page);
    await page.page.reload();
    await panels.openState();
    await panels.steps.nth(19).waitFor();
    assert.equal(await panels.steps.count(), 20);
    while (await panels.button("Show older steps").isVisible()) {
      const before = await panels.steps.count();
      await panels.button("Show older steps").click();
      await panels.steps.nth(before).waitFor();
    }
    assert.deepEqual((await panels.nodes()).slice(-3), ["update", "answer", "input"]);
    assert.equal(await panels.steps.count(), 72);
    await panels.look(71);
    await panels.steps.nth(71).getByRole("button", { name: "Fork from here" }).click();
    await page.log.getByText("note 1", { exact: true }).waitFor({ state: "detached" });
    assert.deepEqual(await page.texts(page.humans), ["first"]);
    await page.page.reload();
    await page.button("Run answer").waitFor();
    assert.deepEqual(await page.texts(page.humans), ["first"]);
  });

  chat("what models said beside the state is gone once the run is over", "research", async (page) => {
    await page.asks("cats, dogs");
    await page.shows("Report.");
    await page.log.getByText("About cats:").waitFor({ state: "detached" });
    await page.asks("birds, bees");
    await page.log.getByText("About bees:").waitFor({ state: "detached" });
    const said = (await messagesOf(page.threadId)).length;
    assert.equal((await page.humans.count()) + (await page.answers.count()), said);
  });

  chat("a link to the events shows what the gateway has kept of all channels", "research", async (page, context) => {
    await page.asks("cats, dogs");
    const link = `${gateway}/console/chat/${page.threadId}?hook=${page.hook}&panel=events&listen=true&channels=lifecycle,updates`;
    const other = await context.newPage();
    await other.goto(link);
    const panels = new Panels({ page: other });
    await panels.events.first().waitFor();
    const channels = new Set(await panels.events.evaluateAll((all) => all.map((one) => one.dataset.event)));
    assert.ok([...channels].every((channel) => ["lifecycle", "updates"].includes(channel)), [...channels].join());
    await panels.aside.getByRole("listbox").focus();
    await other.keyboard.press("ArrowDown");
    await panels.event.waitFor();
    await other.keyboard.press("Escape");
    await panels.aside.waitFor({ state: "detached" });
    assert.equal(panels.asked("panel"), null);
  });

  chat("what was asked last is copied as code that works", "echo", async (page, context) => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.asks("it's me");
    const copied = async (language) => {
      await page.button("Copy the last request as code").click();
      await page.page.getByRole("menuitem", { name: `Copy as ${language}` }).click();
      await page.button("Copy the last request as code").waitFor();
      return page.page.evaluate(() => navigator.clipboard.readText());
    };
    assert.match(await copied("Python"), /client\.runs\.stream\(/);
    assert.match(await copied("JavaScript"), /client\.runs\.stream\(/);
    const told = execFileSync("bash", ["-c", await copied("curl")], { encoding: "utf8" });
    assert.match(told, /event: updates/);
    assert.deepEqual(await messagesOf(page.threadId), ["it's me", "You said: it's me", "You said: it's me"]);
  });
});
