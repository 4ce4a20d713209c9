import { Button, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { recentThreads } from "./api";
import classes from "./recent-threads.module.css";
import { ThreadLink } from "./thread-link";

/** The threads that changed last, and a way to begin one. */
export function RecentThreads({ onLeave }: { onLeave: () => void }) {
  const { data = [], error } = useQuery(recentThreads);
  return (
    <>
      <Button
        variant="default"
        leftSection={<Plus size={16} />}
        onClick={onLeave}
        renderRoot={(props) => (
          <Link to="/chat/{-$thread}" params={{ thread: undefined }} search={stay} {...props} />
        )}
      >
        New chat
      </Button>
      <Stack gap={2} component="nav" aria-label="Recent threads" className={classes.list}>
        {data.map((thread) => (
          <ThreadLink key={thread.thread_id} thread={thread} onLeave={onLeave} />
        ))}
        {error && <Text fz="xs" c="red">{`The threads cannot be listed: ${error.message}`}</Text>}
      </Stack>
    </>
  );
}

/** A new chat is with the same assistant, by the same hook, beside the same panel. */
const stay = ({ assistant, hook, panel }: Stays) => ({ assistant, hook, panel });

interface Stays {
  assistant?: string;
  hook?: "classic" | "v2";
  panel?: "state" | "events";
}
