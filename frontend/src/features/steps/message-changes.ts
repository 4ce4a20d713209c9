import { type ChatMessage, readMessages } from "@/lib/messages";
import { same } from "./changes";

/** What became of a list of messages. */
export interface MessageChanges {
  added: ChatMessage[];
  removed: ChatMessage[];
  /** As they were, and as they are. */
  changed: [ChatMessage, ChatMessage][];
}

/** Compare two lists of messages by the messages' ids; undefined if these are no such lists, or differ in nothing shown. */
export function messageChanges(before: unknown, after: unknown): MessageChanges | undefined {
  const [old, now] = [byId(before ?? []), byId(after ?? [])];
  if (!old || !now) return undefined;
  const changes: MessageChanges = {
    added: [...now.values()].filter(({ id }) => !old.has(id)),
    removed: [...old.values()].filter(({ id }) => !now.has(id)),
    changed: [...now.values()].flatMap((message) => {
      const was = old.get(message.id);
      return was && !same(was, message) ? [[was, message]] : [];
    }),
  };
  return Object.values(changes).some((list) => list.length > 0) ? changes : undefined;
}

function byId(list: unknown): Map<string, ChatMessage> | undefined {
  const messages = readMessages(list);
  if (!Array.isArray(list) || messages.length < list.length) return undefined;
  return new Map(messages.map((message) => [message.id, message]));
}
