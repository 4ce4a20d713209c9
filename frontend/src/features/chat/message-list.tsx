import { Stack } from "@mantine/core";
import { useMemo } from "react";
import type { ChatMessage } from "@/lib/messages";
import { AtWork } from "./at-work";
import type { Fork } from "./branches";
import classes from "./chat.module.css";
import { entriesOf, isSpeech } from "./entries";
import { EntryLine } from "./entry-line";
import type { Turn } from "./turns";
import { useStickToEnd } from "./use-stick-to-end";

interface Props {
  messages: readonly ChatMessage[];
  forks: ReadonlyMap<string, Fork>;
  /** The run that said each message, by the message's id. */
  runs: ReadonlyMap<string, string>;
  turns: ReadonlyMap<string, Turn>;
  isLoading: boolean;
  onAt: (checkpointId: string) => void;
  onEdit?: (id: string, text: string) => void;
}

/** The conversation, which stays at its end while it grows, unless one has scrolled up. */
export function MessageList({ messages, forks, runs, turns, isLoading, onAt, onEdit }: Props) {
  const entries = useMemo(() => entriesOf(messages), [messages]);
  const scroll = useStickToEnd(messages);
  const last = entries.at(-1);
  const runAt = (place: number) => runs.get(entries[place]?.message.id ?? "");
  const turnBehind = (place: number) => {
    const run = runAt(place);
    return run && run !== runAt(place + 1) && !(isLoading && place === entries.length - 1)
      ? turns.get(run)
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
            turn={turnBehind(place)}
            isLive={isLoading}
            isLast={entry === last}
          />
        ))}
        {isLoading && !isSpeech(last) && <AtWork />}
      </Stack>
    </div>
  );
}
