import { Group, Text } from "@mantine/core";

export function Brand() {
  return (
    <Group gap="xs" wrap="nowrap">
      <img src="favicon.svg" width={26} height={26} alt="" />
      <Text fw={700} fz="lg">
        Runline
      </Text>
    </Group>
  );
}
