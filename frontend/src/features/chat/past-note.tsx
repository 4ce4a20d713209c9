import { Anchor, Button, Group, Text } from "@mantine/core";
import { Play } from "lucide-react";

interface Props {
  /** The nodes that are due at the state that is shown. */
  next: readonly string[];
  onGoOn: () => void;
  onNewest: () => void;
}

/** Says that the conversation is shown as it was, or would have been; it can go on from there. */
export function PastNote({ next, onGoOn, onNewest }: Props) {
  return (
    <Group gap="xs" justify="center">
      <Text fz="xs" c="dimmed" ta="center">
        This is an earlier state or another branch: what you write goes on from here.{" "}
        <Anchor component="button" fz="xs" onClick={onNewest}>
          Show the newest
        </Anchor>
      </Text>
      {next.length > 0 && (
        <Button size="compact-xs" variant="default" leftSection={<Play size={12} />} onClick={onGoOn}>
          Run {[...new Set(next)].join(", ")}
        </Button>
      )}
    </Group>
  );
}
