"""What is told of the graph behind an assistant, when its factory works and when it does not."""

from __future__ import annotations

import pytest

from runline.errors import GraphUnavailable, NotFound
from runline.kit.ids import new_id
from runline.model.assistant import graph_assistant_id
from runline.model.viewer import ANONYMOUS
from runs.agents import moods
from runs.house import House

MOODY = graph_assistant_id("moody")


async def test_a_graph_that_a_factory_makes_is_described(house: House) -> None:
    graphs = house.core.assistant_graphs
    assert "act" in [node["id"] for node in (await graphs.draw(ANONYMOUS, "moody", False))["nodes"]]
    assert (await graphs.schemas(ANONYMOUS, MOODY))["graph_id"] == "moody"
    assert await graphs.subgraphs(ANONYMOUS, MOODY, None, recurse=True) == {}


async def test_a_factory_that_fails_is_named_and_no_fault_of_the_gateway(house: House) -> None:
    moods["open"] = False
    graphs = house.core.assistant_graphs
    for asked in (
        graphs.draw(ANONYMOUS, "moody", False),
        graphs.schemas(ANONYMOUS, MOODY),
        graphs.subgraphs(ANONYMOUS, MOODY, None, recurse=False),
    ):
        with pytest.raises(GraphUnavailable, match="'moody' could not be loaded: ValueError in its factory"):
            await asked


async def test_an_unknown_assistant_has_no_graph_to_describe(house: House) -> None:
    unknown = new_id()
    graphs = house.core.assistant_graphs
    for asked in (
        graphs.draw(ANONYMOUS, unknown, False),
        graphs.schemas(ANONYMOUS, unknown),
        graphs.subgraphs(ANONYMOUS, unknown, None, recurse=False),
    ):
        with pytest.raises(NotFound):
            await asked
