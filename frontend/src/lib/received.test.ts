// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { Received } from "./received";

const address = "http://localhost/threads/one/runs/stream";
const frame = (data: string) => `event: values\ndata: ${data}\nid: 1\n\n`;

/** What a gateway answers; Node's own fetch reads it from the address itself. */
const answering = (text: string, type = "text/event-stream") =>
  vi.stubGlobal("fetch", async () => new Response(text, { headers: { "Content-Type": type } }));
const read = async (received: Received) => (await received.fetch(address, { method: "POST" })).text();
const dataOf = (received: Received) => {
  received.subscribe(() => {})();
  return received.snapshot().map((event) => event.data);
};

afterEach(() => vi.unstubAllGlobals());

test("events are noted with their thread and stream, and readers get every byte", async () => {
  const received = new Received();
  answering(frame("1") + frame("2"));
  expect(await read(received)).toBe(frame("1") + frame("2"));
  await read(received);
  expect(dataOf(received)).toEqual(["1", "2", "1", "2"]);
  expect(received.snapshot()[3]).toMatchObject({
    number: 4,
    id: "1",
    name: "values",
    threadId: "one",
    stream: 2,
    request: "POST /threads/one/runs/stream",
    size: 1,
  });
});

test("answers that are no streams are left as they are", async () => {
  const received = new Received();
  answering(frame("1"), "application/json");
  expect(await read(received)).toBe(frame("1"));
  expect(dataOf(received)).toEqual([]);
});

test("the oldest events go where there are too many, or too long ones", async () => {
  const received = new Received({ events: 3, characters: 10 });
  answering(["1", "2", "3", "4"].map(frame).join(""));
  await read(received);
  expect(dataOf(received)).toEqual(["2", "3", "4"]);
  answering(frame("123456789"));
  await read(received);
  expect(dataOf(received)).toEqual(["4", "123456789"]);
});

test("an event that is longer than all may be does not stay", async () => {
  const received = new Received({ events: 3, characters: 4 });
  answering(frame("12345") + frame("1"));
  await read(received);
  expect(dataOf(received)).toEqual(["1"]);
});

test("listeners are told of many events at once", async () => {
  const received = new Received();
  const listener = vi.fn();
  received.subscribe(listener);
  listener.mockClear();
  answering(frame("1").repeat(50));
  await read(received);
  await vi.waitFor(() => expect(received.snapshot()).toHaveLength(50));
  expect(listener).toHaveBeenCalledOnce();
});
