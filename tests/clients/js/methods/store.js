// Exercises for `client.store`.
import assert from "node:assert/strict";

async function put(client, ...path) {
  const namespace = ["clients", crypto.randomUUID(), ...path];
  for (const [number, key] of ["first", "second"].entries())
    await client.store.putItem(namespace, key, { number }, { index: false, ttl: 60 });
  return namespace;
}

async function getItem(client) {
  const namespace = await put(client);
  const item = await client.store.getItem(namespace, "second", { refreshTtl: true });
  assert.deepEqual([item.namespace, item.value], [namespace, { number: 1 }]);
  assert.equal(typeof item.createdAt, "string");
}

export default {
  putItem: getItem,
  getItem,
  async deleteItem(client) {
    const namespace = await put(client);
    await client.store.deleteItem(namespace, "first");
    assert.equal(await client.store.getItem(namespace, "first"), null);
  },
  async searchItems(client) {
    const { items } = await client.store.searchItems(await put(client), { filter: { number: { $gte: 1 } }, limit: 5 });
    assert.deepEqual(items.map((item) => item.key), ["second"]);
  },
  async listNamespaces(client) {
    const namespace = await put(client, "deep", "down");
    const query = { prefix: namespace.slice(0, 2), suffix: ["down"], maxDepth: 3 };
    assert.deepEqual((await client.store.listNamespaces(query)).namespaces, [namespace.slice(0, 3)]);
  },
};
