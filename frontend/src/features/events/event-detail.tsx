import { CloseButton, Group, Text } from "@mantine/core";
import { CodeBlock } from "@/components/ui/code-block";
import { clock, pretty, size } from "@/lib/format";
import type { ReceivedEvent } from "@/lib/received";
import { addressOf } from "./address";
import classes from "./events.module.css";

/** All of one event. */
export function EventDetail({ event, onClose }: { event: ReceivedEvent; onClose: () => void }) {
  const { channel, namespace } = addressOf(event);
  const facts: [string, string][] = [
    ["id", event.id || "none"],
    ["event", event.name],
    ["namespace", namespace.join(" › ") || "root"],
    ["size", size(event.size)],
    ["received", clock(event.at)],
    ["stream", `${event.stream}, ${event.request}`],
  ];
  return (
    <section className={classes.detail} aria-label={`Event ${event.id}`}>
      <Group justify="space-between" wrap="nowrap" mb={4}>
        <Text fz="sm" fw={600}>
          {channel}
        </Text>
        <CloseButton size="sm" aria-label="Close the event" onClick={onClose} />
      </Group>
      <dl className={classes.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <CodeBlock text={indented(event.data)} label="the event's data" tall="16rem" />
    </section>
  );
}

function indented(data: string): string {
  try {
    return pretty(JSON.parse(data));
  } catch {
    return data;
  }
}
