// What tests of the hook look for, on a page with a chat and among the runs of its thread.
import assert from "node:assert/strict";
import { until } from "./gateway.js";

export const LONG = Array.from({ length: 60 }, (_, place) => `word${place}`).join(" ");

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
