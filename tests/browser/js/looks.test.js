// How the console looks and lets itself be used: by night, on a telephone, by keys alone; and how quick it is.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gateway, inWindow, launch, shoot } from "./browser.js";
import { Panels } from "./panels.js";
import { Playground } from "./playground.js";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const backgroundHere = "getComputedStyle(document.body).backgroundColor";

/** What can be pressed or filled, and has no name. */
const namelessIn = (page) =>
  page.locator("button, a, input, textarea").evaluateAll((all) =>
    all
      .filter((one) => one.checkVisibility() && one.type !== "hidden")
      .filter((one) => !(one.getAttribute("aria-label") || one.innerText?.trim() || one.labels?.[0]?.innerText))
      .map((one) => one.outerHTML),
  );

test("the system's dark scheme is followed, and can be left for the light one", () =>
  inWindow(browser, { colorScheme: "dark" }, async (context) => {
    const playground = await Playground.open(context, "v2", { assistant: "tools" });
    const { page } = playground;
    const dark = await page.evaluate(backgroundHere);
    await playground.asks("What is 2 + 3?");
    await playground.shows("The add tool says");
    await playground.shoot("dark");
    await page.getByRole("button", { name: /^Colors: auto/ }).click();
    await page.waitForFunction(`${backgroundHere} !== "${dark}"`);
    await page.reload();
    await page.getByRole("button", { name: /^Colors: light/ }).waitFor();
    await page.waitForFunction(`${backgroundHere} !== "${dark}"`);
  }));

test("it fits into 380 pixels, with the navigation folded away", () =>
  inWindow(browser, { viewport: { width: 380, height: 720 } }, async (context) => {
    const playground = await Playground.open(context, "v2", { assistant: "approval" });
    const { page } = playground;
    await shoot(page, "narrow-welcome");
    await playground.asks("Lunch at noon? ".repeat(10));
    await playground.interrupt.getByText("Send this email?", { exact: true }).waitFor();
    await shoot(page, "narrow");
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 380);
    const panels = new Panels(playground);
    await panels.openState();
    await panels.steps.first().waitFor();
    await shoot(page, "narrow-state");
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 380);
    await panels.button("Fork from here").first().waitFor();
    await panels.look(0);
    await page.keyboard.press("Escape");
    await panels.aside.waitFor({ state: "detached" });
    await page.waitForFunction(() => document.activeElement?.ariaLabel === "State, step by step");
    await page.getByRole("button", { name: "Open the navigation" }).click();
    await page.getByRole("link", { name: "New chat" }).click();
    await page.getByRole("heading", { name: "Talk to your agent" }).waitFor();
  }));

test("keys alone do, and everything that can be pressed has a name", () =>
  inWindow(browser, {}, async (context) => {
    const playground = await Playground.open(context, "v2", { assistant: "tools" });
    const { page } = playground;
    await page.keyboard.type("What is 2 + 3?");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("Tell me.");
    await page.keyboard.press("Enter");
    await playground.shows("The add tool says");
    await playground.rests();
    assert.deepEqual(await playground.texts(playground.humans), ["What is 2 + 3?\nTell me."]);
    assert.ok(await playground.field.evaluate((field) => field === document.activeElement));
    const panels = new Panels(playground);
    assert.deepEqual(await namelessIn(page), []);
    await panels.openState();
    await panels.steps.first().waitFor();
    assert.deepEqual(await namelessIn(page), []);
    await panels.openEvents();
    await panels.events.last().click();
    await panels.event.waitFor();
    assert.deepEqual(await namelessIn(page), []);
  }));

test("an unknown address and an unknown thread say so", () =>
  inWindow(browser, {}, async (context) => {
    const page = await context.newPage();
    await page.goto(`${gateway}/console/nowhere`);
    await page.getByRole("heading", { name: "There is no such page" }).waitFor();
    await page.getByRole("link", { name: "To the first page" }).click();
    await page.getByRole("heading", { name: "Talk to your agent" }).waitFor();
    const lost = await Playground.open(context, "v2", { thread: crypto.randomUUID() });
    await lost.page.getByRole("heading", { name: "There is no such thread" }).waitFor();
  }, /404 \(Not Found\)/));

test("a link to a thread opens it with its assistant, in the other hook as well", () =>
  inWindow(browser, {}, async (context) => {
    const first = await Playground.open(context, "classic", { assistant: "tools" });
    await first.asks("What is 2 + 3?");
    await first.shows("The add tool says");
    const other = await Playground.open(context, "v2", { thread: first.threadId });
    await other.shows("The add tool says");
    assert.equal(await other.page.getByRole("combobox", { name: "Assistant" }).inputValue(), "tools");
    await other.page.getByText("classic", { exact: true }).click();
    await other.shows("The add tool says");
    assert.match(other.page.url(), /hook=classic/);
  }));
