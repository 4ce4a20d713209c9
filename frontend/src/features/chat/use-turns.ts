import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { threadCourses, threadUsage } from "./api";
import { turnsOf } from "./turns";

/** The runs of a thread, by id; read again whenever one begins or ends. */
export function useTurns(threadId: string | undefined, enabled: boolean) {
  const courses = useQuery({ ...threadCourses(threadId), enabled }).data;
  const usage = useQuery({ ...threadUsage(threadId), enabled }).data;
  return useMemo(() => turnsOf(courses ?? [], usage), [courses, usage]);
}
