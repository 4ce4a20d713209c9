"""What a thread takes, weighed against the rows themselves."""

from __future__ import annotations

from typing import Any

import pytest

from kit.savers import query
from runline.graphs.checkpoints import RunlineSaver
from runline.graphs.sqlite_checkpoints import SqliteSaver
from runline.graphs.weights import Weight
from runs.lineage import THREAD, Lineage

IN_SQLITE = (
    "SELECT sum(length(checkpoint) + length(CAST(metadata AS BLOB))) FROM checkpoints WHERE thread_id = {}",
    "SELECT sum(length(value)) FROM (SELECT value, thread_id FROM writes "
    "UNION ALL SELECT value, thread_id FROM replaced_writes) WHERE thread_id = {}",
)
IN_POSTGRES = (
    "SELECT (SELECT sum(octet_length(checkpoint::text) + octet_length(metadata::text)) FROM checkpoints "
    "WHERE thread_id = {0}) + (SELECT sum(octet_length(blob)) FROM checkpoint_blobs WHERE thread_id = {0})",
    "SELECT sum(octet_length(blob)) FROM (SELECT blob, thread_id FROM checkpoint_writes "
    "UNION ALL SELECT blob, thread_id FROM replaced_writes) AS w WHERE thread_id = {}",
)


@pytest.fixture
def lineage(saver: RunlineSaver) -> Lineage:
    return Lineage(saver)


async def stored_bytes(saver: RunlineSaver, thread_id: str = THREAD) -> tuple[int, int]:
    """The bytes of all checkpoints and of all writes, as the database counts them."""
    kind = IN_SQLITE if isinstance(saver, SqliteSaver) else IN_POSTGRES
    checkpoints, writes = [(await query(saver, sql.format(f"'{thread_id}'")))[0][0] or 0 for sql in kind]
    return checkpoints, writes


async def put(saver: RunlineSaver, number: int, values: dict[str, Any]) -> None:
    """Save a checkpoint in which every channel has this number as its version."""
    checkpoint = {
        "v": 4,
        "id": f"{number:08}",
        "ts": "2026-01-01T00:00:00+00:00",
        "channel_values": values,
        "channel_versions": dict.fromkeys(values, number),
        "versions_seen": {},
        "updated_channels": None,
    }
    config = {"configurable": {"thread_id": THREAD, "checkpoint_ns": ""}}
    await saver.aput(config, checkpoint, {"step": number}, dict.fromkeys(values, number))  # type: ignore[arg-type]


async def test_the_parts_of_a_weight_are_all_that_is_stored(lineage: Lineage) -> None:
    """Objects of libraries, keys that are no text, and text beyond ASCII are weighed as they are stored."""
    await lineage.run({"log": ["a é"]})
    await lineage.run({"log": ["b é"]})
    saver = lineage.saver
    weight = await saver.weigh(THREAD)
    checkpoints, writes = await stored_bytes(saver)
    assert weight.checkpoint_bytes + weight.value_bytes == checkpoints
    assert (weight.write_bytes, weight.total_bytes) == (writes, checkpoints + writes)
    assert min(weight.checkpoint_bytes, weight.value_bytes, weight.write_bytes) > 0


async def test_values_are_weighed_by_channel_and_their_versions_counted(lineage: Lineage) -> None:
    saver, text = lineage.saver, "é" * 1000
    for number in range(250):
        await put(saver, number, {"text": text, "tuple": (1, {2: 3.0}), "same": {"b", "a"}})
    weight = await saver.weigh(THREAD)
    assert weight.checkpoints == 250
    assert {name: len(channel.versions) for name, channel in weight.channels.items()} == dict.fromkeys(
        ("text", "tuple", "same"), 250
    )
    # two bytes for each letter, and a head of three, or two quotation marks
    assert weight.channels["text"].bytes == 250 * (2003 if isinstance(saver, SqliteSaver) else 2002)
    assert weight.checkpoint_bytes + weight.value_bytes == (await stored_bytes(saver))[0]


async def test_nothing_weighs_nothing(lineage: Lineage) -> None:
    assert await lineage.saver.weigh("unknown") == Weight()


@pytest.mark.parametrize("open_saver", ["sqlite"], indirect=True)
async def test_a_checkpoint_that_cannot_be_read_is_weighed_whole(lineage: Lineage, saver: SqliteSaver) -> None:
    await lineage.run({"log": ["a é"]})
    sound = await saver.weigh(THREAD)
    await saver.conn.run(lambda connection: connection.execute("UPDATE checkpoints SET checkpoint = x'c1ff'"))
    weight = await saver.weigh(THREAD)
    assert (weight.checkpoints, weight.value_bytes) == (sound.checkpoints, 0)
    assert weight.checkpoint_bytes == (await stored_bytes(saver))[0]
