import { Button, Center, Skeleton, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { tell } from "@/lib/errors";
import { readOlderStates, threadStates } from "./api";
import { AtWork } from "./at-work";
import { type RunFacts, RunSection } from "./run-section";
import { idOf } from "./state";
import { byRun, stepsOf } from "./steps";

interface Props {
  threadId: string;
  runs: ReadonlyMap<string, RunFacts>;
  /** Whether a run goes on: its steps are read as they come. */
  isLive: boolean;
  /** The state at which the conversation is shown; without it, the newest. */
  at: string | undefined;
  onAt: (checkpointId: string | undefined) => void;
}

const LIVE = 1000;

/** The steps of a thread, newest first, with what each has changed. */
export function StepsPanel({ threadId, runs, isLive, at, onAt }: Props) {
  const queries = useQueryClient();
  const { data, error, isPending } = useQuery({
    ...threadStates(threadId),
    refetchInterval: isLive ? LIVE : false,
  });
  const older = useMutation({ mutationFn: () => readOlderStates(queries, threadId) });
  const sections = useMemo(
    () => byRun(stepsOf(data?.states ?? [], { at, startOf: (runId) => runs.get(runId)?.start })),
    [data, at, runs],
  );
  const newest = data?.states[0];
  const shown = at ?? (newest && idOf(newest));
  const failed = older.error ?? error;
  if (isPending) return <Waiting />;
  return (
    <Stack gap="xs" p="sm" component="section" aria-label="Steps" aria-busy={isLive}>
      {failed && (
        <Text fz="sm" c="red" role="alert">{`The states cannot be read: ${tell(failed).message}`}</Text>
      )}
      {isLive && <AtWork nodes={newest?.next ?? []} />}
      {sections.map((run, place) => (
        <RunSection
          key={run.steps.at(-1)?.id}
          run={run}
          facts={runs.get(run.runId ?? "")}
          shown={shown}
          isNewest={place === 0}
          onAt={(id) => onAt(newest && id === idOf(newest) ? undefined : id)}
        />
      ))}
      {sections.length === 0 && !isLive && !failed && (
        <Center py="xl">
          <Text fz="sm" c="dimmed">
            Nothing has been saved yet.
          </Text>
        </Center>
      )}
      {data?.isMore && (
        <Button variant="default" size="xs" loading={older.isPending} onClick={() => older.mutate()}>
          Show older steps
        </Button>
      )}
    </Stack>
  );
}

const Waiting = () => (
  <Stack gap="sm" p="sm" role="status" aria-label="The steps are being read">
    <Skeleton h={18} w="55%" />
    <Skeleton h={52} />
    <Skeleton h={52} />
  </Stack>
);
