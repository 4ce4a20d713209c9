import { useCallback, useEffect, useRef, useState } from "react";

const SPARE = 10;

/** Which rows of a long list are near enough to be drawn, in a box that scrolls and stays at its end if it is there. */
export function useWindow(count: number, rowHeight: number) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const [view, setView] = useState({ top: 0, height: 600 });
  const look = useCallback(() => {
    const element = box.current;
    if (!element) return;
    isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 2 * rowHeight;
    setView({ top: element.scrollTop, height: element.clientHeight });
  }, [rowHeight]);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const resized = new ResizeObserver(look);
    resized.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      resized.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [look]);
  useEffect(() => {
    if (count > 0 && isAtEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [count]);
  return { box, ...rowsIn(view, count, rowHeight) };
}

/** From the first row that is drawn to the one behind the last. */
export function rowsIn({ top, height }: { top: number; height: number }, count: number, rowHeight: number) {
  const first = Math.max(0, Math.min(Math.floor(top / rowHeight) - SPARE, count));
  return { first, end: Math.min(count, Math.ceil((top + height) / rowHeight) + SPARE) };
}
