import { expect, test } from "vitest";
import { ago, clock, duration, money, pretty, size, tokens } from "./format";

test("small counts are told to the last token, large ones in brief", () => {
  expect([0, 9999, 12_345, 2_000_000].map(tokens)).toEqual(["0", "9,999", "12.3K", "2M"]);
});

test("sums below a cent keep the digits that tell them apart", () => {
  expect(money(1.5, "USD")).toBe("$1.50");
  expect(money(0.000123, "USD")).toBe("$0.000123");
});

test("a moment is told in its largest unit", () => {
  const now = Date.parse("2026-01-10T12:00:00Z");
  const before = (seconds: number) => ago(new Date(now - seconds * 1000).toISOString(), now);
  expect([5, 300, 7200, 86_400 * 3].map(before)).toEqual(["now", "5m ago", "2h ago", "3d ago"]);
});

test("a time that something took is told as exactly as it matters", () => {
  expect([0.0804, 0.9996, 1.25, 59.99, 185, 7260].map(duration)).toEqual([
    "80 ms",
    "1.0 s",
    "1.3 s",
    "1 min 0 s",
    "3 min 5 s",
    "2 h 1 min",
  ]);
});

test("sizes are told in their largest unit", () => {
  expect([0, 999, 1234, 2_000_000].map(size)).toEqual(["0 B", "999 B", "1.2 kB", "2 MB"]);
});

test("a moment is told to the millisecond, in the time of whoever looks", () => {
  expect(clock(new Date(2026, 0, 10, 9, 5, 7, 42).getTime())).toBe("09:05:07.042");
});

test("text is shown as it is, all else as JSON", () => {
  expect(pretty("a")).toBe("a");
  expect(pretty({ a: 1 })).toBe('{\n  "a": 1\n}');
});
