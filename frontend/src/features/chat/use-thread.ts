import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type Interrupt, isKnown, threadHead, threadHistory, threadRuns } from "./api";
import type { Conversation } from "./conversation";
import { missedBy } from "./missed";
import { useFollowing, useIdleSince, useNews, useReopening } from "./use-freshness";
import { useTold } from "./use-told";
import { useTurns } from "./use-turns";

const NONE: never[] = [];

/** What the gateway knows of the thread beside its messages; read again whenever one of its runs begins or ends. */
export function useThread(
  threadId: string | undefined,
  conversation: Conversation,
  onReopen: (reason: string) => void,
) {
  const { data: head, dataUpdatedAt: headAt } = useQuery(threadHead(threadId));
  const enabled = isKnown(head);
  const { data: runs = NONE, dataUpdatedAt: runsAt } = useQuery({ ...threadRuns(threadId), enabled });
  const { data: history = NONE, dataUpdatedAt: historyAt } = useQuery({
    ...threadHistory(threadId),
    enabled,
  });
  const turns = useTurns(threadId, enabled);

  // what was known before the last run was over tells of that run
  const idleSince = useIdleSince(conversation.isLoading || conversation.isOpening);
  const unfollowed = runsAt > idleSince ? runs.find((run) => run.status === "running")?.run_id : undefined;
  const isBusy = conversation.isLoading || !!unfollowed;
  const settled = !isBusy && headAt > idleSince ? head : undefined;
  const queued = useMemo(() => runs.filter((run) => run.status === "pending").reverse(), [runs]);
  const interrupts = useMemo<Interrupt[]>(() => Object.values(settled?.interrupts ?? {}).flat(), [settled]);

  useNews(runs.map((run) => `${run.run_id} ${run.status}`).join(), runsAt > idleSince);
  useFollowing(conversation, unfollowed);
  useReopening(
    !isBusy && historyAt > idleSince ? missedBy(conversation.messages, history) : undefined,
    onReopen,
  );
  const atRest = settled?.status === "idle" && historyAt > idleSince ? history[0] : undefined;
  const messages = useTold(conversation.messages, atRest);
  return { isLost: head === null, messages, settled, history, turns, queued, interrupts, isBusy };
}
