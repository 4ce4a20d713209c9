import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { type ChatMessage, readMessages } from "@/lib/messages";
import { threadHistory, threadStateAt } from "./api";
import { forksOf, idOf, leavesOf, type Past, runsOf, stateBefore } from "./branches";
import type { Departure } from "./conversation";

const EVERYTHING = 1000;

/** The branch that is shown, which ends `at` a checkpoint or is what the hook tells, and where others part from it. */
export function useBranches(
  threadId: string | undefined,
  history: readonly Past[],
  told: readonly ChatMessage[],
  at: string | undefined,
) {
  const queries = useQueryClient();
  const read = at ? history.find((one) => idOf(one) === at) : undefined;
  const older = useQuery({ ...threadStateAt(threadId, at), enabled: !!at && !read && history.length > 0 });
  const past = read ?? (at ? older.data : undefined);
  const here = useMemo(() => past && departureFrom(past), [past]);
  const messages = here?.kept ?? told;
  const leaves = useMemo(() => leavesOf(history), [history]);
  const path = messages.map((message) => message.id).join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: a message that grows has no other branches for it
  const forks = useMemo(() => forksOf(leaves, messages), [leaves, path]);
  const runs = useMemo(() => runsOf(history), [history]);

  /** Where a message of a person can be said otherwise; undefined if the state before it is gone. */
  const departureAt = async (messageId: string): Promise<Departure | undefined> => {
    const checkpointId =
      stateBefore(history, messageId, at) ??
      stateBefore(await queries.fetchQuery(threadHistory(threadId, EVERYTHING)), messageId, at);
    const place = messages.findIndex((message) => message.id === messageId);
    return checkpointId ? { checkpointId, kept: messages.slice(0, place), next: [] } : undefined;
  };
  return { messages, forks, runs, here, departureAt };
}

const departureFrom = (past: Past): Departure => ({
  checkpointId: idOf(past),
  kept: readMessages(past.values.messages),
  next: past.next,
});
