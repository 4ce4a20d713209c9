import { ActionIcon, Group, Paper, Stack, Text, Tooltip } from "@mantine/core";
import { Clock, X } from "lucide-react";
import type { Run } from "./api";
import { saidOf } from "./said";

/** The runs that wait for their turn, first one first. */
export function Queue({ runs, onRemove }: { runs: readonly Run[]; onRemove: (run: Run) => void }) {
  return (
    <Stack gap={4} component="ul" p={0} m={0} aria-label="Queued messages">
      {runs.map((run) => (
        <Paper key={run.run_id} component="li" withBorder px="sm" py={4} style={{ listStyle: "none" }}>
          <Group gap="xs" wrap="nowrap">
            <Clock size={14} aria-hidden />
            <Text fz="sm" truncate flex={1}>
              {saidOf(run) || "A run"}
            </Text>
            <Tooltip label="Take it out of the queue" withArrow>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label="Take it out of the queue"
                onClick={() => onRemove(run)}
              >
                <X size={14} />
              </ActionIcon>
            </Tooltip>
          </Group>
        </Paper>
      ))}
    </Stack>
  );
}
