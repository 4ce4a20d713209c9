import { readMessages } from "@/lib/messages";
import type { Run } from "./api";
import type { Said } from "./conversation";

/** A message with an id of its own, by which the server's echo of it is known. */
export const newSaid = (text: string): Said => ({ id: newId(), text });

/** `crypto.randomUUID` is there on https and on this machine alone. */
function newId(): string {
  if (isSecureContext) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** What a person has said to start a run; empty for runs that were started otherwise. */
export const saidOf = (run: Run): string =>
  readMessages(run.kwargs.input?.messages)
    .filter((message) => message.kind === "human")
    .map((message) => message.text)
    .join("\n\n");
