import { type Change, changesOf } from "./changes";
import { idOf, parentOf, type State } from "./state";

/** What happened between a state and the one before it. */
export interface Step {
  id: string;
  runId: string | undefined;
  /** What was at work, each node once: `input`, `update`, `fork`, or nodes, with how often if that was more than once. */
  nodes: string[];
  /** LangGraph's own count, which goes on over runs. */
  number: number | undefined;
  at: string | null;
  /** How long it took; undefined where nothing was at work, or where that is not known. */
  seconds: number | undefined;
  /** Undefined if the state before it has not been read. */
  changes: Change[] | undefined;
  state: State;
  /** The thread went on from an earlier state than the one before in time. */
  isFork: boolean;
  /** It does not lie behind the state that is shown. */
  isAside: boolean;
}

/** Steps of one run, newest first. */
export interface RunSteps {
  runId: string | undefined;
  steps: Step[];
}

interface Shown {
  /** The state that is shown; without it, the newest. */
  at: string | undefined;
  /** When a run began, in milliseconds since 1970. */
  startOf: (runId: string) => number | undefined;
}

/** Where a run comes in, or leaves an older state: the first half of the step that follows. */
const isEntry = (state: State | undefined) =>
  state?.metadata?.source === "input" || state?.metadata?.source === "fork";

/** Read steps of states, newest first. Where a run comes in is no step, unless the one that follows is not done yet. */
export function stepsOf(states: readonly State[], { at, startOf }: Shown): Step[] {
  const known = new Map(states.map((state) => [idOf(state), state]));
  const behind = pathTo(known, at && known.has(at) ? at : states[0] && idOf(states[0]));
  const shown = states.filter((state, place) => place === 0 || !isEntry(state));
  return shown.map((state, place) => {
    const parent = known.get(parentOf(state) ?? "");
    const origin = parent && isEntry(parent) ? parentOf(parent) : parentOf(state);
    const older = shown[place + 1];
    return {
      id: idOf(state),
      runId: state.metadata?.run_id,
      nodes: nodesOf(state, parent),
      number: state.metadata?.step,
      at: state.created_at,
      seconds: secondsOf(state, parent, startOf),
      changes: changesBetween(parent, state),
      state,
      isFork: !!older && !!origin && origin !== idOf(older) && known.has(origin),
      isAside: !behind.has(idOf(state)),
    };
  });
}

/** Put steps that follow each other in one run together. */
export function byRun(steps: readonly Step[]): RunSteps[] {
  const runs: RunSteps[] = [];
  for (const step of steps) {
    const last = runs.at(-1);
    if (last && last.runId === step.runId) last.steps.push(step);
    else runs.push({ runId: step.runId, steps: [step] });
  }
  return runs;
}

/** A state and all before it. */
function pathTo(known: ReadonlyMap<string, State>, id: string | undefined): Set<string> {
  const path = new Set<string>();
  for (let state = known.get(id ?? ""); state; state = known.get(parentOf(state) ?? ""))
    path.add(idOf(state));
  return path;
}

function nodesOf(state: State, parent: State | undefined): string[] {
  const source = state.metadata?.source;
  if (source && source !== "loop") return [source];
  const counts = new Map<string, number>();
  for (const { name } of parent?.tasks ?? []) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) =>
    name === "__start__" ? "input" : count > 1 ? `${name} ×${count}` : name,
  );
}

function secondsOf(state: State, parent: State | undefined, startOf: Shown["startOf"]): number | undefined {
  const runId = state.metadata?.run_id;
  if (!state.created_at || state.metadata?.source !== "loop" || !parent || !runId) return undefined;
  if (parent.metadata?.source === "input") return undefined;
  const isSameRun = parent.metadata?.run_id === runId;
  const start = isSameRun && parent.created_at ? Date.parse(parent.created_at) : startOf(runId);
  return start === undefined ? undefined : Math.max(0, Date.parse(state.created_at) - start) / 1000;
}

const compared = new WeakMap<State, { parent: State | undefined; changes: Change[] | undefined }>();

/** The first state of a thread has none before it, and changes nothing into something. */
function changesBetween(parent: State | undefined, state: State): Change[] | undefined {
  const known = compared.get(state);
  if (known && known.parent === parent) return known.changes;
  const isKnown = parent !== undefined || parentOf(state) === undefined;
  const changes = isKnown ? changesOf(parent?.values, state.values) : undefined;
  compared.set(state, { parent, changes });
  return changes;
}
