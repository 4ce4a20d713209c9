import { queryOptions } from "@tanstack/react-query";
import { call } from "@/lib/gateway";

/** A thread as the list of recent ones shows it; `title` is its first message. */
export interface RecentThread {
  thread_id: string;
  status: "idle" | "busy" | "interrupted" | "error";
  updated_at: string;
  metadata: { graph_id?: string };
  extracted: { title: unknown };
}

const recent = {
  limit: 30,
  sort_by: "updated_at",
  sort_order: "desc",
  select: ["thread_id", "status", "updated_at", "metadata"],
  extract: { title: "values.messages[0].content" },
};

/** The threads that changed last. Other tabs and programs make threads, too: it is asked for again. */
export const recentThreads = queryOptions({
  queryKey: ["threads", "recent"],
  queryFn: () => call<RecentThread[]>("/threads/search", recent),
  refetchInterval: 3000,
});
