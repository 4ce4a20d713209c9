import { Text } from "@mantine/core";
import { money, tokens } from "@/lib/format";
import type { Usage } from "./api";

/** What a run's calls of models came to. */
export function TurnUsage({ usage }: { usage: Usage | undefined }) {
  if (!usage?.total_tokens) return null;
  const parts = [
    `${tokens(usage.total_tokens)} tokens`,
    `${tokens(usage.input_tokens)} in`,
    `${tokens(usage.output_tokens)} out`,
  ];
  if (usage.reasoning_tokens) parts.push(`${tokens(usage.reasoning_tokens)} thought`);
  if (usage.cost && usage.currency) parts.push(money(usage.cost, usage.currency));
  return (
    <Text fz="xs" c="dimmed" data-usage>
      {parts.join(" · ")}
    </Text>
  );
}
