import { useCallback, useEffect, useRef, useState } from "react";

const PATIENCE = 250;

interface Visit {
  number: number;
  threadId: string | undefined;
  /** The thread that was made here; the URL is about to name it. */
  made?: string;
}

/**
 * The thread that is talked on, and when a hook must begin anew: at another thread, but not at the one that its own first
 * message has made; and when it is told to `reopen`, though never twice for the same reason, which would not help.
 *
 * `onThread` is told of a thread that was made when its first words may be there: with its address much of the page is
 * rendered anew, which they would wait for.
 */
export function useVisit(threadId: string | undefined, onThread: (threadId: string) => void) {
  const [visit, setVisit] = useState<Visit>({ number: 0, threadId });
  const current = visit.threadId === threadId ? visit : moved(visit, threadId);
  if (current !== visit) setVisit(current);
  const tell = useRef(onThread);
  tell.current = onThread;
  const { made } = current;
  useEffect(() => {
    if (!made) return;
    const timer = setTimeout(() => tell.current(made), PATIENCE);
    return () => clearTimeout(timer);
  }, [made]);
  const make = useCallback((id: string) => setVisit((visit) => ({ ...visit, made: id })), []);
  const reasons = useRef(new Set<string>());
  const reopen = useCallback((reason?: string) => {
    if (reason && reasons.current.has(reason)) return;
    if (reason) reasons.current.add(reason);
    setVisit((visit) => ({ ...visit, number: visit.number + 1 }));
  }, []);
  return { key: current.number, threadId: threadId ?? made, make, reopen };
}

const moved = (visit: Visit, threadId: string | undefined): Visit => ({
  threadId,
  number: threadId && threadId === visit.made ? visit.number : visit.number + 1,
});
