import { expect, test } from "vitest";
import { type Line, linesOf } from "./lines";

const signs = { added: "+", removed: "-", same: " " };
const told = (line: Line) => (line.kind === "gap" ? `~${line.count}` : signs[line.kind] + line.text);
const difference = (before: string, after: string) =>
  linesOf(before.replaceAll(" ", "\n"), after.replaceAll(" ", "\n")).map(told).join(" ");

test("lines are added, removed and kept", () => {
  expect(difference("a b c", "a x c")).toBe(" a -b +x  c");
  expect(difference("a b", "a b c")).toBe(" a  b +c");
  expect(difference("a b c d e", "b c x e")).toBe("-a  b  c -d +x  e");
});

test("lines that are far from any difference are folded", () => {
  expect(difference("a b c d e f", "a b c d e g")).toBe("~3  d  e -f +g");
  expect(difference("a b c d", "x b c d")).toBe("-a +x  b  c ~1");
  expect(difference("a b", "a b")).toBe("~2");
});

/** What the difference makes of the old text. */
function applied(old: readonly string[], lines: readonly Line[]): string[] {
  const now: string[] = [];
  let place = 0;
  for (const line of lines) {
    const count = line.kind === "gap" ? line.count : line.kind === "added" ? 0 : 1;
    if (line.kind === "added") now.push(line.text);
    if (line.kind === "same" || line.kind === "gap") now.push(...old.slice(place, place + count));
    place += count;
  }
  return now;
}

test("the difference makes the new text of the old one", () => {
  const text = (seed: number) =>
    Array.from({ length: 60 }, (_, place) => String(Math.floor(Math.abs(Math.sin(seed * 97 + place)) * 4)));
  for (let seed = 0; seed < 50; seed++) {
    const [before, after] = [text(seed), text(seed + 1).slice(seed % 30)];
    expect(applied(before, linesOf(before.join("\n"), after.join("\n")))).toEqual(after);
  }
});

test("texts that are too long to compare are told as a whole", () => {
  const long = (word: string) => Array.from({ length: 1000 }, (_, place) => `${word}${place}`).join("\n");
  const lines = linesOf(long("a"), long("b"));
  expect(lines.map((line) => line.kind)).toEqual([
    ...new Array(1000).fill("removed"),
    ...new Array(1000).fill("added"),
  ]);
});
