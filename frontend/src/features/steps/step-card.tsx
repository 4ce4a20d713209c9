import { Badge, Collapse, Group, Text, UnstyledButton } from "@mantine/core";
import { ChevronDown, ChevronRight, GitBranch } from "lucide-react";
import { useState } from "react";
import { duration } from "@/lib/format";
import { ChangeMarks } from "./change-marks";
import type { Task } from "./state";
import { StepInside } from "./step-inside";
import type { Step } from "./steps";
import classes from "./steps.module.css";

interface Props {
  step: Step;
  /** Whether the conversation is shown as of this step. */
  isShown: boolean;
  /** The newest one is open unless it was closed. */
  isFirst: boolean;
  onAt: (checkpointId: string) => void;
}

/** One step: what was at work and what it changed at a glance; the difference, the state and a way to fork inside. */
export function StepCard({ step, isShown, isFirst, onAt }: Props) {
  const [choice, setChoice] = useState<boolean>();
  const isOpen = choice ?? isFirst;
  const Arrow = isOpen ? ChevronDown : ChevronRight;
  const { tasks } = step.state;
  return (
    <li
      className={classes.step}
      data-step={step.id}
      data-shown={isShown || undefined}
      data-aside={step.isAside || undefined}
    >
      <UnstyledButton className={classes.head} onClick={() => setChoice(!isOpen)} aria-expanded={isOpen}>
        <Group gap={6} wrap="nowrap">
          <Text fz="sm" fw={600} truncate className={classes.nodes}>
            {step.nodes.join(", ") || "step"}
          </Text>
          {step.isFork && <GitBranch size={13} role="img" aria-label="Forked from an earlier step" />}
          {isShown && <Mark color="rail" text="shown" />}
          <TaskMark color="yellow" text="asks" tasks={tasks.filter((task) => task.interrupts.length > 0)} />
          <TaskMark color="red" text="failed" tasks={tasks.filter((task) => task.error)} />
          <Text fz="xs" c="dimmed" ml="auto" className={classes.figure}>
            {step.seconds !== undefined && duration(step.seconds)}
          </Text>
          <Arrow size={14} className={classes.figure} aria-hidden />
        </Group>
        <ChangeMarks changes={step.changes} />
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        {isOpen && <StepInside step={step} isShown={isShown} onAt={onAt} />}
      </Collapse>
    </li>
  );
}

const Mark = ({ color, text }: { color: string; text: string }) => (
  <Badge size="xs" variant="light" color={color} tt="none" className={classes.figure}>
    {text}
  </Badge>
);

/** What became of the nodes that were due after a step. */
const TaskMark = ({ color, text, tasks }: { color: string; text: string; tasks: readonly Task[] }) =>
  tasks.length > 0 && (
    <Mark color={color} text={`${text}: ${[...new Set(tasks.map((task) => task.name))].join(", ")}`} />
  );
