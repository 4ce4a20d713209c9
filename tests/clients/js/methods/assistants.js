// Exercises for `client.assistants`.
import assert from "node:assert/strict";

const made = (client, asked = {}) =>
  client.assistants.create({ graphId: "tuned", name: "Ada", metadata: { by: "js" }, ...asked });

export default {
  async create(client) {
    const assistant = await made(client, { context: { gate: "" }, description: "Counts" });
    assert.deepEqual([assistant.version, assistant.description], [1, "Counts"]);
  },
  async get(client) {
    const assistant = await made(client);
    assert.deepEqual(await client.assistants.get(assistant.assistant_id), assistant);
  },
  async update(client) {
    const { assistant_id } = await made(client);
    const changed = await client.assistants.update(assistant_id, { name: "Grace", metadata: { more: 1 } });
    assert.deepEqual([changed.name, changed.version, changed.metadata], ["Grace", 2, { by: "js", more: 1 }]);
  },
  async delete(client) {
    const { assistant_id } = await made(client);
    await client.assistants.delete(assistant_id, { deleteThreads: true });
    await assert.rejects(client.assistants.get(assistant_id), { status: 404 });
  },
  async search(client) {
    const mine = { search: crypto.randomUUID() };
    await made(client, { metadata: mine });
    await made(client, { metadata: mine });
    const found = await client.assistants.search({ metadata: mine, limit: 1, includePagination: true });
    assert.deepEqual([found.assistants.length, found.next], [1, "1"]);
  },
  async count(client) {
    const mine = { count: crypto.randomUUID() };
    await made(client, { metadata: mine });
    assert.equal(await client.assistants.count({ metadata: mine, graphId: "tuned" }), 1);
  },
  async getVersions(client) {
    const { assistant_id } = await made(client);
    await client.assistants.update(assistant_id, { name: "Grace" });
    const versions = await client.assistants.getVersions(assistant_id);
    assert.deepEqual(versions.map((row) => row.version), [2, 1]);
  },
  async setLatest(client) {
    const { assistant_id } = await made(client);
    await client.assistants.update(assistant_id, { name: "Grace" });
    assert.equal((await client.assistants.setLatest(assistant_id, 1)).name, "Ada");
  },
  async getGraph(client) {
    const graph = await client.assistants.getGraph("family", { xray: true });
    assert.ok(graph.nodes.some((node) => node.id === "child:ask"));
  },
  async getSchemas(client) {
    const { assistant_id } = await made(client);
    const schemas = await client.assistants.getSchemas(assistant_id);
    assert.ok("gate" in schemas.context_schema.properties);
  },
  async getSubgraphs(client) {
    const [family] = await client.assistants.search({ graphId: "family", metadata: { created_by: "system" } });
    const subgraphs = await client.assistants.getSubgraphs(family.assistant_id, { recurse: true });
    assert.deepEqual(Object.keys(subgraphs), ["child"]);
    const named = await client.assistants.getSubgraphs(family.assistant_id, { namespace: "child" });
    assert.deepEqual(Object.keys(named), ["child"]);
  },
};
