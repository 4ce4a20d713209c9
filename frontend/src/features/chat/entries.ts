import type { ChatMessage, ToolCall } from "@/lib/messages";

/** A call of a tool, and what the tool has answered. */
export interface Card {
  call: ToolCall;
  result?: ChatMessage;
}

/** A line of the conversation: a message, and the calls it made. */
export interface Entry {
  message: ChatMessage;
  cards: Card[];
}

/** Arranges messages again and again: an entry that has not changed is the same object as before. */
export function newArranger() {
  let known = new Map<string, Entry>();
  return (messages: readonly ChatMessage[]): Entry[] => {
    const entries = entriesOf(messages).map((entry) => {
      const before = known.get(entry.message.id);
      return before && isSame(before, entry) ? before : entry;
    });
    known = new Map(entries.map((entry) => [entry.message.id, entry]));
    return entries;
  };
}

const isSame = (one: Entry, other: Entry) =>
  one.message === other.message &&
  one.cards.length === other.cards.length &&
  one.cards.every(
    ({ call, result }, place) => call === other.cards[place]?.call && result === other.cards[place]?.result,
  );

/** Put results to their calls. A result whose call is not there stands for itself. */
export function entriesOf(messages: readonly ChatMessage[]): Entry[] {
  const calls = new Set(messages.flatMap((message) => message.toolCalls.map((call) => call.id)));
  return messages.flatMap((message, place) => {
    if (message.kind !== "tool") return [{ message, cards: cardsOf(message, messages.slice(place + 1)) }];
    return calls.has(message.toolCallId ?? "") ? [] : [{ message, cards: [strayCard(message)] }];
  });
}

const cardsOf = (message: ChatMessage, later: readonly ChatMessage[]): Card[] =>
  message.toolCalls.map((call) => ({ call, result: later.find((one) => one.toolCallId === call.id) }));

const strayCard = (result: ChatMessage): Card => ({
  call: { id: result.toolCallId ?? result.id, name: result.name ?? "tool", args: undefined },
  result,
});

/** Whether an entry is what the agent says and nothing else. */
export const isSpeech = (entry: Entry | undefined): boolean =>
  entry?.message.kind === "ai" && entry.message.text !== "" && entry.cards.length === 0;
