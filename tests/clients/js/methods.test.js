// Every method of the JS SDK, of both versions. The list of methods is the SDK's own: a new one without an exercise fails.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { clients } from "./gateway.js";
import assistants from "./methods/assistants.js";
import crons from "./methods/crons.js";
import runs from "./methods/runs.js";
import store from "./methods/store.js";
import threads from "./methods/threads.js";

const areas = { assistants, threads, runs, crons, store };
const awaited = JSON.parse(readFileSync(new URL("../awaited.json", import.meta.url))).javascript;
const exercises = new Map();
for (const [area, its] of Object.entries(areas))
  for (const [name, exercise] of Object.entries(its)) exercises.set(`${area}.${name}`, exercise);

const only = { "threads.search(extract)": "1.15.0" };

const methodOf = (name) => name.split("(")[0];
const methodsOf = (client) =>
  Object.keys(areas).flatMap((area) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(client[area]))
      .filter((name) => name !== "constructor")
      .map((name) => `${area}.${name}`),
  );

/** A client that writes down which of its methods are called. */
function noting(client, called) {
  const note = (area) => ({
    get(its, name) {
      called.add(`${area}.${String(name)}`);
      return typeof its[name] === "function" ? its[name].bind(its) : its[name];
    },
  });
  return Object.fromEntries(Object.keys(areas).map((area) => [area, new Proxy(client[area], note(area))]));
}

/** What the gateway answers where it cannot do yet what is asked. */
const isRefusal = (error) => [404, 405, 422, 501].includes(error.status) || /\b(404|405|422|501)\b/.test(error.message);

for (const [version, connect] of Object.entries(clients)) {
  const methods = new Set(methodsOf(connect()));

  test(`${version}: every method has an exercise`, () => {
    const missing = [...methods].filter((method) => !exercises.has(method));
    assert.deepEqual(missing, []);
  });

  for (const [name, exercise] of exercises) {
    if (!methods.has(methodOf(name)) || (only[name] ?? version) !== version) continue;
    test(`${version}: ${name}`, { timeout: 60_000 }, async () => {
      const called = new Set();
      const done = exercise(noting(connect(), called));
      if (awaited.includes(name)) await assert.rejects(done, isRefusal, "It works: take it off awaited.json");
      else await done;
      assert.ok(called.has(methodOf(name)));
    });
  }
}

test("no exercise is for nothing, and nothing is awaited that has none", () => {
  const methods = new Set(Object.values(clients).flatMap((connect) => methodsOf(connect())));
  assert.deepEqual([...exercises.keys()].filter((name) => !methods.has(methodOf(name))), []);
  assert.deepEqual(awaited.filter((name) => !exercises.has(name)), []);
});
