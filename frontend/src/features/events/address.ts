import type { ReceivedEvent } from "@/lib/received";

/** Where in the run an event is from, and when. */
export interface Address {
  /** The stream mode, or the channel of protocol v2. */
  channel: string;
  /** Names of subgraphs, with the ids of their tasks; empty at the root. */
  namespace: string[];
  /** When it happened if it says so, or else when it came; in milliseconds since 1970. */
  at: number;
}

type Bag = Record<string, unknown>;
const bag = (value: unknown): Bag =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Bag) : {};

const known = new WeakMap<ReceivedEvent, Address>();

/** A classic stream names the namespace in the event's name (`values|inner:1`), protocol v2 in its params. */
export function addressOf(event: ReceivedEvent): Address {
  const address = known.get(event) ?? readAddress(event);
  known.set(event, address);
  return address;
}

function readAddress(event: ReceivedEvent): Address {
  const params = paramsOf(parse(event.data));
  if (params)
    return {
      channel: event.name,
      namespace: Array.isArray(params.namespace) ? params.namespace : [],
      at: typeof params.timestamp === "number" ? params.timestamp : event.at,
    };
  const [channel = "", ...namespace] = event.name.split("|");
  return { channel, namespace, at: event.at };
}

/** What the event says, without what is around it. Any JSON, or text where it is none. */
export function contentOf(event: ReceivedEvent): unknown {
  const data = parse(event.data);
  const params = paramsOf(data);
  return params ? params.data : data;
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

/** The params of an event of protocol v2; undefined for all others. */
function paramsOf(data: unknown): Bag | undefined {
  const { type, params } = bag(data);
  return type === "event" ? bag(params) : undefined;
}
