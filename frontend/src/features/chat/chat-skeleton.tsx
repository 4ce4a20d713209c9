import { Skeleton, Stack } from "@mantine/core";
import classes from "./chat.module.css";

/** Stands where the messages will be. */
export function ChatSkeleton() {
  return (
    <div className={classes.scroll} role="status" aria-label="The conversation is being opened">
      <Stack className={classes.column} pt="xl" gap="lg">
        <Skeleton h={40} w="45%" ml="auto" radius="lg" />
        <Skeleton h={14} w="80%" />
        <Skeleton h={14} w="65%" />
      </Stack>
    </div>
  );
}
