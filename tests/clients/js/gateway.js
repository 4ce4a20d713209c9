// The gateway under test, and the two versions of the SDK that it must serve as they are.
import { Client as One } from "sdk-1";
import { Client as Two } from "sdk-2";

export const url = process.env.RUNLINE_URL;
if (!url) throw new Error("RUNLINE_URL names the gateway; tests/clients/test_javascript.py starts one.");

const options = { apiUrl: url, callerOptions: { maxRetries: 0 } };
export const clients = { "1.15.0": () => new One(options), "2.0.0": () => new Two(options) };

export const log = (...words) => ({ log: words });

export async function collect(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

/** The first events of a stream without end. Leaving the loop would not close the connection; the signal does. */
export async function first(count, open) {
  const parts = [];
  const leaving = new AbortController();
  try {
    for await (const part of open(leaving.signal))
      if (part.event && parts.push(part) === count) leaving.abort();
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  }
  return parts;
}

export const names = (parts) => parts.map((part) => part.event);
export const dataOf = (parts, name) => parts.filter((part) => part.event === name).map((part) => part.data);

export async function until(condition, seconds = 30) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`It did not happen within ${seconds} seconds: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
