import { ActionIcon, Button, Group, Paper, Textarea, Tooltip } from "@mantine/core";
import { ArrowUp, ListPlus, Square, Undo2 } from "lucide-react";
import { type KeyboardEvent, memo, useEffect, useRef } from "react";
import { Later } from "@/components/ui/later";
import classes from "./composer.module.css";

interface Props {
  draft: string;
  onDraft: (text: string) => void;
  onSay: (text: string) => void;
  isBusy: boolean;
  isStopping: boolean;
  onStop: () => void;
  onRollBack: () => void;
}

/**
 * The place to write. While a run goes on, what is sent waits for its turn, and the run can be stopped or undone. It is
 * not rendered with each token: its field measures itself then, which makes the browser lay out the page once more.
 */
export const Composer = memo(({ draft, onDraft, onSay, isBusy, isStopping, onStop, onRollBack }: Props) => {
  const field = useRef<HTMLTextAreaElement>(null);
  const isReady = draft.trim() !== "";
  const send = () => {
    if (!isReady) return;
    onSay(draft);
    onDraft("");
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && isBusy && !isStopping && !event.nativeEvent.isComposing) onStop();
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  useEffect(() => field.current?.focus({ preventScroll: true }), []);

  return (
    <Paper withBorder className={classes.box} component="form" onSubmit={(event) => event.preventDefault()}>
      <Textarea
        ref={field}
        variant="unstyled"
        autosize
        minRows={1}
        maxRows={10}
        aria-label="Message"
        placeholder={isBusy ? "Write what comes next" : "Write a message"}
        value={draft}
        onChange={(event) => onDraft(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        classNames={{ input: classes.input }}
      />
      <Group gap="xs" justify="flex-end" wrap="nowrap">
        {isBusy && (
          <Later>
            <Button
              size="xs"
              variant="default"
              leftSection={<Undo2 size={14} />}
              disabled={isStopping}
              onClick={onRollBack}
            >
              Stop and roll back
            </Button>
            <Tooltip label="Escape" withArrow>
              <Button
                size="xs"
                variant="default"
                leftSection={<Square size={12} fill="currentColor" />}
                disabled={isStopping}
                onClick={onStop}
              >
                Stop
              </Button>
            </Tooltip>
          </Later>
        )}
        <Tooltip label={isBusy ? "Queue (Enter)" : "Send (Enter)"} withArrow>
          <ActionIcon
            size={32}
            radius="xl"
            aria-label={isBusy ? "Queue" : "Send"}
            disabled={!isReady}
            onClick={send}
          >
            {isBusy ? <ListPlus size={17} /> : <ArrowUp size={18} />}
          </ActionIcon>
        </Tooltip>
      </Group>
    </Paper>
  );
});
