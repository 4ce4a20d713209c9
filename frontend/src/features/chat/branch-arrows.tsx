import { ActionIcon, Group, Text } from "@mantine/core";
import { ChevronLeft, ChevronRight } from "lucide-react";
import type { Fork } from "./branches";
import classes from "./chat.module.css";

/** Goes from one branch to the next. */
export function BranchArrows({
  fork: { leaves, shown },
  onAt,
}: {
  fork: Fork;
  onAt: (checkpointId: string) => void;
}) {
  const arrow = (step: -1 | 1) => {
    const leaf = leaves[shown + step];
    return (
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={step < 0 ? "Previous branch" : "Next branch"}
        className={classes.arrow}
        disabled={!leaf}
        onClick={() => leaf && onAt(leaf)}
      >
        {step < 0 ? <ChevronLeft size={15} /> : <ChevronRight size={15} />}
      </ActionIcon>
    );
  };
  return (
    <Group gap={2} wrap="nowrap">
      {arrow(-1)}
      <Text fz="xs" c="dimmed" aria-label={`Branch ${shown + 1} of ${leaves.length}`}>
        {shown + 1}/{leaves.length}
      </Text>
      {arrow(1)}
    </Group>
  );
}
