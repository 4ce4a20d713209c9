import { ActionIcon, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { Check, Copy } from "lucide-react";

interface Props {
  /** The text, or what makes it when it is asked for. */
  value: string | (() => string);
  /** Says which text it is. */
  label: string;
}

/** Copies a text. */
export function CopyButton({ value, label }: Props) {
  const { copied, copy, error } = useClipboard({ timeout: 1000 });
  return (
    <Tooltip
      label={copied ? "Copied" : error ? "Browsers copy over https alone, and on this machine" : label}
      withArrow
    >
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={label}
        onClick={() => copy(typeof value === "string" ? value : value())}
      >
        {copied ? <Check size={14} /> : <Copy size={14} />}
      </ActionIcon>
    </Tooltip>
  );
}
