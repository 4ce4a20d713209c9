/** A state of a thread as POST /threads/{id}/history lists it. */
export interface State {
  checkpoint: { checkpoint_id: string };
  parent_checkpoint: { checkpoint_id: string } | null;
  values: unknown;
  /** The nodes that are due. */
  next: readonly string[];
  tasks: readonly Task[];
  metadata: { run_id?: string; source?: string; step?: number } | null;
  created_at: string | null;
}

export interface Task {
  id: string;
  name: string;
  error: string | null;
  interrupts: readonly { value: unknown }[];
}

export const idOf = (state: State) => state.checkpoint.checkpoint_id;
export const parentOf = (state: State) => state.parent_checkpoint?.checkpoint_id;
