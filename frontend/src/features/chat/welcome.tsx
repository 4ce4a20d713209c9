import { Center, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./chat.module.css";

/** What is seen before the first message; `isLost` if the thread of the URL does not exist. */
export function Welcome({ isLost, children }: { isLost: boolean; children: ReactNode }) {
  const [title, more] = isLost ? lost : greeting;
  return (
    <div className={classes.scroll}>
      <Center mih="100%" px="md" py="lg">
        <Stack align="center" gap={6}>
          <img src="favicon.svg" width={52} height={52} alt="" />
          <Title order={1} fz={26} ta="center">
            {title}
          </Title>
          <Text c="dimmed" ta="center" maw={460} mb="lg">
            {more}
          </Text>
          {children}
        </Stack>
      </Center>
    </div>
  );
}

const greeting = [
  "Talk to your agent",
  "Choose whom to talk to and write a message. Runs can be stopped, undone, forked, and watched from another tab.",
];
const lost = ["There is no such thread", "It may have been deleted. Begin a new chat."];
