import type { Course, ThreadUsage, Usage } from "./api";

/** A run as the conversation tells it: how it went, how long that took, and what it used. */
export interface Turn {
  status: Course["status"];
  /** When it began, in milliseconds since 1970. */
  start?: number;
  /** Of the run itself, without its wait in the queue; undefined until it has ended. */
  seconds?: number;
  usage?: Usage;
}

/** The runs of a thread, by id. */
export function turnsOf(courses: readonly Course[], usage: ThreadUsage | undefined): Map<string, Turn> {
  return new Map(
    courses.map(({ run_id, status, run_started_at, run_ended_at }) => {
      const [start, end] = [run_started_at, run_ended_at].map((moment) =>
        moment ? Date.parse(moment) : undefined,
      );
      const seconds = start !== undefined && end !== undefined ? (end - start) / 1000 : undefined;
      return [run_id, { status, start, seconds, usage: usage?.by_run[run_id] }];
    }),
  );
}
