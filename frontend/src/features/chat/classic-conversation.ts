import { useStream } from "langgraph-sdk-classic/react";
import { useMemo, useState } from "react";
import { apiUrl, call } from "@/lib/gateway";
import { newReader, type RawMessage } from "@/lib/messages";
import { type Conversation, type Departure, human, type Opening, type Said } from "./conversation";

type State = { messages?: RawMessage[] };

/** A conversation by the hook of @langchain/langgraph-sdk/react. */
export function useClassicConversation({ assistantId, threadId, caller, onThread }: Opening): Conversation {
  // the hook's own `error` may be that of a task of an earlier run
  const [error, setError] = useState<unknown>();
  const [read] = useState(newReader);
  const stream = useStream<State>({
    apiUrl,
    callerOptions: caller,
    assistantId,
    threadId: threadId ?? null,
    onThreadId: onThread,
    onFinish: readStateAgain,
    onError: setError,
    onCreated: () => setError(undefined),
  });
  const { submit, joinStream, messages, isLoading, isThreadLoading } = stream;
  return {
    messages: useMemo(() => read(messages), [read, messages]),
    isLoading,
    isOpening: isThreadLoading,
    error: isLoading ? undefined : error,
    say: (said, from) =>
      submit(says(said), {
        ...going,
        checkpoint: from && checkpointOf(from),
        optimisticValues: ({ messages = [] }) => ({
          messages: [...messages.slice(0, from ? from.kept.length : messages.length), human(said)],
        }),
      }),
    queue: (said) =>
      call(`/threads/${threadId}/runs`, {
        assistant_id: assistantId,
        input: says(said),
        multitask_strategy: "enqueue",
      }),
    answer: (interruptId, value) =>
      submit(undefined, { ...going, command: { resume: { [interruptId]: value } } }),
    goOn: (from) => submit(null, { ...going, checkpoint: from && checkpointOf(from) }),
    follow: (runId) => joinStream(runId),
  };
}

/** A page that is loaded again finds its run still running. */
const going = { onDisconnect: "continue" } as const;

const checkpointOf = ({ checkpointId }: Departure) => ({
  checkpoint_id: checkpointId,
  checkpoint_ns: "",
  checkpoint_map: null,
});

const says = (said: Said) => ({ messages: [human(said)] });

/** The hook reads the state again after a run only for somebody who waits for it. */
function readStateAgain() {}
