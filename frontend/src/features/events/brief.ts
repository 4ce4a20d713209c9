import type { ReceivedEvent } from "@/lib/received";
import { contentOf } from "./address";

const LENGTH = 160;

/** The beginning of what an event says, on one line; of a piece of a message, its text. */
export function briefOf(event: ReceivedEvent): string {
  const content = contentOf(event);
  const text = pieceOf(content) ?? (typeof content === "string" ? content : JSON.stringify(content));
  return (text ?? "").slice(0, LENGTH).replace(/\s+/g, " ");
}

type Bag = Record<string, unknown>;
const bag = (value: unknown): Bag => (typeof value === "object" && value !== null ? (value as Bag) : {});

/** Of a classic `[chunk, metadata]`, or of a block's delta of protocol v2. */
function pieceOf(content: unknown): string | undefined {
  const chunk = Array.isArray(content) ? bag(content[0]).content : bag(bag(content).delta).text;
  return typeof chunk === "string" && chunk ? JSON.stringify(chunk) : undefined;
}
