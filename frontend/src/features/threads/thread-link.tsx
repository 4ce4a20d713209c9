import { Box, NavLink, Text } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { ago } from "@/lib/format";
import type { RecentThread } from "./api";
import { titleOf } from "./title";

const marks: Record<RecentThread["status"], { color: string; label: string } | undefined> = {
  idle: undefined,
  busy: { color: "rail", label: "running" },
  interrupted: { color: "yellow", label: "waits for an answer" },
  error: { color: "red", label: "failed" },
};

/** One thread of the list: its title, graph and age, and a mark if it is not at rest. */
export function ThreadLink({ thread, onLeave }: { thread: RecentThread; onLeave: () => void }) {
  const { thread: shown } = useParams({ strict: false });
  const mark = marks[thread.status];
  const about = [thread.metadata.graph_id, ago(thread.updated_at)].filter(Boolean).join(" · ");
  return (
    <NavLink
      py={6}
      label={
        <Text fz="sm" truncate>
          {titleOf(thread.extracted.title)}
        </Text>
      }
      description={about}
      active={shown === thread.thread_id}
      onClick={onLeave}
      rightSection={
        mark && (
          <Box w={8} h={8} bg={mark.color} bdrs="xl" role="img" title={mark.label} aria-label={mark.label} />
        )
      }
      renderRoot={(props) => (
        <Link to="/chat/{-$thread}" params={{ thread: thread.thread_id }} search={stay} {...props} />
      )}
    />
  );
}

/** Another thread is shown by the same hook, beside the same panel. */
const stay = ({ hook, panel }: { hook?: "classic" | "v2"; panel?: "state" | "events" }) => ({ hook, panel });
