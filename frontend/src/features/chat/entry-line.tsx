import { Stack } from "@mantine/core";
import { memo } from "react";
import { AiMessage } from "./ai-message";
import type { Fork } from "./branches";
import classes from "./chat.module.css";
import { type Entry, isSpeech } from "./entries";
import { HumanMessage } from "./human-message";
import { ToolCard } from "./tool-card";
import { TurnLine } from "./turn-line";
import type { Turn } from "./turns";

interface Props {
  entry: Entry;
  fork: Fork | undefined;
  /** The run that ends with this entry. */
  turn: Turn | undefined;
  isLive: boolean;
  isLast: boolean;
  onAt: (checkpointId: string) => void;
  onEdit?: (id: string, text: string) => void;
}

/** One line of the conversation, with the cards of its calls. Long conversations have many: each is rendered for itself. */
export const EntryLine = memo(({ entry, fork, turn, isLive, isLast, onAt, onEdit }: Props) => {
  const { message, cards } = entry;
  const isLastWord = isSpeech(entry);
  return (
    <Stack gap="xs" className={classes.entry}>
      {message.kind === "human" && <HumanMessage {...{ message, fork, onAt, onEdit }} />}
      {(message.kind === "ai" || message.kind === "system") && (
        <AiMessage message={message} isGrowing={isLive && isLast} turn={isLastWord ? turn : undefined} />
      )}
      {cards.map((card) => (
        <ToolCard key={card.call.id} {...card} isLive={isLive} />
      ))}
      {!isLastWord && <TurnLine turn={turn} />}
    </Stack>
  );
});
