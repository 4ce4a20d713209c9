import { CloseButton, Loader, Tabs } from "@mantine/core";
import { type KeyboardEvent, lazy, Suspense } from "react";
import type { ChatSearch, Panel } from "@/features/chat/search";
import type { Received } from "@/lib/received";
import classes from "./side-panel.module.css";

const StatePanel = lazy(() => import("./state-panel").then(({ StatePanel }) => ({ default: StatePanel })));
const EventsPanel = lazy(() =>
  import("@/features/events/events-panel").then(({ EventsPanel }) => ({ default: EventsPanel })),
);

interface Props {
  panel: Panel;
  threadId: string | undefined;
  received: Received;
  search: ChatSearch;
  onSearch: (change: ChatSearch) => void;
}

/** What stands beside the conversation, and on a narrow screen in its place. Escape closes it. */
export function SidePanel({ panel, threadId, received, search, onSearch }: Props) {
  const close = () => onSearch({ panel: undefined });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
  };
  const sieve = { channels: search.channels?.split(",") ?? [], text: search.filter ?? "" };
  return (
    <aside className={classes.panel} aria-label="Beside the conversation" onKeyDown={onKeyDown}>
      <Tabs value={panel} onChange={(panel) => onSearch({ panel: panel as Panel })} keepMounted={false}>
        <Tabs.List pr={40} pl="xs">
          <Tabs.Tab value="state">State</Tabs.Tab>
          <Tabs.Tab value="events">Events</Tabs.Tab>
        </Tabs.List>
      </Tabs>
      <CloseButton className={classes.close} aria-label="Close the panel" onClick={close} />
      <div className={classes.content}>
        <Suspense fallback={<Loader type="dots" size="sm" m="md" aria-label="The panel is being opened" />}>
          {panel === "state" ? (
            <StatePanel threadId={threadId} at={search.at} onAt={(at) => onSearch({ at })} />
          ) : (
            <EventsPanel
              {...{ received, threadId, sieve }}
              isListening={search.listen ?? false}
              onListening={(listens) => onSearch({ listen: listens || undefined })}
              onSieve={({ channels, text }) =>
                onSearch({ channels: channels.join() || undefined, filter: text || undefined })
              }
            />
          )}
        </Suspense>
      </div>
    </aside>
  );
}
