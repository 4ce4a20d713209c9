import { Text } from "@mantine/core";
import type { Task } from "./state";
import classes from "./steps.module.css";

/** What the nodes that were due after a step have asked, and how they failed. */
export function TaskLines({ tasks }: { tasks: readonly Task[] }) {
  return tasks.map(({ id, name, error, interrupts }) => (
    <div key={id}>
      {error && (
        <Text fz="xs" c="red" className={classes.text}>
          {name}: {error}
        </Text>
      )}
      {interrupts.length > 0 && (
        <Text fz="xs" className={classes.text} lineClamp={4}>
          {name} asks: {interrupts.map(({ value }) => JSON.stringify(value)).join(", ")}
        </Text>
      )}
    </div>
  ));
}
