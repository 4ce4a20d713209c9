import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { type Interrupt, isKnown, threadHead, threadHistory, threadRuns, threadUsage } from "./api";
import type { Conversation } from "./conversation";

const NONE: never[] = [];

/** What the gateway knows of the thread beside its messages; read again whenever one of its runs begins or ends. */
export function useThread(threadId: string | undefined, conversation: Conversation) {
  const head = useQuery(threadHead(threadId)).data;
  const enabled = isKnown(head);
  const { data: runs = NONE, dataUpdatedAt } = useQuery({ ...threadRuns(threadId), enabled });
  const history = useQuery({ ...threadHistory(threadId), enabled }).data ?? NONE;
  const usage = useQuery({ ...threadUsage(threadId), enabled }).data;
  const running = runs.find((run) => run.status === "running");
  const queued = useMemo(() => runs.filter((run) => run.status === "pending").reverse(), [runs]);
  const interrupts = useMemo<Interrupt[]>(() => Object.values(head?.interrupts ?? {}).flat(), [head]);
  useNews(conversation.isLoading, running?.run_id);
  useFollowing(conversation, running?.run_id, dataUpdatedAt);
  return { head, history, usage, running, queued, interrupts, isBusy: conversation.isLoading || !!running };
}

/** Read everything again when a run begins or ends, here or elsewhere. */
function useNews(isLoading: boolean, runningId: string | undefined) {
  const queries = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: that these have changed is the news
  useEffect(() => {
    queries.invalidateQueries({ queryKey: ["threads"] });
  }, [queries, isLoading, runningId]);
}

/** Follow a run that was started elsewhere: in another tab, from the queue, or before the page was loaded again. */
function useFollowing(conversation: Conversation, runningId: string | undefined, knownAt: number) {
  const { isLoading, isOpening } = conversation;
  const idleSince = useRef(Date.now());
  const follow = useRef(conversation.follow);
  follow.current = conversation.follow;
  useEffect(() => {
    if (isLoading || isOpening) idleSince.current = Number.POSITIVE_INFINITY;
    else if (idleSince.current === Number.POSITIVE_INFINITY) idleSince.current = Date.now();
  }, [isLoading, isOpening]);
  useEffect(() => {
    // what was known before the last run was over may be that run
    if (runningId && !isLoading && !isOpening && knownAt > idleSince.current) follow.current(runningId);
  }, [runningId, isLoading, isOpening, knownAt]);
}
