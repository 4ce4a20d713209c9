import { ActionIcon, Tooltip } from "@mantine/core";
import type { LucideIcon } from "lucide-react";

interface Props {
  label: string;
  icon: LucideIcon;
  /** Of what can be switched on and off. */
  isOn?: boolean;
  onClick: () => void;
}

export function ToolButton({ label, icon: Icon, isOn, onClick }: Props) {
  return (
    <Tooltip label={label} withArrow multiline>
      <ActionIcon
        variant={isOn ? "light" : "subtle"}
        color={isOn ? "rail" : "gray"}
        size="sm"
        aria-label={label}
        aria-pressed={isOn}
        onClick={onClick}
      >
        <Icon size={14} />
      </ActionIcon>
    </Tooltip>
  );
}
