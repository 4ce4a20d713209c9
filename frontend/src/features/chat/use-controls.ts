import { useMutation, useQueryClient } from "@tanstack/react-query";
import { cancelRun, type Run, threadRuns } from "./api";
import { saidOf } from "./said";

/** What can be done to the runs of a thread. `error` is the last refusal; `rollingBack` and `stopping` are under way. */
export function useControls(threadId = "", onDraft: (text: string) => void, onReopen: () => void) {
  const queries = useQueryClient();
  const news = () => queries.invalidateQueries({ queryKey: ["threads"] });
  const newestRunning = async () => {
    const runs = await queries.fetchQuery({ ...threadRuns(threadId), staleTime: 0 });
    return runs.find((run) => run.status === "running");
  };

  const stopping = useMutation({
    mutationFn: async () => {
      const run = await newestRunning();
      if (run) await cancelRun(threadId, run.run_id, "interrupt");
    },
    onSettled: news,
  });
  const rollingBack = useMutation({
    mutationFn: async () => {
      const run = await newestRunning();
      return run && (await cancelRun(threadId, run.run_id, "rollback")) ? run : undefined;
    },
    onSuccess: (run) => {
      if (!run) return;
      // what was said is undone with the run: it can be said better
      onDraft(saidOf(run));
      onReopen();
    },
    onSettled: news,
  });
  const queueing = useMutation({ mutationFn: (send: () => Promise<unknown>) => send(), onSettled: news });
  const removing = useMutation({
    mutationFn: (run: Run) => cancelRun(threadId, run.run_id, "rollback"),
    onSettled: news,
  });

  return {
    stop: () => stopping.mutate(),
    rollBack: () => rollingBack.mutate(),
    queue: queueing.mutate,
    remove: removing.mutate,
    isStopping: stopping.isPending || rollingBack.isPending,
    error: stopping.error ?? rollingBack.error ?? queueing.error ?? removing.error,
  };
}

export type Controls = ReturnType<typeof useControls>;
