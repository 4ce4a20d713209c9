import { Button, Group, Text } from "@mantine/core";
import { Play } from "lucide-react";

/** Says that a run was stopped before it was done; it can go on from there. */
export function StoppedNote({ onGoOn }: { onGoOn: () => void }) {
  return (
    <Group gap="xs" justify="center">
      <Text fz="xs" c="dimmed">
        Stopped before it was done.
      </Text>
      <Button size="compact-xs" variant="default" leftSection={<Play size={12} />} onClick={onGoOn}>
        Go on
      </Button>
    </Group>
  );
}
