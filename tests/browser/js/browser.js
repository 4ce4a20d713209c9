// A real browser, and pages whose every complaint fails their test.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

export const gateway = process.env.RUNLINE_URL;
if (!gateway) throw new Error("RUNLINE_URL names the gateway; tests/browser/test_browser.py starts one.");

const shots = process.env.RUNLINE_SHOTS;
const quiet = ["quic", "gpu"].map((what) => `--disable-${what}`);
const offline = ["background-networking", "component-update", "sync"].map((what) => `--disable-${what}`);

export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--no-first-run", ...quiet, ...offline],
  });

/** A window of its own: nothing is kept from another one. `complaints` are what its pages have complained of. */
export async function openWindow(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
  context.setDefaultTimeout(60_000);
  const complaints = [];
  context.on("weberror", (error) => complaints.push(error.error().stack));
  context.on("console", (said) => said.type() === "error" && complaints.push(`${said.text()} ${said.location().url}`));
  return { context, complaints };
}

/** Do something in a window, which is closed at the end, and must have had nothing to complain of but what is expected. */
export async function inWindow(browser, options, task, expected) {
  const { context, complaints } = await openWindow(browser, options);
  try {
    await task(context);
    assert.deepEqual(complaints.filter((complaint) => !expected?.test(complaint)), []);
  } catch (error) {
    for (const [place, page] of context.pages().entries()) await shoot(page, `failed-${Date.now()}-${place}`);
    throw error;
  } finally {
    await context.close();
  }
}

/** Keep a picture for people to look at. */
export async function shoot(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`) });
}
