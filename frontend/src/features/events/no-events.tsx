import { Button, Center, Stack, Text } from "@mantine/core";

interface Props {
  /** There are events, but none that is asked for. */
  isFiltered: boolean;
  /** Undefined where that is no help. */
  onListen: (() => void) | undefined;
}

/** Stands where the events will be. */
export function NoEvents({ isFiltered, onListen }: Props) {
  return (
    <Center flex={1} p="md">
      <Stack align="center" gap="sm">
        <Text fz="sm" c="dimmed" ta="center">
          {isFiltered ? "No event is like this." : "What the gateway streams is listed here as it comes."}
        </Text>
        {!isFiltered && onListen && (
          <Button size="xs" variant="default" onClick={onListen}>
            Ask for what came before
          </Button>
        )}
      </Stack>
    </Center>
  );
}
