import { queryOptions } from "@tanstack/react-query";
import { call } from "@/lib/gateway";

export interface Assistant {
  assistant_id: string;
  graph_id: string;
  name: string;
  description: string | null;
}

const every = {
  limit: 200,
  sort_by: "name",
  sort_order: "asc",
  select: ["assistant_id", "graph_id", "name", "description"],
};

export const assistantList = queryOptions({
  queryKey: ["assistants"],
  queryFn: () => call<Assistant[]>("/assistants/search", every),
  staleTime: 30_000,
});
