import { Button, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Braces, GitFork } from "lucide-react";
import { CodeBlock } from "@/components/ui/code-block";
import { CopyButton } from "@/components/ui/copy-button";
import { clock, pretty } from "@/lib/format";
import { ChangeView } from "./change-view";
import type { Step } from "./steps";
import classes from "./steps.module.css";
import { TaskLines } from "./task-lines";

interface Props {
  step: Step;
  isShown: boolean;
  onAt: (checkpointId: string) => void;
}

/** What a step has changed, what is due after it, the whole state, and a way to go on from it. */
export function StepInside({ step, isShown, onAt }: Props) {
  const [isWhole, { toggle }] = useDisclosure();
  const { next, tasks, values } = step.state;
  return (
    <Stack gap="xs" className={classes.inside}>
      {step.changes?.map((change) => (
        <ChangeView key={change.key} change={change} />
      ))}
      <TaskLines tasks={tasks} />
      {isWhole && <CodeBlock text={pretty(values)} label="the state" />}
      <Text fz="xs" c="dimmed">
        {step.at && `${clock(step.at)} · `}
        {step.number !== undefined && `step ${step.number} · `}
        {next.length > 0 ? `next: ${[...new Set(next)].join(", ")}` : "nothing is due"}
      </Text>
      <Group gap={6}>
        <Button
          size="compact-xs"
          variant="light"
          leftSection={<GitFork size={12} />}
          disabled={isShown}
          onClick={() => onAt(step.id)}
        >
          Fork from here
        </Button>
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<Braces size={12} />}
          aria-pressed={isWhole}
          onClick={toggle}
        >
          Whole state
        </Button>
        <CopyButton value={step.id} label="Copy the checkpoint's id" />
      </Group>
    </Stack>
  );
}
