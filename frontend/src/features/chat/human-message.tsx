import { ActionIcon, Group, Stack, Tooltip } from "@mantine/core";
import { Pencil } from "lucide-react";
import { memo, useState } from "react";
import { CopyButton } from "@/components/ui/copy-button";
import { Later } from "@/components/ui/later";
import type { ChatMessage } from "@/lib/messages";
import { BranchArrows } from "./branch-arrows";
import type { Fork } from "./branches";
import classes from "./chat.module.css";
import { MessageEditor } from "./message-editor";

interface Props {
  message: ChatMessage;
  fork: Fork | undefined;
  onAt: (checkpointId: string) => void;
  onEdit?: (id: string, text: string) => void;
}

/** What a person has said. It can be said otherwise, which makes another branch. */
export const HumanMessage = memo(({ message, fork, onAt, onEdit }: Props) => {
  const [isEditing, setEditing] = useState(false);
  if (isEditing && onEdit) {
    const onDone = (text?: string) => {
      setEditing(false);
      if (text) onEdit(message.id, text);
    };
    return <MessageEditor text={message.text} onDone={onDone} />;
  }
  return (
    <Stack gap={2} align="flex-end">
      <div className={classes.human} data-kind="human">
        {message.text}
      </div>
      <Group gap={2} mih={22} className={fork ? classes.always : classes.line}>
        {fork && <BranchArrows fork={fork} onAt={onAt} />}
        <Later>
          <CopyButton value={message.text} label="Copy the message" />
          <Tooltip label="Edit, in a branch of its own" withArrow>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label="Edit the message"
              disabled={!onEdit}
              onClick={() => setEditing(true)}
            >
              <Pencil size={14} />
            </ActionIcon>
          </Tooltip>
        </Later>
      </Group>
    </Stack>
  );
});
