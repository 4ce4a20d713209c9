import { Text } from "@mantine/core";
import type { ChatMessage } from "@/lib/messages";
import classes from "./steps.module.css";

/** A message that came or went: who said it, and what. */
export function MessageLine({ message, kind }: { message: ChatMessage; kind: "added" | "removed" }) {
  const calls = message.toolCalls.map((call) => `${call.name}(${JSON.stringify(call.args)})`);
  return (
    <div className={classes.message} data-kind={kind}>
      <Text span fz="xs" fw={600}>
        {message.name ? `${message.kind} ${message.name}` : message.kind}
      </Text>
      <Text fz="xs" lineClamp={6} className={classes.text}>
        {[message.text, ...calls].filter(Boolean).join("\n") || message.reasoning}
      </Text>
    </div>
  );
}
