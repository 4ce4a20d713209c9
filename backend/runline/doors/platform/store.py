"""The store: items in namespaces, which graphs and clients share."""

from __future__ import annotations

from starlette.responses import Response

from runline.doors.http import CallDep, json_response, json_routes
from runline.doors.platform.item_bodies import ItemDeleteBody, ItemPutBody, ItemSearchBody, NamespacesBody
from runline.doors.platform.words import item_to_wire, search_item_to_wire

routes = json_routes("Store")


@routes.put("/store/items", status_code=204)
async def put_item(body: ItemPutBody, call: CallDep) -> Response:
    """Keep an item, in place of the one with the same namespace and key."""
    await call.core.items.put(body.namespace, body.key, body.value, body.keeping())
    return Response(status_code=204)


@routes.get("/store/items")
async def get_item(call: CallDep, namespace: str = "", key: str = "", refresh_ttl: bool | None = None) -> Response:
    """Return an item, or null; the labels of its namespace are joined by dots."""
    item = await call.core.items.get(namespace.split("."), key, refresh_ttl=refresh_ttl)
    return json_response(item_to_wire(item) if item else None)


@routes.delete("/store/items", status_code=204)
async def delete_item(body: ItemDeleteBody, call: CallDep) -> Response:
    """Delete an item, if there is one."""
    await call.core.items.delete(body.namespace, body.key)
    return Response(status_code=204)


@routes.post("/store/items/search")
async def search_items(body: ItemSearchBody, call: CallDep) -> Response:
    """Find items in and below a namespace, in all of them without one."""
    items = await call.core.items.search(body.namespace_prefix or (), body.wanted())
    return json_response({"items": [search_item_to_wire(item) for item in items]})


@routes.post("/store/namespaces")
async def list_namespaces(body: NamespacesBody, call: CallDep) -> Response:
    """List the namespaces that hold items."""
    return json_response({"namespaces": await call.core.items.namespaces(body.wanted())})
