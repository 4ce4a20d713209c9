"""AssistantMemory: what was read of late, for whom it was read."""

from __future__ import annotations

from dataclasses import replace

from runline.kit.ids import new_id
from runline.runs.assistant_memory import AssistantMemory
from storage.world import ALICE, ASSISTANT, BOB

MINE = replace(ASSISTANT, config={"configurable": {"tones": ["dry"]}})
ID = MINE.assistant_id


def test_who_has_not_read_an_assistant_is_told_of_none() -> None:
    memory = AssistantMemory()
    memory.keep(ALICE, MINE)
    assert memory.find(ALICE, ID) == MINE
    assert memory.find(BOB, ID) is None
    assert memory.find(ALICE, new_id()) is None


def test_what_is_found_says_that_it_may_have_changed() -> None:
    memory = AssistantMemory()
    memory.keep(ALICE, MINE)
    found = memory.find(ALICE, ID)
    assert found is not None
    assert (found.remembered, MINE.remembered) == (True, False)


def test_what_a_run_does_to_its_config_is_not_remembered() -> None:
    memory = AssistantMemory()
    kept = replace(MINE, config={"configurable": {"tones": ["dry"]}})
    memory.keep(ALICE, kept)
    for assistant in (kept, memory.find(ALICE, ID)):
        assert assistant is not None
        assistant.config["configurable"]["tones"].append("loud")
    assert memory.find(ALICE, ID) == MINE


def test_the_newest_reading_is_what_is_remembered() -> None:
    memory = AssistantMemory()
    memory.keep(ALICE, MINE)
    memory.keep(ALICE, replace(MINE, version=2))
    assert memory.find(ALICE, ID) == replace(MINE, version=2)


def test_it_holds_so_many_and_no_more() -> None:
    memory = AssistantMemory()
    ids = [new_id() for _ in range(1001)]
    for assistant_id in ids:
        memory.keep(ALICE, replace(MINE, assistant_id=assistant_id))
    assert [memory.find(ALICE, assistant_id) is None for assistant_id in ids] == [True] + 1000 * [False]


def test_what_is_large_or_gone_is_not_remembered() -> None:
    memory = AssistantMemory()
    memory.keep(ALICE, MINE)
    memory.forget(ALICE, ID)
    memory.forget(ALICE, ID)
    assert memory.find(ALICE, ID) is None
    memory.keep(ALICE, replace(MINE, config={"configurable": {"tones": ["dry"] * 10_000}}))
    assert memory.find(ALICE, ID) is None
