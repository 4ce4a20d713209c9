import { Badge, Group, type MantineColor, Text } from "@mantine/core";
import { StepCard } from "./step-card";
import type { RunSteps } from "./steps";
import classes from "./steps.module.css";

const colors: Record<string, MantineColor> = {
  pending: "gray",
  running: "rail",
  success: "teal",
  interrupted: "yellow",
  error: "red",
  timeout: "red",
};

/** What is known of a run beside its steps. */
export interface RunFacts {
  status: string;
  /** When it began, in milliseconds since 1970. */
  start?: number;
  /** What it took and used, in words. */
  spent: readonly string[];
}

interface Props {
  run: RunSteps;
  facts: RunFacts | undefined;
  /** The state that is shown. */
  shown: string | undefined;
  isNewest: boolean;
  onAt: (checkpointId: string) => void;
}

/** The steps of one run, below what is known of it. */
export function RunSection({ run, facts, shown, isNewest, onAt }: Props) {
  return (
    <section aria-label={run.runId ? `Run ${run.runId}` : "Update"}>
      <Group gap="xs" wrap="nowrap" mb={4} px={2}>
        <Text fz="xs" ff="monospace" c="dimmed" title={run.runId}>
          {run.runId ? run.runId.slice(-8) : "update"}
        </Text>
        {facts && (
          <Badge size="xs" variant="light" color={colors[facts.status] ?? "gray"}>
            {facts.status}
          </Badge>
        )}
        <Text fz="xs" c="dimmed" truncate>
          {facts?.spent.join(" · ")}
        </Text>
      </Group>
      <ol className={classes.steps}>
        {run.steps.map((step, place) => (
          <StepCard
            key={step.id}
            step={step}
            isShown={step.id === shown}
            isFirst={isNewest && place === 0}
            onAt={onAt}
          />
        ))}
      </ol>
    </section>
  );
}
