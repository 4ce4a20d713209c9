import { Collapse, Group, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Brain, ChevronDown, ChevronRight } from "lucide-react";

/** What a model thought before it spoke; folded away once it speaks. */
export function Reasoning({ text, isGrowing }: { text: string; isGrowing: boolean }) {
  const [opened, { toggle }] = useDisclosure();
  const isOpen = opened || isGrowing;
  return (
    <>
      <UnstyledButton onClick={toggle} aria-expanded={isOpen} c="dimmed" mb={4}>
        <Group gap={6}>
          <Brain size={14} aria-hidden />
          <Text fz="sm">{isGrowing ? "Thinking" : "Thought"}</Text>
          {isOpen ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
        </Group>
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        <Text
          fz="sm"
          c="dimmed"
          mb="sm"
          pl="sm"
          style={{ whiteSpace: "pre-wrap", borderLeft: "2px solid var(--mantine-color-default-border)" }}
        >
          {text}
        </Text>
      </Collapse>
    </>
  );
}
