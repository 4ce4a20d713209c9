/** A line of a difference; `gap` stands for `count` lines that are the same. */
export type Line = { kind: "added" | "removed" | "same"; text: string } | { kind: "gap"; count: number };

const AROUND = 2;
const MOST_PAIRS = 400_000;

/** The difference of two texts, line by line, with the lines around it. */
export function linesOf(before: string, after: string): Line[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail))
    tail++;
  return folded([
    ...old.slice(0, head).map(sameLine),
    ...between(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...old.slice(old.length - tail).map(sameLine),
  ]);
}

const sameLine = (text: string): Line => ({ kind: "same", text });
const removed = (text: string): Line => ({ kind: "removed", text });
const added = (text: string): Line => ({ kind: "added", text });

/** By their longest common subsequence, unless they are too long for that. */
function between(old: readonly string[], now: readonly string[]): Line[] {
  if (old.length * now.length > MOST_PAIRS) return [...old.map(removed), ...now.map(added)];
  const common = commonLengths(old, now);
  const lines: Line[] = [];
  let j = 0;
  for (const [i, text] of old.entries()) {
    while (j < now.length && now[j] !== text && at(common, i, j + 1) > at(common, i + 1, j))
      lines.push(added(now[j++] ?? ""));
    const isCommon = now[j] === text;
    lines.push(isCommon ? sameLine(text) : removed(text));
    if (isCommon) j++;
  }
  return [...lines, ...now.slice(j).map(added)];
}

/** How many lines the rests have in common, from each pair of places. */
function commonLengths(old: readonly string[], now: readonly string[]): number[][] {
  const common = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i--) {
    const row = common[i] ?? [];
    for (let j = now.length - 1; j >= 0; j--)
      row[j] =
        old[i] === now[j]
          ? at(common, i + 1, j + 1) + 1
          : Math.max(at(common, i + 1, j), at(common, i, j + 1));
  }
  return common;
}

const at = (rows: number[][], i: number, j: number) => rows[i]?.[j] ?? 0;

/** Lines that are far from any difference are put together. */
function folded(lines: readonly Line[]): Line[] {
  const isFar = (place: number) =>
    lines.slice(Math.max(0, place - AROUND), place + AROUND + 1).every((line) => line.kind === "same");
  const shown: Line[] = [];
  for (const [place, line] of lines.entries()) {
    const last = shown.at(-1);
    if (!isFar(place)) shown.push(line);
    else if (last?.kind === "gap") last.count++;
    else shown.push({ kind: "gap", count: 1 });
  }
  return shown;
}
