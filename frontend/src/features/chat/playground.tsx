import { lazy, type ReactNode, Suspense, useMemo, useState } from "react";
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
export function Playground({ assistantId, threadId, hook, caller, at, onThread, onAt, greeting }: Props) {
  const { key, made, reopen } = useVisit(threadId, onThread);
  const [draft, setDraft] = useState("");
  const Chat = chats[hook];
  const opening = useMemo(
    () => ({ assistantId, threadId, caller, onThread: made, onReopen: reopen }),
    [assistantId, threadId, caller, made, reopen],
  );
  return (
    <Suspense fallback={<ChatSkeleton />}>
      <Chat
        key={`${hook} ${key}`}
        {...{ opening, threadId, at, onAt, draft, onDraft: setDraft, onReopen: reopen, greeting }}
      />
    </Suspense>
  );
}
