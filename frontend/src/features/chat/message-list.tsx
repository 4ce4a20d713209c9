import { Loader, Stack } from "@mantine/core";
import { useMemo } from "react";
import { AiMessage } from "./ai-message";
import type { ThreadUsage } from "./api";
import type { Fork } from "./branches";
import classes from "./chat.module.css";
import { type Entry, entriesOf } from "./entries";
import { HumanMessage } from "./human-message";
import type { ChatMessage } from "./messages";
import { ToolCard } from "./tool-card";
import { TurnUsage } from "./turn-usage";
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
  const usageBehind = (place: number) => {
    const run = runs.get(entries[place]?.message.id ?? "");
    const next = entries[place + 1];
    return run && run !== runs.get(next?.message.id ?? "") && !(isLoading && !next)
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
        {entries.map(({ message, cards }, place) => (
          <div key={message.id} className={classes.entry}>
            <Stack gap="xs">
              {message.kind === "human" ? (
                <HumanMessage message={message} fork={forks.get(message.id)} {...{ onAt, onEdit }} />
              ) : (
                message.kind !== "tool" && (
                  <AiMessage message={message} isGrowing={isLoading && place === entries.length - 1} />
                )
              )}
              {cards.map((card) => (
                <ToolCard key={card.call.id} {...card} isLive={isLoading} />
              ))}
              <TurnUsage usage={usageBehind(place)} />
            </Stack>
          </div>
        ))}
        {isLoading && !isSpeaking(last) && <Loader type="dots" size="sm" aria-label="The agent is at work" />}
      </Stack>
    </div>
  );
}

const isSpeaking = (entry: Entry | undefined) => entry?.message.kind === "ai" && entry.message.text !== "";
