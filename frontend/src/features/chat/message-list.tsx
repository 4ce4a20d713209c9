import { Loader, Stack } from "@mantine/core";
import { useMemo } from "react";
import type { ThreadUsage } from "./api";
import type { Fork } from "./branches";
import classes from "./chat.module.css";
import { entriesOf, isSpeech } from "./entries";
import { EntryLine } from "./entry-line";
import type { ChatMessage } from "./messages";
import { useStickToEnd } from "./use-stick-to-end";

interface Props {
  messages: readonly ChatMessage[];
  forks: ReadonlyMap<string, Fork>;
  /** The run that said each message, by the message's id. */
  runs: ReadonlyMap<string, string>;
  usage: ThreadUsage["by_run"] | undefined;
  isLoading: boolean;
  onAt: (checkpointId: string) => void;
  onEdit?: (id: string, text: string) => void;
}

/** The conversation, which stays at its end while it grows, unless one has scrolled up. */
export function MessageList({ messages, forks, runs, usage, isLoading, onAt, onEdit }: Props) {
  const entries = useMemo(() => entriesOf(messages), [messages]);
  const scroll = useStickToEnd(messages);
  const last = entries.at(-1);
  const runAt = (place: number) => runs.get(entries[place]?.message.id ?? "");
  const usageBehind = (place: number) => {
    const run = runAt(place);
    return run && run !== runAt(place + 1) && !(isLoading && place === entries.length - 1)
      ? usage?.[run]
      : undefined;
  };
  return (
    <div ref={scroll} className={classes.scroll}>
      <Stack
        className={classes.column}
        gap="sm"
        py="lg"
        role="log"
        aria-label="Conversation"
        aria-busy={isLoading}
      >
        {entries.map((entry, place) => (
          <EntryLine
            key={entry.message.id}
            {...{ entry, onAt, onEdit }}
            fork={forks.get(entry.message.id)}
            usage={usageBehind(place)}
            isLive={isLoading}
            isLast={entry === last}
          />
        ))}
        {isLoading && !isSpeech(last) && <Loader type="dots" size="sm" aria-label="The agent is at work" />}
      </Stack>
    </div>
  );
}
