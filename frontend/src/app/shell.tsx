import { AppShell, Burger, Divider, Group, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Outlet } from "@tanstack/react-router";
import { SchemeToggle } from "@/components/ui/scheme-toggle";
import { RecentThreads } from "@/features/threads/recent-threads";
import { Brand } from "./brand";
import { Navigation } from "./navigation";
import classes from "./shell.module.css";

/** What stands around every page: navigation, the recent threads, and the choice of colors. */
export function Shell() {
  const [open, { toggle, close }] = useDisclosure();
  return (
    <AppShell
      layout="alt"
      navbar={{ width: 264, breakpoint: "sm", collapsed: { mobile: !open } }}
      className={classes.shell}
    >
      <AppShell.Navbar className={classes.navbar} p="sm" aria-label="Navigation">
        <Stack gap="sm" h="100%">
          <Group justify="space-between" wrap="nowrap">
            <Brand />
            <Group gap={4} wrap="nowrap">
              <SchemeToggle />
              <Burger
                opened={open}
                onClick={close}
                hiddenFrom="sm"
                size="sm"
                aria-label="Close the navigation"
              />
            </Group>
          </Group>
          <Navigation onLeave={close} />
          <Divider />
          <RecentThreads onLeave={close} />
        </Stack>
      </AppShell.Navbar>
      <AppShell.Main className={classes.main}>
        <Burger
          className={classes.burger}
          opened={open}
          onClick={toggle}
          hiddenFrom="sm"
          size="sm"
          aria-label="Open the navigation"
        />
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}
