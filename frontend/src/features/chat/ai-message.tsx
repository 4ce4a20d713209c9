import { Box, Group, Text } from "@mantine/core";
import { lazy, memo, Suspense } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import type { ChatMessage } from "@/lib/messages";
import classes from "./chat.module.css";
import { Reasoning } from "./reasoning";
import { TurnLine } from "./turn-line";
import type { Turn } from "./turns";

const loading = import("./markdown");
const Markdown = lazy(() => loading.then(({ Markdown }) => ({ default: Markdown })));

interface Props {
  message: ChatMessage;
  isGrowing: boolean;
  /** The run whose last words these are. */
  turn: Turn | undefined;
}

/** What the agent has said, or is saying. */
export const AiMessage = memo(({ message, isGrowing, turn }: Props) => {
  const { text, reasoning, kind } = message;
  return (
    <Box data-kind={kind}>
      {kind === "system" && (
        <Text fz="xs" c="dimmed" fw={600}>
          System
        </Text>
      )}
      {reasoning && <Reasoning text={reasoning} isGrowing={isGrowing && !text} />}
      {text && (
        <>
          <Suspense fallback={<Text style={{ whiteSpace: "pre-wrap" }}>{text}</Text>}>
            <Markdown text={text} />
          </Suspense>
          <Group gap="xs" mt={2} mih={22}>
            <TurnLine turn={turn} />
            <span className={classes.line}>
              {!isGrowing && <CopyButton value={text} label="Copy the answer" />}
            </span>
          </Group>
        </>
      )}
    </Box>
  );
});
