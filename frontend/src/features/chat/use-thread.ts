import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { type Interrupt, isKnown, threadHead, threadHistory, threadRuns, threadUsage } from "./api";
import type { Conversation } from "./conversation";

const NONE: never[] = [];

/** What the gateway knows of the thread beside its messages; read again whenever one of its runs begins or ends. */
export function useThread(threadId: string | undefined, conversation: Conversation) {
  const { data: head, dataUpdatedAt: headAt } = useQuery(threadHead(threadId));
  const enabled = isKnown(head);
  const { data: runs = NONE, dataUpdatedAt: runsAt } = useQuery({ ...threadRuns(threadId), enabled });
  const history = useQuery({ ...threadHistory(threadId), enabled }).data ?? NONE;
  const usage = useQuery({ ...threadUsage(threadId), enabled }).data;
  const isActive = conversation.isLoading || conversation.isOpening;
  const idleSince = useIdleSince(isActive);
  // what was known before the last run was over tells of that run
  const running = runs.find((run) => run.status === "running");
  const unfollowed = runsAt > idleSince ? running?.run_id : undefined;
  const isBusy = conversation.isLoading || !!unfollowed;
  const settled = !isBusy && headAt > idleSince ? head : undefined;
  const queued = useMemo(() => runs.filter((run) => run.status === "pending").reverse(), [runs]);
  const interrupts = useMemo<Interrupt[]>(() => Object.values(settled?.interrupts ?? {}).flat(), [settled]);
  useNews(isActive, running?.run_id);
  useFollowing(conversation, unfollowed);
  return { isLost: head === null, settled, history, usage, queued, interrupts, isBusy };
}

/** Since when nothing is being followed or opened; Infinity while something is. */
function useIdleSince(isActive: boolean): number {
  const since = useRef(Date.now());
  if (isActive) since.current = Number.POSITIVE_INFINITY;
  else if (since.current === Number.POSITIVE_INFINITY) since.current = Date.now();
  return since.current;
}

/** Read everything again when a run is over, or begins elsewhere. A run that begins here needs the connections. */
function useNews(isActive: boolean, runningId: string | undefined) {
  const queries = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: that these have changed is the news
  useEffect(() => {
    if (!isActive) queries.invalidateQueries({ queryKey: ["threads"] });
  }, [queries, isActive, runningId]);
}

/** Follow a run that was started elsewhere: in another tab, from the queue, or before the page was loaded again. */
function useFollowing(conversation: Conversation, unfollowed: string | undefined) {
  const follow = useRef(conversation.follow);
  follow.current = conversation.follow;
  useEffect(() => {
    if (unfollowed) follow.current(unfollowed);
  }, [unfollowed]);
}
