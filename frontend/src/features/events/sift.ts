import type { ReceivedEvent } from "@/lib/received";
import { addressOf } from "./address";

/** Which events are shown: of these channels (of all, if none is named), and with this text somewhere. */
export interface Sieve {
  channels: readonly string[];
  text: string;
}

/** Sifts events again and again, as more of them come: each is looked at once. */
export function newSift({ channels, text }: Sieve) {
  const sought = text.trim().toLowerCase();
  const holds = ({ id, name, data }: ReceivedEvent) => `${id} ${name} ${data}`.toLowerCase().includes(sought);
  const isSought = (event: ReceivedEvent) =>
    (channels.length === 0 || channels.includes(addressOf(event).channel)) && (!sought || holds(event));
  const known = new WeakMap<ReceivedEvent, boolean>();
  return (events: readonly ReceivedEvent[]): ReceivedEvent[] =>
    events.filter((event) => {
      const answer = known.get(event) ?? isSought(event);
      known.set(event, answer);
      return answer;
    });
}

/** The channels that there are, each with the number of its events, in the order of their names. */
export function channelsOf(events: readonly ReceivedEvent[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const event of events) {
    const { channel } = addressOf(event);
    counts.set(channel, (counts.get(channel) ?? 0) + 1);
  }
  return [...counts].sort(([one], [other]) => one.localeCompare(other));
}
