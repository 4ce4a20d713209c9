import { Group, Loader, Text } from "@mantine/core";

/** That a run goes on, and at which nodes if that is known. */
export function AtWork({ nodes }: { nodes: readonly string[] }) {
  return (
    <Group gap="xs" wrap="nowrap" px="xs" role="status">
      <Loader type="dots" size="xs" aria-hidden />
      <Text fz="sm" c="dimmed" truncate>
        {nodes.length > 0 ? `At work: ${[...new Set(nodes)].join(", ")}` : "At work"}
      </Text>
    </Group>
  );
}
