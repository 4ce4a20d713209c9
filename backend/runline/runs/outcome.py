"""How executions end: the words for errors and stops, and the result documents of `/wait` and `/join`.

Divergence 27: after a bulk cancel, too, the error names the route of a single one.
"""

from __future__ import annotations

from typing import Any

from runline.kit.json import dumps
from runline.model.lifecycle import StopReason

_HIDDEN = "An internal error occurred"

_STOP_ERRORS = {
    StopReason.INTERRUPT: (
        "UserInterrupt",
        "interrupt requested via POST /threads/{thread_id}/runs/{run_id}/cancel",
    ),
    StopReason.ROLLBACK: (
        "UserRollback",
        "rollback requested via POST /threads/{thread_id}/runs/{run_id}/cancel",
    ),
    StopReason.DISCONNECT: (
        "UserInterrupt",
        "client disconnected from the run stream (on_disconnect=cancel)",
    ),
}


def stop_error(reason: StopReason) -> dict[str, str] | None:
    """The `error` a thread shows after a stop; the braces are literal, as on the platform."""
    if reason not in _STOP_ERRORS:
        return None
    error, message = _STOP_ERRORS[reason]
    return {"error": error, "message": message}


def graph_error(exc: BaseException) -> dict[str, str]:
    """The `error` of a failed run. Only exceptions of Python and LangGraph show their text.

    Observed on the platform: the text of an application's own exception class may hold secrets, so it is
    replaced; it goes to the gateway's log.
    """
    open_text = type(exc).__module__.partition(".")[0] in ("builtins", "langgraph")
    return {"error": type(exc).__name__, "message": str(exc) if open_text else _HIDDEN}


def success_result(values: Any) -> bytes:
    """The result of a run that ended by itself, was interrupted or stopped: its last values."""
    return dumps(values)


def error_result(error: dict[str, Any]) -> bytes:
    """The result of a failed run."""
    return dumps({"__error__": error})
