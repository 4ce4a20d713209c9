import { Box, Group } from "@mantine/core";
import { type ComponentProps, lazy, Suspense } from "react";
import { AssistantPicker } from "@/features/assistants/assistant-picker";
import { HookSwitch } from "@/features/chat/hook-switch";
import type { ChatSearch, Hook } from "@/features/chat/search";
import { ThreadUsage } from "@/features/chat/thread-usage";
import classes from "./chat-page.module.css";
import { PanelSwitch } from "./panel-switch";

const CopyRequest = lazy(() =>
  import("@/features/chat/copy-request").then(({ CopyRequest }) => ({ default: CopyRequest })),
);

interface Props {
  choice: ComponentProps<typeof AssistantPicker>;
  threadId: string | undefined;
  hook: Hook;
  search: ChatSearch;
  onSearch: (change: ChatSearch) => void;
}

/** Above the conversation: whom to talk to, by which hook, and what else can be seen of it. */
export function ChatHeader({ choice, threadId, hook, search, onSearch }: Props) {
  return (
    <header className={classes.header}>
      <AssistantPicker {...choice} />
      <Group wrap="nowrap" ml="auto">
        <ThreadUsage threadId={threadId} />
      </Group>
      <div className={classes.tools}>
        <HookSwitch hook={hook} onHook={(hook) => onSearch({ hook })} />
        <Group gap={2} wrap="nowrap">
          <Suspense fallback={<Box w={34} />}>
            <CopyRequest threadId={threadId} />
          </Suspense>
          <PanelSwitch panel={search.panel} onPanel={(panel) => onSearch({ panel })} />
        </Group>
      </div>
    </header>
  );
}
