import { Box, Group, Text } from "@mantine/core";
import { lazy, memo, Suspense } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import classes from "./chat.module.css";
import type { ChatMessage } from "./messages";
import { Reasoning } from "./reasoning";

const loading = import("./markdown");
const Markdown = lazy(() => loading.then(({ Markdown }) => ({ default: Markdown })));

/** What the agent has said, or is saying. */
export const AiMessage = memo(({ message, isGrowing }: { message: ChatMessage; isGrowing: boolean }) => {
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
          <Group gap={2} mt={2} className={classes.line}>
            <CopyButton value={text} label="Copy the answer" />
          </Group>
        </>
      )}
    </Box>
  );
});
