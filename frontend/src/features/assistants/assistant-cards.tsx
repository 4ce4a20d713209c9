import { SimpleGrid, Text, UnstyledButton } from "@mantine/core";
import type { Assistant } from "./api";
import classes from "./assistant-cards.module.css";

const MOST = 8;

interface Props {
  all: readonly Assistant[];
  chosen: string | undefined;
  onChoose: (assistantId: string) => void;
}

/** The assistants with what they are for; the picker has those for which there is no room. */
export function AssistantCards({ all, chosen, onChoose }: Props) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" maw={560} w="100%">
      {all.slice(0, MOST).map(({ assistant_id, name, description }) => (
        <UnstyledButton
          key={assistant_id}
          className={classes.card}
          aria-pressed={assistant_id === chosen}
          onClick={() => onChoose(assistant_id)}
        >
          <Text fw={600} fz="sm">
            {name}
          </Text>
          {description && (
            <Text fz="xs" c="dimmed" lineClamp={2}>
              {description}
            </Text>
          )}
        </UnstyledButton>
      ))}
    </SimpleGrid>
  );
}
