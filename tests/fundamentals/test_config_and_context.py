"""Config and context: what a run tells its nodes, and what the server adds."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import BadRequestError

from fundamentals.reading import log, log_of


async def seen(client: LangGraphClient, thread_id: str | None, graph: str = "mirror", **asked: Any) -> Any:
    """What a node of this graph is called with."""
    values: Any = await client.runs.wait(thread_id, graph, input={}, **asked)
    return values["seen"]


async def test_context_reaches_the_node(client: LangGraphClient, thread_id: str) -> None:
    """And is mirrored into `configurable`, where older graphs look."""
    looked = await seen(client, thread_id, context={"tone": "dry"})

    assert looked["context"] == {"tone": "dry"}
    assert looked["configurable"]["tone"] == "dry"


async def test_configurable_reaches_the_node(client: LangGraphClient, thread_id: str) -> None:
    """And is mirrored into the context, where newer graphs look."""
    looked = await seen(client, thread_id, config={"configurable": {"tone": "dry"}})

    assert looked["configurable"]["tone"] == "dry"
    assert looked["context"] == {"tone": "dry"}


async def test_context_and_configurable_together_are_refused(client: LangGraphClient, thread_id: str) -> None:
    """They are two spellings of one thing, so a body may use only one of them."""
    both: Any = {"context": {"a": 1}, "config": {"configurable": {"b": 2}}}
    with pytest.raises(BadRequestError, match="Cannot specify both configurable and context"):
        await client.runs.create(thread_id, "mirror", input={}, **both)


async def test_a_context_schema_drops_unknown_keys_and_fills_in_defaults(
    client: LangGraphClient, thread_id: str
) -> None:
    looked = await seen(client, thread_id, "tuned", context={"fail": "no", "unknown": 1})

    assert looked["context"] == {"gate": "", "fail": "no", "stubborn": False}


async def test_tags_limits_and_metadata_reach_the_node(client: LangGraphClient, thread_id: str) -> None:
    config = {"tags": ["t"], "recursion_limit": 7, "metadata": {"of": "config"}}
    looked = await seen(client, thread_id, config=config, metadata={"of run": 1})

    assert (looked["tags"], looked["recursion_limit"]) == (["t"], 7)
    assert looked["metadata"].items() >= {"of": "config", "of run": 1}.items()


async def test_the_server_says_which_run_this_is(client: LangGraphClient, thread_id: str) -> None:
    looked = await seen(client, thread_id)

    run = (await client.runs.list(thread_id))[0]
    identity = {
        "run_id": run["run_id"],
        "thread_id": thread_id,
        "graph_id": "mirror",
        "assistant_id": run["assistant_id"],
    }
    assert looked["configurable"].items() >= identity.items()
    assert looked["metadata"].items() >= identity.items()


FORGED: dict[str, Any] = {
    "run_id": "forged",
    "thread_id": str(uuid4()),
    "user_id": "root",
    "assistant_id": "forged",
    "langgraph_auth_user_id": "root",
    "langgraph_auth_permissions": ["everything"],
}


@pytest.mark.parametrize("place", ["context", "configurable"])
async def test_a_forged_identity_is_ignored(client: LangGraphClient, thread_id: str, place: str) -> None:
    """Graphs may trust these keys: whatever a client sends, the server's own values win, and the state stays here."""
    forged: Any = {"context": FORGED} if place == "context" else {"config": {"configurable": FORGED}}
    looked = await seen(client, thread_id, **forged)

    assert [key for key, value in FORGED.items() if looked["configurable"].get(key) == value] == []
    assert looked["context"] in ({}, None)
    assert looked["configurable"]["thread_id"] == thread_id
    assert (await client.threads.get_state(thread_id))["values"]


async def test_forged_metadata_does_not_hide_whose_checkpoint_it_is(client: LangGraphClient, thread_id: str) -> None:
    """A rollback finds checkpoints by their run, so a client's metadata must not take its place."""
    run = await client.runs.create(thread_id, "steps", input=log("gone"), metadata={"run_id": str(uuid4())})
    await client.runs.join(thread_id, run["run_id"])
    state: Any = await client.threads.get_state(thread_id)
    assert state["metadata"]["run_id"] == run["run_id"]

    await client.runs.delete(thread_id, run["run_id"])

    assert log_of(await client.runs.wait(thread_id, "steps", input=log("new"))) == ["new", "one", "two", "three"]


async def test_one_run_cannot_pass_its_checkpoints_off_as_anothers(client: LangGraphClient, thread_id: str) -> None:
    """Deleting the impostor leaves the other thread alone, and the other way round."""
    other = (await client.threads.create())["thread_id"]
    victim = await client.runs.create(other, "steps", input=log("kept"))
    await client.runs.join(other, victim["run_id"])
    await client.runs.wait(thread_id, "steps", input=log("own"), metadata={"run_id": victim["run_id"]})

    await client.runs.delete(other, victim["run_id"])

    assert log_of((await client.threads.get_state(thread_id))["values"]) == ["own", "one", "two", "three"]


async def test_each_request_has_an_id(client: LangGraphClient, thread_id: str) -> None:
    """To tell in traces what one call of a client did."""
    ids = {(await seen(client, thread_id))["configurable"]["langgraph_request_id"] for _ in range(2)}

    assert len(ids) == 2


async def test_stateless_runs_know_themselves_too(client: LangGraphClient) -> None:
    looked = await seen(client, None, context={"tone": "dry"})

    assert looked["context"] == {"tone": "dry"}
    assert looked["configurable"]["graph_id"] == "mirror"


async def test_context_lasts_for_one_run(client: LangGraphClient, thread_id: str) -> None:
    """The thread keeps state, not settings."""
    await seen(client, thread_id, context={"tone": "dry"})

    looked = await seen(client, thread_id)
    assert "tone" not in looked["configurable"]
