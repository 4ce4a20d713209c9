import { type Frame, newFrameReader } from "./frames";

/** An event as it was received. */
export interface ReceivedEvent extends Frame {
  /** Grows by one with each event that this page receives. */
  number: number;
  /** When it came, in milliseconds since 1970. */
  at: number;
  threadId: string;
  /** What was asked for its stream, such as `POST /threads/…/stream/events`. */
  request: string;
  /** Streams of this page are counted from 1. */
  stream: number;
  /** Length of its data. */
  size: number;
}

interface Limits {
  events: number;
  /** Of all events together. */
  characters: number;
}

const LIMITS: Limits = { events: 5000, characters: 16_000_000 };
const TELLING = 100;

/** Notes the events of all streams that are read by its `fetch`; the oldest go where there are too many. */
export class Received {
  private events: ReceivedEvent[] = [];
  private characters = 0;
  private streams = 0;
  private count = 0;
  private listeners = new Set<() => void>();
  private telling: ReturnType<typeof setTimeout> | undefined;
  private told: readonly ReceivedEvent[] = [];

  constructor(private readonly limits = LIMITS) {}

  /** As the browser's own; readers get each piece before it is looked at here. */
  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const answer = await fetch(input, init);
    const isStream = answer.headers.get("Content-Type")?.startsWith("text/event-stream");
    if (!isStream || !answer.body) return answer;
    const { status, statusText, headers } = answer;
    const url = input instanceof Request ? input.url : String(input);
    const noting = this.noting(new URL(url, location.href).pathname, init?.method ?? "GET");
    return new Response(answer.body.pipeThrough(noting), { status, statusText, headers });
  };

  /** What a store of React is: the events so far, as an array that is another one when there are more. */
  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    this.tell();
    return () => {
      this.listeners.delete(listener);
    };
  };
  readonly snapshot = () => this.told;

  /** Forget what was received so far. */
  readonly clear = () => {
    this.events = [];
    this.characters = 0;
    this.tell();
  };

  private noting(path: string, method: string) {
    const threadId = /\/threads\/([^/]+)/.exec(path)?.[1] ?? "";
    const about = { threadId, request: `${method} ${path}`, stream: ++this.streams };
    const text = new TextDecoder();
    const read = newFrameReader((frame) =>
      this.note({ ...frame, ...about, number: ++this.count, at: Date.now(), size: frame.data.length }),
    );
    return new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (piece, readers) => {
        readers.enqueue(piece);
        read(text.decode(piece, { stream: true }));
      },
    });
  }

  private note(event: ReceivedEvent) {
    this.events.push(event);
    this.characters += event.size;
    while (this.events.length > this.limits.events || this.characters > this.limits.characters)
      this.characters -= this.events.shift()?.size ?? this.characters;
    if (this.listeners.size > 0) this.telling ??= setTimeout(() => this.tell(), TELLING);
  }

  private tell() {
    clearTimeout(this.telling);
    this.telling = undefined;
    this.told = [...this.events];
    for (const listener of this.listeners) listener();
  }
}
