// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useVisit } from "./visit";

const visit = (first?: string) => {
  const onThread = vi.fn();
  const page = renderHook(({ thread }) => useVisit(thread, onThread), { initialProps: { thread: first } });
  return {
    ...page,
    onThread,
    go: (thread?: string) => page.rerender({ thread }),
    key: () => page.result.current.key,
  };
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("another thread is another visit", () => {
  const page = visit("a");
  const before = page.key();
  page.go("b");
  expect(page.key()).not.toBe(before);
});

test("the thread that a first message made is the same visit", () => {
  const page = visit();
  const before = page.key();
  act(() => page.result.current.make("new"));
  expect(page.result.current.threadId).toBe("new");
  page.go("new");
  expect(page.key()).toBe(before);
  page.go();
  expect(page.key()).not.toBe(before);
  expect(page.result.current.threadId).toBeUndefined();
});

test("it is told when its first words may be there", () => {
  const page = visit();
  act(() => page.result.current.make("new"));
  expect(page.onThread).not.toHaveBeenCalled();
  vi.runAllTimers();
  expect(page.onThread.mock.calls).toEqual([["new"]]);
});

test("who has left it meanwhile is not brought back", () => {
  const page = visit();
  act(() => page.result.current.make("new"));
  page.go("other");
  vi.runAllTimers();
  expect(page.onThread).not.toHaveBeenCalled();
  expect(page.result.current.threadId).toBe("other");
});

test("a visit can be begun anew", () => {
  const page = visit("a");
  const before = page.key();
  act(() => page.result.current.reopen());
  expect(page.key()).not.toBe(before);
});

test("a visit is not begun anew twice for the same reason", () => {
  const page = visit("a");
  act(() => page.result.current.reopen("checkpoint"));
  const before = page.key();
  act(() => page.result.current.reopen("checkpoint"));
  expect(page.key()).toBe(before);
});
