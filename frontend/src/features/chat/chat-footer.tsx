import { Stack } from "@mantine/core";
import { useCallbackRef } from "@mantine/hooks";
import classes from "./chat.module.css";
import { Composer } from "./composer";
import type { Conversation, Departure } from "./conversation";
import { ErrorNote } from "./error-note";
import { InterruptForms } from "./interrupt-forms";
import { PastNote } from "./past-note";
import { Queue } from "./queue";
import { StoppedNote } from "./stopped-note";
import type { Controls } from "./use-controls";
import type { useThread } from "./use-thread";

interface Props {
  conversation: Conversation;
  thread: ReturnType<typeof useThread>;
  controls: Controls;
  draft: string;
  onDraft: (text: string) => void;
  /** The earlier state, or other branch, that is shown. */
  here: Departure | undefined;
  onSay: (text: string) => void;
  onGoOn: () => void;
  onNewest: () => void;
}

/** Below the messages: what went wrong, what is asked, what waits, and the place to write. */
export function ChatFooter({
  conversation,
  thread,
  controls,
  draft,
  onDraft,
  here,
  onSay,
  onGoOn,
  onNewest,
}: Props) {
  const isPast = here !== undefined;
  const { settled, isBusy, queued } = thread;
  const say = useCallbackRef(onSay);
  const stop = useCallbackRef(controls.stop);
  const rollBack = useCallbackRef(controls.rollBack);
  const failed =
    isBusy || isPast ? undefined : settled?.status === "error" ? settled.error : conversation.error;
  const asked = isPast ? [] : thread.interrupts;
  const isStopped = settled?.status === "interrupted" && thread.interrupts.length === 0 && !isBusy && !isPast;
  return (
    <div className={classes.footer}>
      <Stack className={classes.column} gap="xs" pb="sm">
        {controls.error && <ErrorNote error={controls.error} />}
        {!!failed && <ErrorNote error={failed} onRetry={onGoOn} />}
        {isStopped && <StoppedNote onGoOn={onGoOn} />}
        <InterruptForms interrupts={asked} onAnswer={conversation.answer} />
        <Queue runs={queued} onRemove={controls.remove} />
        {here && <PastNote next={isBusy ? [] : here.next} onGoOn={onGoOn} onNewest={onNewest} />}
        {asked.length === 0 && (
          <Composer
            {...{ draft, onDraft, isBusy }}
            isStopping={controls.isStopping}
            onSay={say}
            onStop={stop}
            onRollBack={rollBack}
          />
        )}
      </Stack>
    </div>
  );
}
