import type { ReceivedEvent } from "@/lib/received";
import { addressOf } from "./address";

/** Which events are shown: of these channels (of all, if none is named), and with this text somewhere. */
export interface Sieve {
  channels: readonly string[];
  text: string;
}

export function sift(events: readonly ReceivedEvent[], { channels, text }: Sieve): ReceivedEvent[] {
  const sought = text.trim().toLowerCase();
  const holds = (event: ReceivedEvent) =>
    !sought || `${event.id} ${event.name} ${event.data}`.toLowerCase().includes(sought);
  return events.filter(
    (event) => (channels.length === 0 || channels.includes(addressOf(event).channel)) && holds(event),
  );
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
