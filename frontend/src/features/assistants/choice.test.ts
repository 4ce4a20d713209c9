import { expect, test } from "vitest";
import { choose } from "./choice";

const assistant = (name: string) => ({ assistant_id: `id-${name}`, name, graph_id: name, description: null });
const all = ["echo", "tools"].map(assistant);

test("the URL names an assistant by id or by name", () => {
  expect(choose(all, "id-tools")?.name).toBe("tools");
  expect(choose(all, "tools", "id-echo")?.name).toBe("tools");
});

test("without a name it is the thread's, and then the first", () => {
  expect(choose(all, undefined, "id-tools")?.name).toBe("tools");
  expect(choose(all)?.name).toBe("echo");
  expect(choose(all, "gone")?.name).toBe("echo");
});

test("where there is none, none is chosen", () => {
  expect(choose([], "echo")).toBeUndefined();
});
