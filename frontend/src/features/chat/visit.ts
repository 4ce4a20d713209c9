import { useCallback, useRef, useState } from "react";

interface Visit {
  number: number;
  threadId: string | undefined;
  /** The thread that was made here; the URL is about to name it. */
  made?: string;
}

/**
 * Tells when a hook must begin anew: at another thread, but not at the one that its own first message has made; and
 * when it is told to `reopen`, though never twice for the same reason, which would not help.
 */
export function useVisit(threadId: string | undefined, onThread: (threadId: string) => void) {
  const [visit, setVisit] = useState<Visit>({ number: 0, threadId });
  const current = visit.threadId === threadId ? visit : moved(visit, threadId);
  if (current !== visit) setVisit(current);
  const told = useRef(onThread);
  told.current = onThread;
  const made = useCallback((id: string) => {
    setVisit((visit) => ({ ...visit, made: id }));
    told.current(id);
  }, []);
  const reasons = useRef(new Set<string>());
  const reopen = useCallback((reason?: string) => {
    if (reason && reasons.current.has(reason)) return;
    if (reason) reasons.current.add(reason);
    setVisit((visit) => ({ ...visit, number: visit.number + 1 }));
  }, []);
  return { key: current.number, made, reopen };
}

const moved = (visit: Visit, threadId: string | undefined): Visit => ({
  threadId,
  number: threadId && threadId === visit.made ? visit.number : visit.number + 1,
});
