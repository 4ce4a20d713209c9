import { SegmentedControl, Tooltip } from "@mantine/core";
import type { Hook } from "./search";

const about: Record<Hook, string> = {
  v2: "useStream of @langchain/react, on protocol v2",
  classic: "useStream of @langchain/langgraph-sdk/react",
};

/** Chooses the hook that the chat goes by. */
export function HookSwitch({ hook, onHook }: { hook: Hook; onHook: (hook: Hook) => void }) {
  return (
    <Tooltip label={about[hook]} withArrow position="bottom">
      <SegmentedControl
        size="xs"
        aria-label="Hook"
        data={[
          { value: "v2", label: "v2" },
          { value: "classic", label: "classic" },
        ]}
        value={hook}
        onChange={(value) => onHook(value as Hook)}
      />
    </Tooltip>
  );
}
