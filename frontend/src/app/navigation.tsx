import { NavLink, Stack } from "@mantine/core";
import { Link, useLocation } from "@tanstack/react-router";
import { pages } from "./pages";

/** Links to the pages; the one that is shown is marked. */
export function Navigation({ onLeave }: { onLeave: () => void }) {
  const { pathname } = useLocation();
  return (
    <Stack gap={2} component="nav" aria-label="Pages">
      {pages.map(({ label, to, icon: Icon }) => (
        <NavLink
          key={to}
          label={label}
          leftSection={<Icon size={17} />}
          active={pathname.startsWith(to.slice(0, to.indexOf("/", 1)))}
          onClick={onLeave}
          renderRoot={(props) => <Link to={to} params={{ thread: undefined }} {...props} />}
        />
      ))}
    </Stack>
  );
}
