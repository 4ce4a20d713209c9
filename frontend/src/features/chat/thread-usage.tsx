import { Group, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Coins } from "lucide-react";
import { money, tokens } from "@/lib/format";
import { isKnown, threadHead, threadUsage, type ThreadUsage as Usage } from "./api";

/** What the thread has come to; more about it when pointed at. */
export function ThreadUsage({ threadId }: { threadId: string | undefined }) {
  const enabled = isKnown(useQuery(threadHead(threadId)).data);
  const { data } = useQuery({ ...threadUsage(threadId), enabled });
  if (!enabled || !data?.total_tokens) return null;
  const cost = data.total_cost && data.currency ? money(data.total_cost, data.currency) : undefined;
  return (
    <Tooltip label={linesOf(data).join("\n")} style={{ whiteSpace: "pre" }} withArrow multiline>
      <Group gap={6} wrap="nowrap" c="dimmed" aria-label="Tokens of this thread">
        <Coins size={15} aria-hidden />
        <Text fz="sm" style={{ whiteSpace: "nowrap" }}>
          {tokens(data.total_tokens)}
          <Text span fz="sm" visibleFrom="xs">
            {" tokens"}
          </Text>
          {cost && ` · ${cost}`}
        </Text>
      </Group>
    </Tooltip>
  );
}

function linesOf(usage: Usage): string[] {
  const counts: [string, number][] = [
    ["in", usage.total_input_tokens],
    ["out", usage.total_output_tokens],
    ["from the cache", usage.cache_read_tokens],
    ["thought", usage.reasoning_tokens],
  ];
  return counts.filter(([, count]) => count).map(([name, count]) => `${tokens(count)} ${name}`);
}
