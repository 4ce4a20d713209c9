import { Group } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback } from "react";
import { assistantList } from "@/features/assistants/api";
import { AssistantCards } from "@/features/assistants/assistant-cards";
import { AssistantPicker } from "@/features/assistants/assistant-picker";
import { choose } from "@/features/assistants/choice";
import { newHead, threadHead } from "@/features/chat/api";
import { ChatSkeleton } from "@/features/chat/chat-skeleton";
import { ErrorNote } from "@/features/chat/error-note";
import { HookSwitch } from "@/features/chat/hook-switch";
import { Playground } from "@/features/chat/playground";
import type { ChatSearch } from "@/features/chat/search";
import { ThreadUsage } from "@/features/chat/thread-usage";
import classes from "./chat-page.module.css";

const route = getRouteApi("/chat/{-$thread}");

/** The playground: whom to talk to, by which hook, and the conversation. */
export function ChatPage() {
  const { thread: threadId } = route.useParams();
  const { assistant, hook = "v2", at } = route.useSearch();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
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
  const enter = (id: string) => {
    queries.setQueryData(threadHead(id).queryKey, newHead(id, chosen?.assistant_id));
    navigate({ to: "/chat/{-$thread}", params: { thread: id }, search: true, replace: true });
  };
  return (
    <>
      <Group component="header" className={classes.header} justify="space-between" wrap="nowrap" gap="xs">
        <AssistantPicker {...choice} />
        <Group gap="md" wrap="nowrap">
          <ThreadUsage threadId={threadId} />
          <HookSwitch hook={hook} onHook={(hook) => change({ hook })} />
        </Group>
      </Group>
      {assistants.error && <ErrorNote error={assistants.error} onRetry={assistants.refetch} />}
      {chosen && !(threadId && head.isPending) ? (
        <Playground
          {...{ threadId, hook, at }}
          assistantId={chosen.assistant_id}
          greeting={<AssistantCards {...choice} />}
          onThread={enter}
          onAt={(at) => change({ at })}
        />
      ) : (
        assistants.isPending && <ChatSkeleton />
      )}
    </>
  );
}
