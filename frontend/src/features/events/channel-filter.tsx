import { Chip, Group } from "@mantine/core";

interface Props {
  /** Each with the number of its events. */
  channels: readonly [string, number][];
  chosen: readonly string[];
  onChoose: (channels: string[]) => void;
}

/** Chooses channels; none chosen shows all. */
export function ChannelFilter({ channels, chosen, onChoose }: Props) {
  if (channels.length === 0) return null;
  return (
    <Chip.Group multiple value={[...chosen]} onChange={onChoose}>
      <Group gap={4} mt={6} role="group" aria-label="Channels">
        {channels.map(([channel, count]) => (
          <Chip key={channel} value={channel} size="xs" variant="light">
            {channel} {count}
          </Chip>
        ))}
      </Group>
    </Chip.Group>
  );
}
