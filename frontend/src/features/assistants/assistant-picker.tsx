import { Select, Stack, Text } from "@mantine/core";
import type { Assistant } from "./api";

interface Props {
  all: readonly Assistant[];
  chosen: string | undefined;
  onChoose: (assistantId: string) => void;
}

/** Chooses whom to talk to. */
export function AssistantPicker({ all, chosen, onChoose }: Props) {
  const described = new Map(all.map((one) => [one.assistant_id, one.description]));
  return (
    <Select
      aria-label="Assistant"
      size="sm"
      w={{ base: 130, xs: 190 }}
      allowDeselect={false}
      searchable={all.length > 8}
      data={all.map((one) => ({ value: one.assistant_id, label: one.name }))}
      value={chosen ?? null}
      onChange={(id) => id && onChoose(id)}
      comboboxProps={{ width: 280, position: "bottom-start" }}
      maxDropdownHeight={360}
      placeholder="No assistant"
      renderOption={({ option }) => (
        <Stack gap={0}>
          <Text fz="sm" fw={500}>
            {option.label}
          </Text>
          {described.get(option.value) && (
            <Text fz="xs" c="dimmed">
              {described.get(option.value)}
            </Text>
          )}
        </Stack>
      )}
    />
  );
}
