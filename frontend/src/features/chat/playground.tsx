import { useQueryClient } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useMemo, useState } from "react";
import { newHead, threadHead } from "./api";
import { ChatSkeleton } from "./chat-skeleton";
import type { Hook } from "./search";
import { useVisit } from "./visit";

const chats = {
  classic: lazy(() => import("./classic-chat").then(({ ClassicChat }) => ({ default: ClassicChat }))),
  v2: lazy(() => import("./v2-chat").then(({ V2Chat }) => ({ default: V2Chat }))),
};

interface Props {
  assistantId: string;
  threadId: string | undefined;
  hook: Hook;
  /** By which the hook calls the gateway. */
  caller: { fetch: typeof fetch };
  /** The checkpoint at the end of the branch that is shown. */
  at: string | undefined;
  onThread: (threadId: string) => void;
  onAt: (checkpointId: string | undefined) => void;
  /** What a chat begins with. */
  greeting: ReactNode;
}

/** A chat by one of the hooks. What is being written survives when the hook begins anew. */
export function Playground({ assistantId, hook, caller, at, onThread, onAt, greeting, ...address }: Props) {
  const queries = useQueryClient();
  const { key, threadId, make, reopen } = useVisit(address.threadId, onThread);
  const [draft, setDraft] = useState("");
  const Chat = chats[hook];
  const opening = useMemo(() => {
    const made = (id: string) => {
      queries.setQueryData(threadHead(id).queryKey, newHead(id, assistantId));
      make(id);
    };
    return { assistantId, threadId, caller, onThread: made, onReopen: reopen };
  }, [assistantId, threadId, caller, queries, make, reopen]);
  return (
    <Suspense fallback={<ChatSkeleton />}>
      <Chat
        key={`${hook} ${key}`}
        {...{ opening, threadId, at, onAt, draft, onDraft: setDraft, onReopen: reopen, greeting }}
      />
    </Suspense>
  );
}
