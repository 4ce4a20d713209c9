import { useEffect, useState } from "react";
import { apiUrl } from "@/lib/gateway";
import type { Received } from "@/lib/received";

const CHANNELS = [
  "values",
  "updates",
  "messages",
  "tools",
  "lifecycle",
  "input",
  "checkpoints",
  "tasks",
  "custom",
];

/** Listen to all that happens on a thread, from the first event that is kept; tells what went wrong, if anything did. */
export function useListening(received: Received, threadId: string | undefined): string | undefined {
  const [error, setError] = useState<string>();
  useEffect(() => {
    setError(undefined);
    if (!threadId) return;
    const leaving = new AbortController();
    listen(received, threadId, leaving.signal).catch((error) => {
      if (!leaving.signal.aborted) setError(String(error.message ?? error));
    });
    return () => leaving.abort();
  }, [received, threadId]);
  return error;
}

/** Read to the end, which comes when one leaves, or the gateway does. */
async function listen(received: Received, threadId: string, signal: AbortSignal) {
  const answer = await received.fetch(`${apiUrl}/threads/${threadId}/stream/events`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ channels: CHANNELS, since: 0 }),
    signal,
  });
  if (!answer.ok) throw new Error(`the gateway answers with ${answer.status}`);
  await answer.body?.pipeTo(new WritableStream());
  throw new Error("the stream has ended");
}
