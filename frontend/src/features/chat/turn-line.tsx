import { Text, Tooltip } from "@mantine/core";
import { kindsOf, spentBy } from "./spent";
import type { Turn } from "./turns";

/** What a run used and took; of which kinds its tokens were when pointed at. */
export function TurnLine({ turn }: { turn: Turn | undefined }) {
  const spent = turn ? spentBy(turn) : [];
  if (!turn || spent.length === 0) return null;
  const kinds = kindsOf(turn).join(" · ");
  return (
    <Tooltip label={kinds} disabled={!kinds} withArrow events={{ hover: true, focus: true, touch: true }}>
      <Text fz="xs" c="dimmed" data-turn={turn.status} aria-description={kinds}>
        {spent.join(" · ")}
      </Text>
    </Tooltip>
  );
}
