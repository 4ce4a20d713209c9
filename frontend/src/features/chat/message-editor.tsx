import { Button, Group, Stack, Textarea } from "@mantine/core";
import { type KeyboardEvent, useState } from "react";

/** Says a message otherwise. `onDone` gets the new text, or nothing if it stays as it was. */
export function MessageEditor({ text, onDone }: { text: string; onDone: (text?: string) => void }) {
  const [draft, setDraft] = useState(text);
  const isNew = draft.trim() !== "" && draft !== text;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") onDone();
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing && isNew) {
      event.preventDefault();
      onDone(draft);
    }
  };
  return (
    <Stack gap="xs">
      <Textarea
        autosize
        autoFocus
        maxRows={12}
        aria-label="Say it otherwise"
        value={draft}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <Group gap="xs" justify="flex-end">
        <Button size="xs" variant="default" onClick={() => onDone()}>
          Leave it
        </Button>
        <Button size="xs" disabled={!isNew} onClick={() => onDone(draft)}>
          Send as a new branch
        </Button>
      </Group>
    </Stack>
  );
}
