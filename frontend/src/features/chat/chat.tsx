import { type ReactNode, useMemo } from "react";
import { forksOf, messagesAt, runsOf, stateBefore } from "./branches";
import { ChatFooter } from "./chat-footer";
import type { Conversation } from "./conversation";
import { MessageList } from "./message-list";
import { newSaid } from "./said";
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
  onReopen: () => void;
  /** What a chat begins with. */
  greeting: ReactNode;
}

/** The conversation on a thread: its messages, what waits for an answer, and the place to write. */
export function Chat({ conversation, threadId, at, onAt, draft, onDraft, onReopen, greeting }: ChatProps) {
  const thread = useThread(threadId, conversation);
  const controls = useControls(threadId, onDraft, onReopen);
  const { history, isBusy } = thread;
  const past = useMemo(() => (at ? messagesAt(history, at) : undefined), [history, at]);
  const messages = past ?? conversation.messages;
  const forks = useMemo(() => forksOf(history, messages), [history, messages]);
  const runs = useMemo(() => runsOf(history), [history]);

  const say = (text: string, from = past && at ? { checkpointId: at, kept: past } : undefined) => {
    if (isBusy) return controls.queue(() => conversation.queue(newSaid(text)));
    conversation.say(newSaid(text), from);
    onAt(undefined);
  };
  const edit = (id: string, text: string) => {
    const checkpointId = stateBefore(history, id, at);
    const place = messages.findIndex((message) => message.id === id);
    if (checkpointId) say(text, { checkpointId, kept: messages.slice(0, place) });
  };

  return (
    <>
      {messages.length === 0 && !isBusy && !conversation.isOpening ? (
        <Welcome isLost={thread.isLost}>{greeting}</Welcome>
      ) : (
        <MessageList
          {...{ messages, forks, runs, onAt }}
          usage={thread.usage?.by_run}
          isLoading={conversation.isLoading && !past}
          onEdit={isBusy || history.length === 0 ? undefined : edit}
        />
      )}
      <ChatFooter
        {...{ conversation, thread, controls, draft, onDraft }}
        isPast={past !== undefined}
        onSay={say}
        onNewest={() => onAt(undefined)}
      />
    </>
  );
}
