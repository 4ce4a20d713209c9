import { useMemo, useRef } from "react";
import { type ChatMessage, readMessages } from "@/lib/messages";
import type { Past } from "./branches";
import { TELLING, tellingOf } from "./told";

/** The messages of a conversation; `newest` is the thread's state if it is at rest and that was read since. */
export function useTold(told: readonly ChatMessage[], newest: Past | undefined): readonly ChatMessage[] {
  const telling = useRef(TELLING);
  const kept = useMemo(() => newest && readMessages(newest.values.messages), [newest]);
  return useMemo(() => {
    telling.current = tellingOf(told, kept, telling.current);
    return telling.current.messages;
  }, [told, kept]);
}
