import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { threadHistory } from "./api";
import { forksOf, leavesOf, messagesAt, type Past, runsOf, stateBefore } from "./branches";
import type { Departure } from "./conversation";
import type { ChatMessage } from "./messages";

const EVERYTHING = 1000;

/** The branch that is shown, which ends `at` a checkpoint or is what the hook tells, and where others part from it. */
export function useBranches(
  threadId: string | undefined,
  history: readonly Past[],
  told: readonly ChatMessage[],
  at: string | undefined,
) {
  const queries = useQueryClient();
  const past = useMemo(() => (at ? messagesAt(history, at) : undefined), [history, at]);
  const messages = past ?? told;
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
    return checkpointId ? { checkpointId, kept: messages.slice(0, place) } : undefined;
  };
  const here = past && at ? { checkpointId: at, kept: past } : undefined;
  return { messages, forks, runs, here, departureAt };
}
