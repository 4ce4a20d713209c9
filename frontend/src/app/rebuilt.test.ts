// @vitest-environment jsdom
import { expect, test, vi } from "vitest";
import { reloadWhenRebuilt } from "./rebuilt";

const missing = () => !window.dispatchEvent(new Event("vite:preloadError", { cancelable: true }));

test("a page whose piece is gone is loaded anew, but not again and again", () => {
  let now = 1_000_000;
  const reload = vi.fn();
  reloadWhenRebuilt(reload, () => now);

  expect([missing(), reload.mock.calls.length]).toEqual([true, 1]);
  now += 500;
  expect([missing(), reload.mock.calls.length]).toEqual([false, 1]);
  now += 60_000;
  expect([missing(), reload.mock.calls.length]).toEqual([true, 2]);
});
