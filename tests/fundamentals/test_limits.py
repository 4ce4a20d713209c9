"""Limits: what is too much is refused with a sentence, and nothing is half-made."""

from __future__ import annotations

from pathlib import Path

import httpx

from gateway import serving

STEPS = {"assistant_id": "steps", "input": {}}


async def test_metadata_that_is_too_large_is_refused(http: httpx.AsyncClient) -> None:
    large = {"metadata": {"text": "x" * 70_000}}
    assert (await http.post("/threads", json=large)).status_code == 422
    refused = await http.post("/runs/wait", json={**STEPS, **large})
    assert refused.status_code == 422
    assert "metadata" in refused.json()["detail"]


async def test_metadata_does_not_grow_too_large_piece_by_piece(http: httpx.AsyncClient) -> None:
    """A patch is merged into what is there: the whole must keep to the limit, or nothing of it is taken."""
    thread_id = (await http.post("/threads", json={"metadata": {"first": "x" * 40_000}})).json()["thread_id"]
    refused = await http.patch(f"/threads/{thread_id}", json={"metadata": {"second": "x" * 40_000}})
    assert refused.status_code == 422
    assert "metadata" in refused.json()["detail"]
    assert list((await http.get(f"/threads/{thread_id}")).json()["metadata"]) == ["first"]


async def test_nor_does_that_of_a_cron(http: httpx.AsyncClient) -> None:
    cron = {"assistant_id": "steps", "schedule": "0 0 1 1 *", "enabled": False, "metadata": {"first": "x" * 40_000}}
    cron_id = (await http.post("/runs/crons", json=cron)).json()["cron_id"]
    refused = await http.patch(f"/runs/crons/{cron_id}", json={"metadata": {"second": "x" * 40_000}})
    assert (refused.status_code, "metadata" in refused.json()["detail"]) == (422, True)
    assert (await http.delete(f"/runs/crons/{cron_id}")).status_code < 300


async def test_a_queue_that_is_full_takes_no_more_runs(tmp_path: Path) -> None:
    """429 with Retry-After: the SDKs wait and try again."""
    settings = {"RUNLINE_LIMITS__MAX_ACTIVE_RUNS_PER_THREAD": "2"}
    with serving(tmp_path, settings) as gateway:
        await fill(gateway.url)


async def fill(url: str) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        thread_id = (await http.post("/threads", json={})).json()["thread_id"]
        waiting = {**STEPS, "after_seconds": 60}
        answers = [await http.post(f"/threads/{thread_id}/runs", json=waiting) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[-1].headers["retry-after"] == "1"
        assert len((await http.get(f"/threads/{thread_id}/runs")).json()) == 2
        assert (await http.delete(f"/threads/{thread_id}")).status_code == 204
