// What tests of the hook look for, on a page with a chat and among the runs of its thread.
import assert from "node:assert/strict";
import { until } from "./gateway.js";

const words = (count) => Array.from({ length: count }, (_, place) => `word${place}`).join(" ");
export const LONG = words(60);
/** Said for long enough to be left or stopped meanwhile, also where everything takes its time. */
export const LONGER = words(120);

export const mounted = (page) => until(() => page.isMounted && !page.stream.isThreadLoading);
export const idle = (page) => until(() => !page.stream.isLoading);
export const begun = (page, text = "You said: word0") => until(() => page.texts().at(-1)?.startsWith(text));
export const repeats = (frame) => new Set(frame).size < frame.length;
export const never = (page, wrong) => assert.deepEqual(page.frames.filter(wrong), []);

export function runsOf(client) {
  const lastRun = async (threadId) => (await client.runs.list(threadId, { limit: 1 }))[0];
  const ended = (threadId, status) => until(async () => (await lastRun(threadId))?.status === status);
  return { lastRun, ended };
}
