// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/react";
import { expect, test, vi } from "vitest";
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

test("another thread is another visit", () => {
  const page = visit("a");
  const before = page.key();
  page.go("b");
  expect(page.key()).not.toBe(before);
});

test("the thread that a first message made is the same visit", () => {
  const page = visit();
  const before = page.key();
  act(() => page.result.current.made("new"));
  expect(page.onThread).toHaveBeenCalledWith("new");
  page.go("new");
  expect(page.key()).toBe(before);
  page.go();
  expect(page.key()).not.toBe(before);
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
