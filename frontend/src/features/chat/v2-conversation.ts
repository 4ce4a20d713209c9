import { useStream } from "@langchain/react";
import { useMemo, useState } from "react";
import { apiUrl, call, Refused } from "@/lib/gateway";
import { type Conversation, human, type Opening, type Said } from "./conversation";
import { newReader, type RawMessage } from "./messages";

type State = { messages?: RawMessage[] };

/** A conversation by the hook of @langchain/react, which speaks protocol v2. */
export function useV2Conversation({ assistantId, threadId, onThread, onReopen }: Opening): Conversation {
  const [read] = useState(newReader);
  const stream = useStream<State>({ apiUrl, assistantId, threadId: threadId ?? null, onThreadId: onThread });
  const { submit, respond, values, isLoading, isThreadLoading, error } = stream;
  // once a run is over, what its models said and the state did not keep is gone, as it will be in the next window
  const messages = isLoading ? stream.messages : (values.messages ?? stream.messages);
  return {
    messages: useMemo(() => read(messages), [read, messages]),
    isLoading,
    isOpening: isThreadLoading,
    error: isLoading ? undefined : error,
    say: (said, from) => submit(says(said), { forkFrom: from?.checkpointId }),
    queue: (said) =>
      enqueue(threadId, { assistant_id: assistantId, input: says(said), multitaskStrategy: "enqueue" }),
    answer: (interruptId, value) => respond(value, { interruptId }),
    goOn: () => submit(null),
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
