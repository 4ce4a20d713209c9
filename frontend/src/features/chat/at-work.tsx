import { Group, Loader, Text } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { useState } from "react";
import { duration } from "@/lib/format";

const LONG = 2;

/** That the agent is at work and says nothing; after a while, since when. */
export function AtWork() {
  const [seconds, setSeconds] = useState(0);
  useInterval(() => setSeconds((seconds) => seconds + 1), 1000, { autoInvoke: true });
  return (
    <Group gap="xs">
      <Loader type="dots" size="sm" aria-label="The agent is at work" />
      {seconds >= LONG && (
        <Text fz="xs" c="dimmed" aria-hidden>
          {duration(seconds).replace(".0", "")}
        </Text>
      )}
    </Group>
  );
}
