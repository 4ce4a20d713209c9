import { expect, test } from "vitest";
import { persistent } from "./persistent";

/** A gateway that answers so, one after the other; 0 is that it cannot be reached. */
function gateway(...statuses: number[]) {
  const asked: unknown[] = [];
  const fetch = async (input: unknown) => {
    asked.push(input);
    const status = statuses.shift() ?? 200;
    if (status === 0) throw new TypeError("Failed to fetch");
    return new Response("", { status });
  };
  return { asked, fetch: persistent(fetch, 0) };
}

test("a gateway that is away is asked again", async () => {
  const { asked, fetch } = gateway(0, 503, 200);
  expect((await fetch("/")).status).toBe(200);
  expect(asked).toHaveLength(3);
});

test("a refusal is an answer", async () => {
  const { asked, fetch } = gateway(422);
  expect((await fetch("/")).status).toBe(422);
  expect(asked).toHaveLength(1);
});

test("it gives up in the end", async () => {
  expect((await gateway(...new Array(5).fill(503)).fetch("/")).status).toBe(503);
  await expect(gateway(...new Array(5).fill(0)).fetch("/")).rejects.toThrow("Failed to fetch");
});

test("what was aborted is not tried again", async () => {
  const { asked, fetch } = gateway(0);
  await expect(fetch("/", { signal: AbortSignal.abort() })).rejects.toThrow();
  expect(asked).toHaveLength(1);
});
