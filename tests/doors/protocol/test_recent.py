"""RecentEvents: what is made once for all who hear it at about the same time."""

from __future__ import annotations

from doors.platform.test_protocol_runs import RUN, event
from runline.doors.protocol.recent import RecentEvents


def test_an_event_is_made_once_and_its_frame_with_it() -> None:
    recent, told = RecentEvents(), event("values|child:1", {"a": 1}, 7)
    (first,), (second,) = recent.of(RUN, told), recent.of(RUN, told)
    assert first is second
    assert first.frame is second.frame
    assert (first.method, first.event_id) == ("values", "r-7.0")
    assert first.frame.endswith(b"id: %d\r\n\r\n" % first.seq)


def test_events_of_the_gateway_itself_are_not_told() -> None:
    assert RecentEvents().of(RUN, event("metadata", {})) == ()


def test_little_is_remembered() -> None:
    recent = RecentEvents()
    for seq in range(5_000):
        recent.of(RUN, event("values", {}, seq))
    large = event("values", "x" * 100_000, 9_999)
    assert recent.of(RUN, large)[0] is not recent.of(RUN, large)[0]
    assert len(recent._known) < 3_000
