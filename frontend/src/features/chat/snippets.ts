import type { Run } from "./api";

export type Language = "curl" | "Python" | "JavaScript";

export const languages: Language[] = ["curl", "Python", "JavaScript"];

interface Request {
  apiUrl: string;
  threadId: string;
  run: Run;
}

/** What was asked of a run, as code that asks it again, on the same thread. */
export function snippet(language: Language, { apiUrl, threadId, run }: Request): string {
  const body = { ...asked(run), stream_mode: ["updates", "messages-tuple"] };
  return { curl: curlOf, Python: pythonOf, JavaScript: javascriptOf }[language](apiUrl, threadId, body);
}

type Body = { assistant_id: string } & Record<string, unknown>;

/** What an answer has no need of is left out. */
function asked({ assistant_id, kwargs: { input, command, context, config } }: Run): Body {
  const checkpoint_id = config?.configurable?.checkpoint_id;
  const isTold = context && Object.keys(context).length > 0;
  return {
    assistant_id,
    ...(command ? { command } : { input }),
    ...(isTold && { context }),
    ...(checkpoint_id && { checkpoint_id }),
  };
}

/** In single quotes, as shells read them. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

const curlOf = (apiUrl: string, threadId: string, body: Body) =>
  [
    `curl -N ${quoted(`${apiUrl}/threads/${threadId}/runs/stream`)} \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d ${quoted(JSON.stringify(body))}`,
  ].join("\n");

function pythonOf(apiUrl: string, threadId: string, { assistant_id, ...rest }: Body): string {
  const options = Object.entries(rest).map(([name, value]) => `        ${name}=${python(value)},`);
  return [
    "import asyncio",
    "",
    "from langgraph_sdk import get_client",
    "",
    "",
    "async def main():",
    `    client = get_client(url=${JSON.stringify(apiUrl)})`,
    "    async for part in client.runs.stream(",
    `        ${JSON.stringify(threadId)},`,
    `        ${JSON.stringify(assistant_id)},`,
    ...options,
    "    ):",
    "        print(part.event, part.data)",
    "",
    "",
    "asyncio.run(main())",
  ].join("\n");
}

/** JSON as Python writes it. */
function python(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const items = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${python(item)}`);
  return `{${items.join(", ")}}`;
}

const names: Record<string, string> = { stream_mode: "streamMode", checkpoint_id: "checkpointId" };

function javascriptOf(apiUrl: string, threadId: string, { assistant_id, ...rest }: Body): string {
  const options = Object.entries(rest).map(
    ([name, value]) => `  ${names[name] ?? name}: ${JSON.stringify(value)},`,
  );
  const [client, thread, assistant] = [{ apiUrl }, threadId, assistant_id].map((value) =>
    JSON.stringify(value),
  );
  return [
    'import { Client } from "@langchain/langgraph-sdk";',
    "",
    `const client = new Client(${client});`,
    `const stream = client.runs.stream(${thread}, ${assistant}, {`,
    ...options,
    "});",
    "for await (const { event, data } of stream) console.log(event, data);",
  ].join("\n");
}
