"""Crons: create, find, change, delete. None of them fires while it is asked about."""

from conformance.listed import PAYLOADS, only_here, only_official, worded
from conformance.probe import delete, get, patch, post, probe
from conformance.probes.shapes import THREAD, UNKNOWN, steps

_MARK = {"metadata": {"mark": "{probe}"}}
_YEARLY = {**steps(), "schedule": "0 9 1 1 *", **_MARK}
_MAKE = post("/runs/crons", _YEARLY).keeping(cron="body.cron_id")
_GONE = delete("/runs/crons/{cron}")

PROBES = (
    probe("a cron is made and deleted", _MAKE, get("/runs/crons/{cron}"), _GONE, get("/runs/crons/{cron}"), _GONE),
    probe(
        "a cron of a thread", THREAD, post("/threads/{thread}/runs/crons", _YEARLY).keeping(cron="body.cron_id"), _GONE
    ),
    probe("a cron of an unknown thread", post(f"/threads/{UNKNOWN}/runs/crons", _YEARLY)),
    probe("a cron of an unknown graph", post("/runs/crons", {"assistant_id": "nobody", "schedule": "0 9 1 1 *"})),
    probe(
        "a cron with a bad schedule",
        post("/runs/crons", steps(schedule="bad")).but(
            worded(
                "^Invalid cron schedule: 'bad'. Reason: Invalid", "^Invalid cron schedule: 'bad'. Reason: it must have"
            )
        ),
    ),
    probe(
        "a cron in a time zone",
        post("/runs/crons", {**_YEARLY, "timezone": "America/New_York"}).keeping(cron="body.cron_id"),
        _GONE,
    ),
    probe("a cron in an odd time zone", post("/runs/crons", {**_YEARLY, "timezone": "Mars/Phobos"})),
    probe(
        "a cron by an alias",
        post("/runs/crons", {**_YEARLY, "schedule": "@yearly"}).keeping(cron="body.cron_id"),
        _GONE,
    ),
    probe(
        "a cron to the second",
        post("/runs/crons", {**_YEARLY, "schedule": "0 0 1 1 * 30"}).keeping(cron="body.cron_id"),
        _GONE,
    ),
    probe(
        "crons are found and counted", _MAKE, post("/runs/crons/search", _MARK), post("/runs/crons/count", _MARK), _GONE
    ),
    probe(
        "crons are found with some fields",
        _MAKE,
        post("/runs/crons/search", {**_MARK, "select": ["cron_id", "schedule"]}),
        _GONE,
    ),
    probe("crons are found with a limit of at least one", post("/runs/crons/search", {"limit": 0})),
    probe(
        "a cron is changed",
        _MAKE,
        patch("/runs/crons/{cron}", {"schedule": "0 10 1 1 *", "metadata": {"more": 1}}).but(
            only_here(PAYLOADS, "body.payload.metadata.mark", "crons: a cron is changed")
        ),
        _GONE,
    ),
    probe(
        "a cron is switched off",
        _MAKE,
        patch("/runs/crons/{cron}", {"enabled": False}).but(only_official(PAYLOADS, "body.payload.enabled", False)),
        post("/runs/crons/search", {**_MARK, "enabled": False}).but(
            only_official(PAYLOADS, "body.0.payload.enabled", False)
        ),
        post("/runs/crons/search", {**_MARK, "enabled": True}),
        _GONE,
    ),
    probe("an unknown cron is changed", patch(f"/runs/crons/{UNKNOWN}", {"enabled": False})),
    probe("an unknown cron", get(f"/runs/crons/{UNKNOWN}"), delete(f"/runs/crons/{UNKNOWN}")),
    probe("a bad cron id", get("/runs/crons/bad")),
)
