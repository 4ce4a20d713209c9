"""What counts as a difference between two answers, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.accepted import Accepted, Text, judge
from conformance.compare import ABSENT, Difference, Pairing, answers_differ, differences, masked, part

A, B, C, D = (f"01a1f885-0830-772e-8d96-00000000000{digit}" for digit in "abcd")


def places(official: Any, runline: Any, pairing: Pairing | None = None) -> list[str]:
    return [found.place for found in differences(official, runline, pairing or Pairing())]


def test_equal_documents_do_not_differ() -> None:
    assert places({"a": [1, None, "x", {"b": True}]}, {"a": [1, None, "x", {"b": True}]}) == []


@pytest.mark.parametrize(
    ("official", "runline"),
    [(1, 2), (1, "1"), (1, True), (0, False), (1, 1.0), (None, False), ([], {}), ("", None), ("a", "b"), ([1], [1, 1])],
)
def test_other_values_and_other_types_differ(official: Any, runline: Any) -> None:
    assert len(places({"x": official}, {"x": runline})) == 1
    assert len(places({"x": runline}, {"x": official})) == 1


def test_every_place_is_named_and_walking_goes_on_behind_a_difference() -> None:
    official = {"a": {"b": [1, 2]}, "c": 3, "d": 4}
    assert places(official, {"a": {"b": [1, 5]}, "d": 6, "e": 7}) == ["a.b.1", "c", "d", "e"]


def test_what_one_side_lacks_is_absent_and_not_null() -> None:
    [missing] = differences({"a": None}, {}, Pairing())
    assert missing.official is None
    assert missing.runline is ABSENT


def test_an_id_may_be_another_one_as_long_as_it_always_is_the_same() -> None:
    assert places({"run": A, "again": A, "thread": B}, {"run": C, "again": C, "thread": D}) == []
    assert places({"run": A, "again": A}, {"run": C, "again": D}) == ["run"], "keys are walked in alphabetical order"
    assert places({"run": A, "thread": B}, {"run": C, "thread": C}) == ["thread"], "two ids are not one"


def test_ids_are_followed_over_answers_and_into_texts() -> None:
    pairing = Pairing()
    assert places({"id": A}, {"id": C}, pairing) == []
    assert places(f"/threads/{A}/runs/{B}", f"/threads/{C}/runs/{D}", pairing) == []
    assert places(f"Run {A} not found", f"Run {D} not found", pairing) == [""]


def test_the_case_of_an_id_does_not_matter_and_its_place_in_a_text_does() -> None:
    assert places({"a": A.upper(), "b": A}, {"a": C, "b": C}) == []
    assert places(f"Run {A} not found", f"Thread {C} not found") == [""]
    assert places(A, "none") == [""]


def test_ids_as_keys_stand_for_each_other() -> None:
    assert places({"interrupts": {A: [1]}, "task": A}, {"interrupts": {C: [1]}, "task": C}) == []
    assert places({"interrupts": {A: [1]}, "task": A}, {"interrupts": {C: [2]}, "task": C}) == ["interrupts.<id>.0"]
    assert places({A: 1, B: 2}, {C: 1}) == ["<id>"]


def test_times_may_differ_and_their_form_may_not() -> None:
    assert places("2026-11-20T08:14:42.793076+00:00", "2027-01-01T00:00:00.000000+00:00") == []
    for other in (
        "2027-01-01T00:00:00.000+00:00",
        "2027-01-01T00:00:00.000000Z",
        "2027-01-01 00:00:00.000000+00:00",
        "now",
    ):
        assert places("2026-11-20T08:14:42.793076+00:00", other) == [""]


def test_a_time_without_microseconds_is_spelled_without_them() -> None:
    for exact in ("2027-01-01T00:00:00+00:00", "2027-01-01T00:00:00+09:00"):
        zone = exact[19:]
        assert places(exact, f"2026-11-20T08:14:42.793076{zone}") == []
        assert places(f"at {exact}", f"at 2026-11-20T08:14:42.793076{zone}") == []
    for other in ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00", "2027-01-01T00:00:00+09:00"):
        assert places("2026-11-20T08:14:42.793076+00:00", other) == [""]


def test_addresses_of_this_machine_may_differ() -> None:
    assert places("http://127.0.0.1:8123/x", "http://127.0.0.1:9000/x") == []
    assert places("http://127.0.0.1:8123/x", "http://127.0.0.1:8123/y") == [""]


def test_masks_show_what_was_there() -> None:
    moment = "2026-11-20T08:14:42.793076+00:00"
    assert masked({A: [moment, "f" * 32, 5]}) == {"<id>": ["<timeT6+00:00>", "<hash>", 5]}


def test_answers_of_other_statuses_differ_in_that_and_in_their_bodies() -> None:
    found = list(
        answers_differ({"status": 200, "body": {"a": 1}}, {"status": 404, "body": {"detail": "no"}}, Pairing())
    )
    assert [(each.place, each.official, each.runline) for each in found] == [
        ("status", 200, 404),
        ("body", {"a": 1}, {"detail": "no"}),
    ]


def test_what_could_not_be_asked_is_a_difference_even_if_neither_side_could() -> None:
    for official in ({"failure": "x"}, {"status": 200}):
        assert [each.place for each in answers_differ(official, {"failure": "x"}, Pairing())] == ["failure"]


def test_parts_of_documents_are_named_by_keys_and_numbers() -> None:
    document = {"body": [{"id": "x"}, {"id": "y"}]}
    assert part(document, "body.1.id") == "y"
    assert part(document, "body.-1.id") == "y"
    assert part(document, "") == document
    for nowhere in ("body.2.id", "body.id", "head", "body.0.id.x"):
        assert part(document, nowhere) is ABSENT


STATUS = Accepted(4, "status", 200, 404)


def test_an_accepted_difference_is_no_open_one() -> None:
    found = Difference("status", 200, 404)
    judged = judge([found], [STATUS], [])
    assert (judged.open, judged.used, judged.gone) == ((), (STATUS,), ())


@pytest.mark.parametrize(
    "found", [Difference("status", 200, 409), Difference("status", 201, 404), Difference("body", 200, 404)]
)
def test_an_accepted_difference_that_changes_is_open_and_the_accepted_one_gone(found: Difference) -> None:
    judged = judge([found], [STATUS], [])
    assert (judged.open, judged.used, judged.gone) == ((found,), (), (STATUS,))


def test_an_accepted_difference_that_disappears_is_gone_and_a_standing_one_may_be_elsewhere() -> None:
    assert judge([], [STATUS], []).gone == (STATUS,)
    assert judge([], [], [STATUS]).gone == ()


def test_accepted_values_are_compared_masked_as_absent_or_as_texts() -> None:
    by_mask = Accepted(1, "body.*.id", "<id>", ABSENT)
    assert by_mask.fits(Difference("body.0.id", A, ABSENT))
    assert not by_mask.fits(Difference("body.0.id", "x", ABSENT))
    assert not by_mask.fits(Difference("body.0.id", A, None))
    by_text = Accepted(1, "*", Text("^no"), Text('"a": 1'))
    assert by_text.fits(Difference("body", "nothing", {"a": 1}))
    assert not by_text.fits(Difference("body", "yes", {"a": 1}))
    assert not by_text.fits(Difference("body", ABSENT, {"a": 1}))
