"""The distance of two vectors is the same in SQL and in Python, whatever this Python's SQLite can load."""

from __future__ import annotations

import sqlite3
from array import array
from contextlib import closing

import pytest

from runline.graphs.nearness import add_nearness, distance


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([3.0, 4.0], [3.0, 4.0], 0.0),
        ([1.0, 0.0], [5.0, 5.0], 0.2928932),
        ([1.0, 0.0], [0.0, 1.0], 1.0),
        ([1.0, 0.0], [-2.0, 0.0], 2.0),
        ([1.0, 0.0], [0.0, 0.0], None),
    ],
)
def test_a_distance_grows_from_one_direction_to_the_opposite(
    one: list[float], other: list[float], expected: float | None
) -> None:
    blobs = (array("f", one).tobytes(), array("f", other).tobytes())
    with closing(sqlite3.connect(":memory:")) as connection:
        add_nearness(connection)
        (in_sql,) = connection.execute("SELECT vec_distance_cosine(?, ?)", blobs).fetchone()
    assert in_sql == pytest.approx(expected)
    assert distance(*blobs) == pytest.approx(expected)
