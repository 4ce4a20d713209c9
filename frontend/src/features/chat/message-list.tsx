import { Stack } from "@mantine/core";
import { useDeferredValue, useMemo, useState } from "react";
import type { ChatMessage } from "@/lib/messages";
import { AtWork } from "./at-work";
import type { Fork } from "./branches";
import classes from "./chat.module.css";
import { isSpeech, newArranger } from "./entries";
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
  /** Whether the messages have not come yet. */
  isOpening: boolean;
  onAt: (checkpointId: string) => void;
  onEdit?: (id: string, text: string) => void;
}

/** The conversation, which stays at its end while it grows, unless one has scrolled up. */
export function MessageList({ messages, forks, runs, turns, isLoading, isOpening, onAt, onEdit }: Props) {
  const [arrange] = useState(newArranger);
  const entries = useMemo(() => arrange(messages), [arrange, messages]);
  // it changes in all lines as a run begins: the message that was sent is to be seen before
  const onEditing = useDeferredValue(onEdit);
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
        aria-busy={isLoading || isOpening}
      >
        {entries.map((entry, place) => (
          <EntryLine
            key={entry.message.id}
            {...{ entry, onAt }}
            onEdit={onEditing}
            fork={forks.get(entry.message.id)}
            turn={turnBehind(place)}
            isLive={isLoading && (entry === last || entry.cards.length > 0)}
            isLast={entry === last}
          />
        ))}
        {isLoading && !isSpeech(last) && <AtWork />}
      </Stack>
    </div>
  );
}
