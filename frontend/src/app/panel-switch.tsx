import { ActionIcon, Tooltip } from "@mantine/core";
import { Activity, History } from "lucide-react";
import type { Panel } from "@/features/chat/search";

const panels = [
  { panel: "state", label: "State, step by step", icon: History },
  { panel: "events", label: "Events, as received", icon: Activity },
] as const;

/** Opens what stands beside the conversation, or closes it again. */
export function PanelSwitch({
  panel: open,
  onPanel,
}: {
  panel: Panel | undefined;
  onPanel: (panel: Panel | undefined) => void;
}) {
  return panels.map(({ panel, label, icon: Icon }) => (
    <Tooltip key={panel} label={label} withArrow>
      <ActionIcon
        variant={open === panel ? "light" : "subtle"}
        color={open === panel ? "rail" : "gray"}
        size="lg"
        aria-label={label}
        aria-pressed={open === panel}
        onKeyDown={({ key }) => key === "Escape" && onPanel(undefined)}
        onClick={() => onPanel(open === panel ? undefined : panel)}
      >
        <Icon size={18} />
      </ActionIcon>
    </Tooltip>
  ));
}
