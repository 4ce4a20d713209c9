import { Group, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { Eraser, Radio, Search } from "lucide-react";
import { useMemo, useState, useSyncExternalStore } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import type { Received } from "@/lib/received";
import { ChannelFilter } from "./channel-filter";
import { EventDetail } from "./event-detail";
import { EventList } from "./event-list";
import classes from "./events.module.css";
import { NoEvents } from "./no-events";
import { channelsOf, newSift, type Sieve } from "./sift";
import { ToolButton } from "./tool-button";
import { useListening } from "./use-listening";

interface Props {
  received: Received;
  threadId: string | undefined;
  sieve: Sieve;
  onSieve: (sieve: Sieve) => void;
  /** Whether all channels are listened to, beside what the conversation listens to. */
  isListening: boolean;
  onListening: (listens: boolean) => void;
}

/** Every event that this page has received of a thread, as it came. */
export function EventsPanel({ received, threadId, sieve, onSieve, isListening, onListening }: Props) {
  const error = useListening(received, isListening ? threadId : undefined);
  const all = useSyncExternalStore(received.subscribe, received.snapshot);
  const ofThread = useMemo(() => all.filter((event) => event.threadId === threadId), [all, threadId]);
  const channels = useMemo(() => channelsOf(ofThread), [ofThread]);
  const { channels: chosenChannels } = sieve;
  // the URL follows a moment behind what is typed
  const [text, setText] = useState(sieve.text);
  const tell = useDebouncedCallback((text: string) => onSieve({ ...sieve, text }), 300);
  const sift = useMemo(() => newSift({ channels: chosenChannels, text }), [chosenChannels, text]);
  const shown = useMemo(() => sift(ofThread), [sift, ofThread]);
  const [chosen, setChosen] = useState<number>();
  const event = shown.find((one) => one.number === chosen);
  return (
    <section className={classes.panel} aria-label="Events">
      <div className={classes.tools}>
        <Group gap={6} wrap="nowrap">
          <TextInput
            flex={1}
            size="xs"
            aria-label="Filter events"
            placeholder="Filter by text, id or namespace"
            leftSection={<Search size={13} />}
            value={text}
            onChange={({ currentTarget: { value } }) => {
              setText(value);
              tell(value);
            }}
          />
          <CopyButton value={() => linesOf(shown)} label="Copy what is shown, as lines of JSON" />
          <ToolButton
            label="Listen to all channels, from the first event that is kept"
            icon={Radio}
            isOn={isListening}
            onClick={() => onListening(!isListening)}
          />
          <ToolButton label="Forget what was received" icon={Eraser} onClick={received.clear} />
        </Group>
        <ChannelFilter
          channels={channels}
          chosen={chosenChannels}
          onChoose={(channels) => onSieve({ channels, text })}
        />
      </div>
      {error && (
        <Text fz="sm" c="red" role="alert" px="sm">
          {`The events cannot be listened to: ${error}`}
        </Text>
      )}
      {shown.length > 0 ? (
        <EventList events={shown} chosen={chosen} onChoose={setChosen} />
      ) : (
        <NoEvents
          isFiltered={ofThread.length > 0}
          onListen={isListening || !threadId ? undefined : () => onListening(true)}
        />
      )}
      {event && <EventDetail event={event} onClose={() => setChosen(undefined)} />}
    </section>
  );
}

/** One line of JSON for each event. */
const linesOf = (events: readonly { id: string; name: string; data: string; at: number }[]) =>
  events
    .map(({ id, name, data, at }) =>
      JSON.stringify({ id, event: name, data, received_at: new Date(at).toISOString() }),
    )
    .join("\n");
