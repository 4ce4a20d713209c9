import { type ReactNode, useDeferredValue } from "react";

/** What nobody waits for: it is rendered when all else is to be seen. */
export function Later({ children }: { children: ReactNode }) {
  return useDeferredValue(true, false) ? children : null;
}
