import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Conversation } from "./conversation";

/**
 * Since when nothing is being followed or opened; Infinity while something is. Everything is read again then. (What is
 * asked for when a run begins would take the connections that its stream needs.)
 */
export function useIdleSince(isActive: boolean): number {
  const queries = useQueryClient();
  const [since, setSince] = useState(Number.POSITIVE_INFINITY);
  useEffect(() => {
    // this also ends the requests under way, whose answers may be of before
    if (!isActive) queries.invalidateQueries({ queryKey: ["threads"] });
    setSince(isActive ? Number.POSITIVE_INFINITY : Date.now());
  }, [queries, isActive]);
  return since;
}

/** Read everything again when the runs of an idle thread are others than before: they were started elsewhere. */
export function useNews(runs: string, isFresh: boolean) {
  const queries = useQueryClient();
  const known = useRef<string>(undefined);
  useEffect(() => {
    const isNews = known.current !== undefined && known.current !== runs;
    if (isFresh && isNews) queries.invalidateQueries({ queryKey: ["threads"] });
    known.current = isFresh ? runs : undefined;
  }, [queries, runs, isFresh]);
}

/** Follow a run that was started elsewhere: in another tab, from the queue, or before the page was loaded again. */
export function useFollowing(conversation: Conversation, unfollowed: string | undefined) {
  const follow = useRef(conversation.follow);
  follow.current = conversation.follow;
  useEffect(() => {
    if (unfollowed) follow.current(unfollowed);
  }, [unfollowed]);
}

/** Begin anew with what the server holds, if the hook has missed something of it: a run that was over too soon. */
export function useReopening(missed: string | undefined, onReopen: (reason: string) => void) {
  useEffect(() => {
    if (missed) onReopen(missed);
  }, [missed, onReopen]);
}
