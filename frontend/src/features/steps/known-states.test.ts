import { expect, test } from "vitest";
import { type KnownStates, NOTHING, PAGE, readNews, readOlder } from "./known-states";
import { idOf, type State } from "./state";

const state = (number: number, next: string[] = []): State => ({
  checkpoint: { checkpoint_id: String(number) },
  parent_checkpoint: null,
  values: {},
  next,
  tasks: [],
  metadata: null,
  created_at: null,
});

/** A thread of `count` states, which are numbered from 1. */
const thread = (count: number, next: string[] = []) => {
  const all = Array.from({ length: count }, (_, place) => state(count - place, place === 0 ? next : []));
  return async (limit: number, before?: string) =>
    all.filter((one) => !before || Number(idOf(one)) < Number(before)).slice(0, limit);
};
const ids = ({ states }: KnownStates) => states.map((state) => Number(idOf(state)));
const down = (from: number, to = 1) => Array.from({ length: from - to + 1 }, (_, place) => from - place);

test("at first a page is read, and older ones when they are asked for", async () => {
  const first = await readNews(thread(50), () => NOTHING);
  expect(ids(first)).toEqual(down(50, 31));
  expect(first.isMore).toBe(true);
  const all = await readOlder(thread(50), () => first);
  expect(ids(all)).toEqual(down(50, 11));
  const end = await readOlder(thread(50), () => all);
  expect(ids(end)).toEqual(down(50));
  expect(end.isMore).toBe(false);
});

test("a short thread is read at once", async () => {
  expect(await readNews(thread(3), () => NOTHING)).toMatchObject({ isMore: false });
});

test("what is new is put before what is known, however much it is", async () => {
  const known = await readNews(thread(30), () => NOTHING);
  for (const count of [30, 31, 33, 40, 30 + 3 * PAGE]) {
    const now = await readNews(thread(count), () => known);
    expect(ids(now)).toEqual(down(count, 11));
    expect(now.isMore).toBe(true);
  }
});

test("the newest state is read anew, for its tasks go on", async () => {
  const known = await readNews(thread(9, ["model"]), () => NOTHING);
  const now = await readNews(thread(9), () => known);
  expect(now.states[0]?.next).toEqual([]);
  expect(ids(now)).toEqual(down(9));
});

test("states that were rolled back go", async () => {
  const known = await readNews(thread(30), () => NOTHING);
  expect(ids(await readNews(thread(27), () => known))).toEqual(down(27, 11));
  expect(ids(await readNews(thread(2), () => known))).toEqual([2, 1]);
});

test("older states that came meanwhile stay", async () => {
  let known = await readNews(thread(50), () => NOTHING);
  const older = await readOlder(thread(50), () => known);
  const slow = async (limit: number, before?: string) => {
    known = older;
    return thread(51)(limit, before);
  };
  expect(ids(await readNews(slow, () => known))).toEqual(down(51, 11));
});
