import { Center, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { isKnown, threadHead, threadRuns } from "@/features/chat/api";
import { spentBy } from "@/features/chat/spent";
import { useTurns } from "@/features/chat/use-turns";
import { StepsPanel } from "@/features/steps/steps-panel";

interface Props {
  threadId: string | undefined;
  at: string | undefined;
  onAt: (checkpointId: string | undefined) => void;
}

/** The steps of a thread, with what the conversation knows of its runs. */
export function StatePanel({ threadId, at, onAt }: Props) {
  const enabled = isKnown(useQuery(threadHead(threadId)).data);
  const runs = useQuery({ ...threadRuns(threadId), enabled }).data;
  const turns = useTurns(threadId, enabled);
  const facts = useMemo(
    () => new Map([...turns].map(([id, turn]) => [id, { ...turn, spent: spentBy(turn) }])),
    [turns],
  );
  if (!threadId || !enabled)
    return (
      <Center py="xl" px="md">
        <Text fz="sm" c="dimmed" ta="center">
          Say something, and see here what each step makes of the state.
        </Text>
      </Center>
    );
  const isLive = !!runs?.some((run) => run.status === "running");
  return <StepsPanel key={threadId} {...{ threadId, isLive, at, onAt }} runs={facts} />;
}
