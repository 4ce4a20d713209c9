import { duration, money, tokens } from "@/lib/format";
import type { Turn } from "./turns";

/** What a run used and took, in words: tokens, cost, time. */
export function spentBy({ usage, seconds }: Turn): string[] {
  const parts: string[] = [];
  if (usage?.total_tokens) parts.push(`${tokens(usage.total_tokens)} tokens`);
  if (usage?.cost && usage.currency) parts.push(money(usage.cost, usage.currency));
  if (seconds !== undefined) parts.push(duration(seconds));
  return parts;
}

/** Of which kinds its tokens were. */
export function kindsOf({ usage }: Turn): string[] {
  const counts: [string, number][] = [
    ["in", usage?.input_tokens ?? 0],
    ["out", usage?.output_tokens ?? 0],
    ["from the cache", usage?.cache_read_tokens ?? 0],
    ["thought", usage?.reasoning_tokens ?? 0],
  ];
  return counts.filter(([, count]) => count).map(([kind, count]) => `${tokens(count)} ${kind}`);
}
