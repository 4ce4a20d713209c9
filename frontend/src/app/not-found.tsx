import { Anchor, Center, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";

export function NotFound() {
  return (
    <Center h="70dvh">
      <Stack align="center" gap="xs">
        <Title order={2}>There is no such page</Title>
        <Text c="dimmed">Its address may have been cut short.</Text>
        <Anchor renderRoot={(props) => <Link to="/" {...props} />}>To the first page</Anchor>
      </Stack>
    </Center>
  );
}
