import { Button, Group, Textarea } from "@mantine/core";
import { useState } from "react";
import { CodeBlock } from "@/components/ui/code-block";
import { pretty } from "@/lib/format";

interface Props {
  value: unknown;
  /** Answers that the payload itself offers. */
  words: readonly string[];
  onAnswer: (value: unknown) => void;
}

/** Any payload as JSON; the answer is JSON as well, or text where it is none. */
export function JsonForm({ value, words, onAnswer }: Props) {
  const [draft, setDraft] = useState("");
  return (
    <>
      {typeof value !== "string" && <CodeBlock text={pretty(value)} label="the payload" tall="9rem" />}
      {words.length > 0 && (
        <Group gap="xs">
          {words.map((word) => (
            <Button key={word} size="xs" variant="default" onClick={() => onAnswer(word)}>
              {word}
            </Button>
          ))}
        </Group>
      )}
      <Group gap="xs" align="flex-end">
        <Textarea
          flex={1}
          miw={180}
          autosize
          maxRows={8}
          aria-label="Answer"
          placeholder={'Text, or JSON such as {"type": "edit", "text": "…"}'}
          value={draft}
          onChange={(event) => setDraft(event.currentTarget.value)}
        />
        <Button size="sm" disabled={draft.trim() === ""} onClick={() => onAnswer(jsonOrText(draft))}>
          Answer
        </Button>
      </Group>
    </>
  );
}

function jsonOrText(draft: string): unknown {
  try {
    return JSON.parse(draft);
  } catch {
    return draft;
  }
}
