import { expect, test } from "vitest";
import type { Run, RunArguments } from "./api";
import { snippet } from "./snippets";

const code = (language: "curl" | "Python" | "JavaScript", kwargs: RunArguments) => {
  const run: Run = { run_id: "r", assistant_id: "agent", status: "success", kwargs };
  return snippet(language, { apiUrl: "http://here", threadId: "t", run });
};
const input = { messages: [{ type: "human", content: 'It\'s "5"\n' }] };

test("curl asks for a stream, and a quote in what was said does not end it", () => {
  const text = code("curl", { input });
  expect(text).toContain("curl -N 'http://here/threads/t/runs/stream'");
  const body = /-d '([\s\S]*)'$/.exec(text)?.[1]?.replaceAll(`'\\''`, "'") ?? "";
  expect(JSON.parse(body)).toEqual({
    assistant_id: "agent",
    input,
    stream_mode: ["updates", "messages-tuple"],
  });
});

test("Python has its own words for nothing, true and false", () => {
  const text = code("Python", { input: null, context: { a: true, b: [false, null, 1] } });
  expect(text).toContain("        input=None,");
  expect(text).toContain('        context={"a": True, "b": [False, None, 1]},');
});

test("an answer to an interrupt is a command, and a fork names its checkpoint", () => {
  const kwargs = {
    input: null,
    command: { resume: "yes" },
    config: { configurable: { checkpoint_id: "c" } },
  };
  const text = code("JavaScript", kwargs);
  expect(text).toContain('  command: {"resume":"yes"},');
  expect(text).toContain('  checkpointId: "c",');
  expect(text).not.toContain("input");
});
