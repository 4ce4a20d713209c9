import { Badge, Collapse, Group, Loader, Paper, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { ChevronDown, ChevronRight, Wrench } from "lucide-react";
import { memo } from "react";
import { CodeBlock } from "@/components/ui/code-block";
import { pretty } from "@/lib/format";
import type { Card } from "./entries";
import classes from "./tool-card.module.css";

/** A call of a tool: its name and result at a glance, its arguments and all of the result inside. */
export const ToolCard = memo(({ call, result, isLive }: Card & { isLive: boolean }) => {
  const [isOpen, { toggle }] = useDisclosure();
  const Arrow = isOpen ? ChevronDown : ChevronRight;
  return (
    <Paper
      withBorder
      className={classes.card}
      data-failed={result?.failed || undefined}
      data-tool={call.name}
    >
      <UnstyledButton w="100%" px="sm" py={7} onClick={toggle} aria-expanded={isOpen}>
        <Group gap="xs" wrap="nowrap">
          <Wrench size={14} className={classes.icon} aria-hidden />
          <Text fz="sm" fw={600} className={classes.name}>
            {call.name}
          </Text>
          <Text fz="sm" c="dimmed" truncate flex={1}>
            {result?.text}
          </Text>
          <Status result={result} isLive={isLive} />
          <Arrow size={15} aria-hidden />
        </Group>
      </UnstyledButton>
      <Collapse expanded={isOpen}>
        <div className={classes.inside}>
          {call.args !== undefined && (
            <section>
              <Text fz="xs" c="dimmed">
                Arguments
              </Text>
              <CodeBlock text={pretty(call.args)} label="the arguments" />
            </section>
          )}
          {result && (
            <section>
              <Text fz="xs" c={result.failed ? "red" : "dimmed"}>
                {result.failed ? "Error" : "Result"}
              </Text>
              <CodeBlock text={result.text} label="the result" />
            </section>
          )}
        </div>
      </Collapse>
    </Paper>
  );
});

function Status({ result, isLive }: { result: Card["result"]; isLive: boolean }) {
  if (result?.failed)
    return (
      <Badge color="red" variant="light" size="sm">
        failed
      </Badge>
    );
  if (result)
    return (
      <Badge color="teal" variant="light" size="sm">
        done
      </Badge>
    );
  return isLive ? (
    <Loader size={14} aria-label="The tool is at work" />
  ) : (
    <Badge color="gray" variant="light" size="sm">
      no result
    </Badge>
  );
}
