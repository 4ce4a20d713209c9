import { Group, Text } from "@mantine/core";
import type { Change } from "./changes";
import classes from "./steps.module.css";

const signs = { added: "+", removed: "−", changed: "~" };

/** The keys that a step has changed; of a list, by how much it grew. */
export function ChangeMarks({ changes }: { changes: readonly Change[] | undefined }) {
  if (!changes?.length)
    return (
      <Text fz="xs" c="dimmed">
        {changes ? "changed nothing" : "the step before has not been read"}
      </Text>
    );
  return (
    <Group gap={4} mt={2}>
      {changes.map((change) => (
        <span key={change.key} className={classes.mark} data-kind={change.kind}>
          {[signs[change.kind], change.key || "value", growthOf(change)].filter(Boolean).join(" ")}
        </span>
      ))}
    </Group>
  );
}

function growthOf({ before = [], after }: Change): string | undefined {
  if (!Array.isArray(before) || !Array.isArray(after) || before.length === after.length) return undefined;
  const growth = after.length - before.length;
  return growth > 0 ? `+${growth}` : `−${-growth}`;
}
