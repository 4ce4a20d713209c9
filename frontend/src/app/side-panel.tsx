import { CloseButton, Loader, Tabs } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { type KeyboardEvent, lazy, Suspense, useEffect, useMemo } from "react";
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
  useFocusBack();
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
  };
  const { channels, filter } = search;
  const sieve = useMemo(
    () => ({ channels: channels?.split(",") ?? [], text: filter ?? "" }),
    [channels, filter],
  );
  // where the panel covers the conversation, it makes room for what is shown there
  const isAlone = useMediaQuery("(max-width: 62em)");
  return (
    <aside className={classes.panel} aria-label="Beside the conversation" onKeyDown={onKeyDown}>
      <Tabs
        className={classes.tabs}
        value={panel}
        onChange={(panel) => onSearch({ panel: panel as Panel })}
        keepMounted={false}
      >
        <Tabs.List pr={40} pl="xs">
          <Tabs.Tab value="state">State</Tabs.Tab>
          <Tabs.Tab value="events">Events</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel className={classes.content} value={panel}>
          <Suspense fallback={<Loader type="dots" size="sm" m="md" aria-label="The panel is being opened" />}>
            {panel === "state" ? (
              <StatePanel
                threadId={threadId}
                at={search.at}
                onAt={(at) => onSearch(isAlone ? { at, panel: undefined } : { at })}
              />
            ) : (
              <EventsPanel
                key={threadId}
                {...{ received, threadId, sieve }}
                isListening={search.listen ?? false}
                onListening={(listens) => onSearch({ listen: listens || undefined })}
                onSieve={({ channels, text }) =>
                  onSearch({ channels: channels.join() || undefined, filter: text || undefined })
                }
              />
            )}
          </Suspense>
        </Tabs.Panel>
      </Tabs>
      <CloseButton className={classes.close} aria-label="Close the panel" onClick={close} />
    </aside>
  );
}

/** Whoever was in what has gone is again where they came from. */
function useFocusBack() {
  useEffect(() => {
    const opener = document.activeElement;
    return () => {
      if (document.activeElement === document.body && opener instanceof HTMLElement) opener.focus();
    };
  }, []);
}
