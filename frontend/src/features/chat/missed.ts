import { type ChatMessage, readMessages } from "@/lib/messages";
import type { Past } from "./branches";

/** The newest checkpoint, if it holds a message that has not been told; undefined if nothing was missed. */
export function missedBy(told: readonly ChatMessage[], history: readonly Past[]): string | undefined {
  const [newest] = history;
  const ids = new Set(told.map((message) => message.id));
  const isMissed = readMessages(newest?.values.messages).some((message) => !ids.has(message.id));
  return isMissed ? newest?.checkpoint.checkpoint_id : undefined;
}
