import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { assistantList } from "@/features/assistants/api";
import { AssistantCards } from "@/features/assistants/assistant-cards";
import { choose } from "@/features/assistants/choice";
import { threadHead } from "@/features/chat/api";
import { ChatSkeleton } from "@/features/chat/chat-skeleton";
import { ErrorNote } from "@/features/chat/error-note";
import { Playground } from "@/features/chat/playground";
import type { ChatSearch } from "@/features/chat/search";
import { Received } from "@/lib/received";
import { ChatHeader } from "./chat-header";
import classes from "./chat-page.module.css";

const SidePanel = lazy(() => import("./side-panel").then(({ SidePanel }) => ({ default: SidePanel })));

const route = getRouteApi("/chat/{-$thread}");

/** The playground: whom to talk to, by which hook, the conversation, and what stands beside it. */
export function ChatPage() {
  const { thread: threadId } = route.useParams();
  const search = route.useSearch();
  const { assistant, hook = "v2", at, panel } = search;
  const [received] = useState(() => new Received());
  const caller = useMemo(() => ({ fetch: received.fetch }), [received]);
  const navigate = route.useNavigate();
  const assistants = useQuery(assistantList);
  const head = useQuery(threadHead(threadId));
  const chosen = choose(assistants.data ?? [], assistant, head.data?.metadata.assistant_id);
  const change = useCallback(
    (change: ChatSearch) =>
      navigate({ to: ".", search: (search) => ({ ...search, ...change }), replace: true }),
    [navigate],
  );
  const choice = {
    all: assistants.data ?? [],
    chosen: chosen?.assistant_id,
    onChoose: (id: string) => change({ assistant: id }),
  };
  const enter = (id: string) =>
    navigate({ to: "/chat/{-$thread}", params: { thread: id }, search: true, replace: true });
  return (
    <>
      <ChatHeader {...{ choice, threadId, hook, search }} onSearch={change} />
      <div className={classes.body}>
        <main className={classes.chat}>
          {assistants.error && <ErrorNote error={assistants.error} onRetry={assistants.refetch} />}
          {chosen && !(threadId && head.isPending) ? (
            <Playground
              {...{ threadId, hook, caller, at }}
              assistantId={chosen.assistant_id}
              greeting={<AssistantCards {...choice} />}
              onThread={enter}
              onAt={(at) => change({ at })}
            />
          ) : (
            assistants.isPending && <ChatSkeleton />
          )}
        </main>
        <Suspense>
          {panel && <SidePanel {...{ panel, threadId, received, search }} onSearch={change} />}
        </Suspense>
      </div>
    </>
  );
}
