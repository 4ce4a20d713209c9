import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
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
  const running = runs.find((run) => run.status === "running");
  const idleSince = useIdleSince(conversation.isLoading || conversation.isOpening, running?.run_id);
  // what was known before the last run was over tells of that run
  const unfollowed = runsAt > idleSince ? running?.run_id : undefined;
  const isBusy = conversation.isLoading || !!unfollowed;
  const settled = !isBusy && headAt > idleSince ? head : undefined;
  const queued = useMemo(() => runs.filter((run) => run.status === "pending").reverse(), [runs]);
  const interrupts = useMemo<Interrupt[]>(() => Object.values(settled?.interrupts ?? {}).flat(), [settled]);
  useFollowing(conversation, unfollowed);
  return { isLost: head === null, settled, history, usage, queued, interrupts, isBusy };
}

/**
 * Since when nothing is being followed or opened; Infinity while something is. Everything is read again then, and when
 * a run begins elsewhere. (What is asked for when a run begins here would take the connections that its stream needs.)
 */
function useIdleSince(isActive: boolean, runningId: string | undefined): number {
  const queries = useQueryClient();
  const [since, setSince] = useState(Number.POSITIVE_INFINITY);
  // biome-ignore lint/correctness/useExhaustiveDependencies: that another run goes on is news
  useEffect(() => {
    // this also ends the requests under way, whose answers may be of before
    if (!isActive) queries.invalidateQueries({ queryKey: ["threads"] });
    setSince(isActive ? Number.POSITIVE_INFINITY : Date.now());
  }, [queries, isActive, runningId]);
  return since;
}

/** Follow a run that was started elsewhere: in another tab, from the queue, or before the page was loaded again. */
function useFollowing(conversation: Conversation, unfollowed: string | undefined) {
  const follow = useRef(conversation.follow);
  follow.current = conversation.follow;
  useEffect(() => {
    if (unfollowed) follow.current(unfollowed);
  }, [unfollowed]);
}
