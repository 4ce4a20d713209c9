import { useCallbackRef } from "@mantine/hooks";
import type { ReactNode } from "react";
import { ChatFooter } from "./chat-footer";
import type { Conversation, Departure } from "./conversation";
import { MessageList } from "./message-list";
import { newSaid } from "./said";
import { useBranches } from "./use-branches";
import { useControls } from "./use-controls";
import { useThread } from "./use-thread";
import { Welcome } from "./welcome";

export interface ChatProps {
  conversation: Conversation;
  threadId: string | undefined;
  at: string | undefined;
  onAt: (checkpointId: string | undefined) => void;
  draft: string;
  onDraft: (text: string) => void;
  onReopen: (reason?: string) => void;
  /** What a chat begins with. */
  greeting: ReactNode;
}

/** The conversation on a thread: its messages, what waits for an answer, and the place to write. */
export function Chat({ conversation, threadId, at, onAt, draft, onDraft, onReopen, greeting }: ChatProps) {
  const thread = useThread(threadId, conversation, onReopen);
  const controls = useControls(threadId, onDraft, onReopen);
  const { isBusy } = thread;
  const { messages, here, departureAt, ...branches } = useBranches(
    threadId,
    thread.history,
    thread.messages,
    at,
  );

  const toNewest = () => at && onAt(undefined);
  const say = (text: string, from: Departure | undefined = here) => {
    if (isBusy) return controls.queue(() => conversation.queue(newSaid(text)));
    conversation.say(newSaid(text), from);
    toNewest();
  };
  const edit = useCallbackRef(async (id: string, text: string) => {
    const departure = await departureAt(id);
    if (departure) say(text, departure);
  });
  const goTo = useCallbackRef(onAt);
  const goOn = () => {
    conversation.goOn(here);
    toNewest();
  };

  return (
    <>
      {messages.length === 0 && !isBusy && !conversation.isOpening ? (
        <Welcome isLost={thread.isLost}>{greeting}</Welcome>
      ) : (
        <MessageList
          {...{ messages, ...branches }}
          turns={thread.turns}
          isLoading={conversation.isLoading && !here}
          isOpening={conversation.isOpening && !here}
          onAt={goTo}
          onEdit={isBusy ? undefined : edit}
        />
      )}
      <ChatFooter
        {...{ conversation, thread, controls, draft, onDraft }}
        here={here}
        onSay={say}
        onGoOn={goOn}
        onNewest={toNewest}
      />
    </>
  );
}
