import { ActionIcon, CopyButton as Copying, Tooltip } from "@mantine/core";
import { Check, Copy } from "lucide-react";

/** Copies a text; `label` says which. */
export function CopyButton({ value, label }: { value: string; label: string }) {
  return (
    <Copying value={value}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : label} withArrow>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} onClick={copy}>
            {copied ? <Check size={14} /> : <Copy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </Copying>
  );
}
