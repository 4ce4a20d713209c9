import { Text } from "@mantine/core";
import { pretty } from "@/lib/format";
import type { Change } from "./changes";
import { DiffBlock } from "./diff-block";
import { messageChanges } from "./message-changes";
import { MessageLine } from "./message-line";

/** What became of one key: messages as they are read, all else line by line. */
export function ChangeView({ change: { key, kind, before, after } }: { change: Change }) {
  const messages = messageChanges(before, after);
  return (
    <section aria-label={key || "value"}>
      <Text fz="xs" fw={600} ff="monospace" c="dimmed" mb={2}>
        {key || "value"}
      </Text>
      {messages ? (
        <>
          {messages.removed.map((message) => (
            <MessageLine key={message.id} message={message} kind="removed" />
          ))}
          {messages.changed.map(([was, is]) => (
            <DiffBlock key={is.id} before={pretty(was)} after={pretty(is)} />
          ))}
          {messages.added.map((message) => (
            <MessageLine key={message.id} message={message} kind="added" />
          ))}
        </>
      ) : (
        <DiffBlock
          before={kind === "added" ? undefined : pretty(before)}
          after={kind === "removed" ? undefined : pretty(after)}
        />
      )}
    </section>
  );
}
