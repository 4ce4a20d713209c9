/** Messages as the playground shows them, whichever hook or state they come from. */

export interface ToolCall {
  id: string;
  name: string;
  args: unknown;
}

export interface ChatMessage {
  id: string;
  kind: "human" | "ai" | "tool" | "system";
  text: string;
  reasoning: string;
  toolCalls: ToolCall[];
  /** Of a tool's message: the call it answers, the tool's name, and whether it failed. */
  toolCallId?: string;
  name?: string;
  failed: boolean;
}

/** What a message may hold, as a plain object or as an instance of a class of @langchain/core. */
export interface RawMessage {
  id?: string | null;
  type: string;
  content: unknown;
  name?: string | null;
  tool_calls?: { id?: string; name: string; args: unknown }[];
  tool_call_id?: string;
  status?: string;
  additional_kwargs?: { reasoning_content?: unknown; reasoning?: unknown };
}

type Block = Record<string, unknown>;

const kinds: Record<string, ChatMessage["kind"]> = {
  human: "human",
  user: "human",
  tool: "tool",
  system: "system",
};

/** Read the messages of a state; anything in `messages` that is none is left out. */
export const readMessages = (raw: unknown): ChatMessage[] => newReader()(raw);

/** Reads messages again and again: one that says the same as before is the same object. */
export function newReader() {
  const known = new WeakMap<RawMessage, ChatMessage>();
  const newest = new Map<string, ChatMessage>();
  const read = (raw: RawMessage, place: number) => {
    const now = known.get(raw) ?? readMessage(raw, place);
    const before = newest.get(now.id);
    const message = before && isSame(before, now) ? before : now;
    known.set(raw, message);
    newest.set(message.id, message);
    return message;
  };
  return (raw: unknown): ChatMessage[] => (Array.isArray(raw) ? raw.filter(isMessage).map(read) : []);
}

/** Hooks make new objects of all messages with each state they hear of. */
const isSame = (one: ChatMessage, other: ChatMessage) =>
  one === other || (one.text === other.text && JSON.stringify(one) === JSON.stringify(other));

function readMessage(raw: RawMessage, place: number): ChatMessage {
  const blocks = blocksOf(raw.content);
  const { reasoning_content, reasoning } = raw.additional_kwargs ?? {};
  return {
    id: raw.id ?? `message-${place}`,
    kind: kinds[raw.type] ?? "ai",
    text: blocks.map(textOf).join(""),
    reasoning: blocks.map(reasoningOf).join("") || textIn(reasoning_content) || summaryOf(reasoning),
    toolCalls: (raw.tool_calls ?? []).map((call, index) => ({
      ...call,
      id: call.id || `${raw.id}-${index}`,
    })),
    toolCallId: raw.tool_call_id,
    name: raw.name ?? undefined,
    failed: raw.status === "error",
  };
}

const isMessage = (raw: unknown): raw is RawMessage =>
  typeof raw === "object" &&
  raw !== null &&
  "type" in raw &&
  typeof raw.type === "string" &&
  "content" in raw;

function blocksOf(content: unknown): Block[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return Array.isArray(content)
    ? content.map((block) => (typeof block === "string" ? { type: "text", text: block } : block))
    : [];
}

const textOf = (block: Block) => (block.type === "text" && typeof block.text === "string" ? block.text : "");

/** Providers call it by many names, and some tell a summary of it alone. */
function reasoningOf(block: Block): string {
  if (block.type === "reasoning") return textIn(block.reasoning) || summaryOf(block);
  if (block.type === "thinking") return textIn(block.thinking);
  return block.type === "reasoning_content" ? textIn(block.reasoning_content) : "";
}

/** A text, or one in an object. */
function textIn(value: unknown): string {
  const text = isBlock(value) ? value.text : value;
  return typeof text === "string" ? text : "";
}

const summaryOf = (thought: unknown): string =>
  isBlock(thought) && Array.isArray(thought.summary) ? thought.summary.map(textIn).join("\n\n") : "";

const isBlock = (value: unknown): value is Block =>
  typeof value === "object" && value !== null && !Array.isArray(value);
