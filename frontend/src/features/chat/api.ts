import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, Refused } from "@/lib/gateway";
import type { Past } from "./branches";

/** An interrupt that waits for an answer, as the graph raised it. */
export interface Interrupt {
  id: string;
  value: unknown;
}

/** A thread without its values. */
export interface Head {
  thread_id: string;
  status: "idle" | "busy" | "interrupted" | "error";
  metadata: { assistant_id?: string };
  error: unknown;
  interrupts: Record<string, Interrupt[]>;
  /** Whether the gateway may not know of it yet. */
  isNew?: boolean;
}

/** A thread that the first message has just made, before the gateway is asked. */
export const newHead = (threadId: string, assistantId: string | undefined): Head => ({
  thread_id: threadId,
  status: "busy",
  metadata: { assistant_id: assistantId },
  error: null,
  interrupts: {},
  isNew: true,
});

export interface Run {
  run_id: string;
  assistant_id: string;
  status: "pending" | "running" | "success" | "error" | "timeout" | "interrupted";
  kwargs: RunArguments;
}

/** What a run was started with. */
export interface RunArguments {
  input: { messages?: unknown } | null;
  command?: unknown;
  context?: object;
  config?: { configurable?: { checkpoint_id?: string } };
}

/** When a run began and ended; null where it has not. */
export interface Course {
  run_id: string;
  status: Run["status"];
  run_started_at: string | null;
  run_ended_at: string | null;
}

export interface Usage {
  total_tokens: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  reasoning_tokens: number;
  cost: number | null;
  currency: string | null;
}

/** GET /threads/{id}/token-usage: the totals of the thread, and of each of its runs. */
export interface ThreadUsage {
  total_tokens: number;
  total_input_tokens: number;
  total_output_tokens: number;
  cache_read_tokens: number;
  reasoning_tokens: number;
  total_cost: number | null;
  currency: string | null;
  by_run: Record<string, Usage & { rolled_back: boolean }>;
}

const headFields = ["thread_id", "status", "metadata", "error", "interrupts"];

/** All below is of one thread, and asked for again whenever a run begins or ends. */
const aboutThread = (threadId: string) => ["threads", threadId];

/** The thread; null if there is none. */
export const threadHead = (threadId = "") =>
  queryOptions({
    queryKey: [...aboutThread(threadId), "head"],
    queryFn: async () =>
      (await call<Head[]>("/threads/search", { ids: [threadId], select: headFields }))[0] ?? null,
    enabled: threadId !== "",
    refetchInterval: ({ state }) => (isKnown(state.data) ? false : 1000),
  });

/** Whether the gateway has the thread, and so can tell the rest. */
export const isKnown = (head: Head | null | undefined) => !!head && !head.isNew;

/** Its runs, newest first. Whether a run was started elsewhere is seen here: it is asked for again and again. */
export const threadRuns = (threadId = "") =>
  queryOptions({
    queryKey: [...aboutThread(threadId), "runs"],
    queryFn: () => call<Run[]>(`/threads/${threadId}/runs?limit=50&select=run_id,assistant_id,status,kwargs`),
    refetchInterval: 2000,
  });

/** When its runs began and ended, newest first. */
export const threadCourses = (threadId = "") =>
  queryOptions({
    queryKey: [...aboutThread(threadId), "courses"],
    queryFn: () =>
      call<Course[]>(`/threads/${threadId}/runs?limit=1000&select=run_id,status,run_started_at,run_ended_at`),
  });

/** Its newest states, newest first. Each holds all messages: as many as some twenty turns make will do. */
export const threadHistory = (threadId = "", limit = 60) =>
  queryOptions({
    queryKey: [...aboutThread(threadId), "history", limit],
    queryFn: () => call<Past[]>(`/threads/${threadId}/history`, { limit }),
    placeholderData: keepPreviousData,
  });

/** One of its states. */
export const threadStateAt = (threadId = "", checkpointId = "") =>
  queryOptions({
    queryKey: [...aboutThread(threadId), "state", checkpointId],
    queryFn: () => call<Past>(`/threads/${threadId}/state/${encodeURIComponent(checkpointId)}`),
  });

/** What its calls of models came to. */
export const threadUsage = (threadId = "") =>
  queryOptions({
    queryKey: [...aboutThread(threadId), "usage"],
    queryFn: () => call<ThreadUsage>(`/threads/${threadId}/token-usage`),
  });

/** Stop a run, or undo it, and wait until that is done. False if it had ended before. Throws Refused. */
export async function cancelRun(threadId: string, runId: string, action: "interrupt" | "rollback") {
  try {
    await call(`/threads/${threadId}/runs/${runId}/cancel?wait=true&action=${action}`, undefined, "POST");
    return true;
  } catch (error) {
    if (error instanceof Refused && error.status === 409) return false;
    throw error;
  }
}
