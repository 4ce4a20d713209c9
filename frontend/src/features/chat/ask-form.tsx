import { Button, Group, JsonInput, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { CodeBlock } from "@/components/ui/code-block";
import { pretty } from "@/lib/format";
import type { Ask, Choice, Decision } from "./requests";

const labels: Record<Choice, string> = {
  approve: "Approve",
  edit: "Edit",
  reject: "Reject",
  respond: "Respond",
  ignore: "Ignore",
};
/** Choices that take something to be written. */
const written: Partial<Record<Choice, string>> = {
  edit: "Arguments",
  reject: "Reason, if you like",
  respond: "Response",
};

interface Props {
  ask: Ask;
  decision: Decision | undefined;
  onDecide: (decision: Decision) => void;
}

/** One action: what is to be done with what, and the decisions that are allowed. */
export function AskForm({ ask, decision, onDecide }: Props) {
  const [choice, setChoice] = useState<Choice>();
  const pick = (picked: Choice) => (written[picked] ? setChoice(picked) : onDecide({ choice: picked }));
  return (
    <>
      <Text fw={600} ff="monospace" fz="sm">
        {ask.name}
      </Text>
      {ask.description && (
        <Text fz="sm" style={{ whiteSpace: "pre-wrap" }}>
          {ask.description}
        </Text>
      )}
      {choice !== "edit" && <CodeBlock text={pretty(ask.args)} label="the arguments" tall="9rem" />}
      <Group gap="xs">
        {ask.choices.map((one) => (
          <Button
            key={one}
            size="xs"
            variant={(decision?.choice ?? choice) === one ? "filled" : "default"}
            aria-pressed={decision?.choice === one}
            onClick={() => pick(one)}
          >
            {labels[one]}
          </Button>
        ))}
      </Group>
      {choice && written[choice] && <Written {...{ ask, choice }} onDecide={onDecide} />}
    </>
  );
}

function Written({ ask, choice, onDecide }: { ask: Ask; choice: Choice; onDecide: Props["onDecide"] }) {
  const isEdit = choice === "edit";
  const [draft, setDraft] = useState(isEdit ? pretty(ask.args) : "");
  const args = isEdit ? parsed(draft) : undefined;
  const isReady = isEdit ? args !== undefined : choice === "reject" || draft.trim() !== "";
  const field = {
    autosize: true,
    maxRows: 12,
    "aria-label": written[choice],
    placeholder: written[choice],
    value: draft,
  };
  return (
    <>
      {isEdit ? (
        <JsonInput
          {...field}
          onChange={setDraft}
          error={args ? undefined : "This is no JSON object"}
          ff="monospace"
        />
      ) : (
        <Textarea {...field} onChange={(event) => setDraft(event.currentTarget.value)} />
      )}
      <Group justify="flex-end">
        <Button
          size="xs"
          disabled={!isReady}
          onClick={() => onDecide({ choice, args, text: isEdit ? undefined : draft })}
        >
          {`${labels[choice]} with this`}
        </Button>
      </Group>
    </>
  );
}

function parsed(draft: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(draft);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
