import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { call } from "@/lib/gateway";
import { type KnownStates, NOTHING, type ReadPage, readNews, readOlder } from "./known-states";
import type { State } from "./state";

/** Where it is kept: with all that is of the thread, which is read again whenever a run begins or ends. */
const keyOf = (threadId: string) => ["threads", threadId, "steps"];

const pagesOf =
  (threadId: string): ReadPage =>
  (limit, before) =>
    call<State[]>(`/threads/${threadId}/history`, { limit, before: before && { checkpoint_id: before } });

const known = (queries: QueryClient, threadId: string) => () =>
  queries.getQueryData<KnownStates>(keyOf(threadId)) ?? NOTHING;

/** The newest states of a thread, and as many older ones as have been asked for. */
export const threadStates = (threadId: string) =>
  queryOptions({
    queryKey: keyOf(threadId),
    queryFn: ({ client }) => readNews(pagesOf(threadId), known(client, threadId)),
    structuralSharing: false,
  });

/** Read a page of older states. Throws Refused. */
export async function readOlderStates(queries: QueryClient, threadId: string) {
  queries.setQueryData(keyOf(threadId), await readOlder(pagesOf(threadId), known(queries, threadId)));
}
