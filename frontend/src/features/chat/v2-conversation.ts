import { useStream } from "@langchain/react";
import { useMemo, useState } from "react";
import { apiUrl, call, Refused } from "@/lib/gateway";
import { newReader, type RawMessage } from "@/lib/messages";
import { type Conversation, human, type Opening, type Said } from "./conversation";
import { persistent } from "./persistent";

type State = { messages?: RawMessage[] };

/** A conversation by the hook of @langchain/react, which speaks protocol v2. */
export function useV2Conversation(opening: Opening): Conversation {
  const { assistantId, threadId, caller, onThread, onReopen } = opening;
  const [read] = useState(newReader);
  // with a fetch of ours, the hook does not try its commands again
  const steady = useMemo(() => persistent(caller.fetch), [caller]);
  const stream = useStream<State>({
    apiUrl,
    fetch: steady,
    assistantId,
    threadId: threadId ?? null,
    onThreadId: onThread,
  });
  const { submit, respond, messages, isLoading, isThreadLoading, error } = stream;
  return {
    messages: useMemo(() => read(messages), [read, messages]),
    isLoading,
    isOpening: isThreadLoading,
    error: isLoading ? undefined : error,
    say: (said, from) => submit(says(said), { forkFrom: from?.checkpointId }),
    queue: (said) =>
      enqueue(threadId, { assistant_id: assistantId, input: says(said), multitaskStrategy: "enqueue" }),
    answer: (interruptId, value) => respond(value, { interruptId }),
    goOn: (from) => submit(null, { forkFrom: from?.checkpointId }),
    // the hook listens to threads that are at work when it opens them
    follow: onReopen,
  };
}

const says = (said: Said) => ({ messages: [human(said)] });

/** The hook's own queue would be lost with the page. Throws Refused. */
async function enqueue(threadId: string | undefined, params: object) {
  const answer = await call<{ type: string; message?: string }>(`/threads/${threadId}/commands`, {
    id: Date.now(),
    method: "run.start",
    params,
  });
  if (answer.type === "error") throw new Refused(200, answer.message ?? "The message was not queued.");
}
