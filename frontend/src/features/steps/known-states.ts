import { idOf, type State } from "./state";

/** The newest states of a thread without a gap, newest first. */
export interface KnownStates {
  states: readonly State[];
  /** Whether there may be older ones. */
  isMore: boolean;
}

export const NOTHING: KnownStates = { states: [], isMore: true };

/** At most `limit` states that are older than `before`; without it, the newest. */
export type ReadPage = (limit: number, before?: string) => Promise<State[]>;

/** As many as one looks at, and as few as will do to find out what is new: each holds all values of the thread. */
export const PAGE = 20;
const NEWS = 4;

/** Read what is new until that meets what is known, which `known` tells whenever answers have come. */
export async function readNews(readPage: ReadPage, known: () => KnownStates): Promise<KnownStates> {
  const isFirst = known().states.length === 0;
  const limit = isFirst ? PAGE : NEWS;
  const news = await readPage(limit);
  let isMore = news.length === limit;
  while (!isFirst && isMore && !meets(known().states, news)) {
    const older = await readPage(PAGE, lastOf(news));
    news.push(...older);
    isMore = older.length === PAGE;
  }
  return put(news, isMore, known());
}

/** Read a page behind what is known. */
export async function readOlder(readPage: ReadPage, known: () => KnownStates): Promise<KnownStates> {
  const last = lastOf(known().states);
  const older = await readPage(PAGE, last);
  const now = known();
  if (lastOf(now.states) !== last) return now;
  return { states: [...now.states, ...older], isMore: older.length === PAGE };
}

/** News are taken as they are: the tasks of a state change while they go on. What is behind them stays. */
function put(news: readonly State[], isMore: boolean, known: KnownStates): KnownStates {
  if (!isMore || !meets(known.states, news)) return { states: news, isMore };
  const last = lastOf(news);
  const place = known.states.findIndex((state) => idOf(state) === last);
  if (place < 0) return { states: news, isMore };
  return { states: [...news, ...known.states.slice(place + 1)], isMore: known.isMore };
}

function lastOf(states: readonly State[]): string | undefined {
  const last = states.at(-1);
  return last && idOf(last);
}

function meets(states: readonly State[], news: readonly State[]): boolean {
  const ids = new Set(states.map(idOf));
  return news.some((state) => ids.has(idOf(state)));
}
