// The same tests for both hooks of the playground, each in a window of its own.
import { after, before, describe, test } from "node:test";
import { inWindow, launch } from "./browser.js";
import { Playground } from "./playground.js";

/** Declare tests: `declare(chat)`, where `chat(title, assistant, task, expected)` is one with a playground just opened. */
export function byEachHook(about, declare) {
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
    describe(`${about}, by the hook ${hook}`, { timeout: 240_000 }, () => declare(chat));
  }
}

export const words = (count) => Array.from({ length: count }, (_, place) => `word${place}`).join(" ");

/** Half a minute to say. */
export const LONG = words(1000);

/** What is seen of its answer when it can be stopped. */
export const BEGUN = /^You said: word0 word1/;
