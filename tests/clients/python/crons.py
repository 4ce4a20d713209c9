"""Exercises for `client.crons`. What they make comes due once a year at most."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph_sdk.errors import NotFoundError

from clients.python.sdk import Sdk
from clients.python.threads import made as made_thread

YEARLY = "0 0 1 1 *"


def made(sdk: Sdk, **asked: Any) -> Any:
    """A cron whose runs have threads of their own."""
    return sdk.call("crons.create", "steps", schedule=YEARLY, **{"input": {}, **asked})


def create(sdk: Sdk) -> None:
    cron = made(sdk, timezone="America/New_York", on_run_completed="keep", enabled=False)
    assert (cron["schedule"], cron["timezone"], cron["enabled"]) == (YEARLY, "America/New_York", False)


def create_for_thread(sdk: Sdk) -> None:
    thread_id = made_thread(sdk)
    cron = sdk.call("crons.create_for_thread", thread_id, "steps", schedule=YEARLY, input={})
    assert cron["thread_id"] == thread_id


def update(sdk: Sdk) -> None:
    changed = sdk.call("crons.update", made(sdk)["cron_id"], schedule="0 0 2 1 *", enabled=False, end_time=None)
    assert (changed["schedule"], changed["enabled"], changed["end_time"]) == ("0 0 2 1 *", False, None)


def delete(sdk: Sdk) -> None:
    cron_id = made(sdk)["cron_id"]
    sdk.call("crons.delete", cron_id)
    with pytest.raises(NotFoundError):
        sdk.call("crons.delete", cron_id)


def search(sdk: Sdk) -> None:
    cron = made(sdk, metadata={"search": "me"})
    mine = {"metadata": {"search": "me"}, "assistant_id": cron["assistant_id"], "enabled": True}
    found = sdk.call("crons.search", **mine, sort_by="created_at", sort_order="desc", limit=1, select=["cron_id"])
    assert found == [{"cron_id": cron["cron_id"]}]


def count(sdk: Sdk) -> None:
    thread_id = made_thread(sdk)
    sdk.call("crons.create_for_thread", thread_id, "steps", schedule=YEARLY, input={})
    assert sdk.call("crons.count", thread_id=thread_id) == 1


EXERCISES = {
    "create": create,
    "create_for_thread": create_for_thread,
    "update": update,
    "delete": delete,
    "search": search,
    "count": count,
}
