"""How executions end: the words for errors, and the result documents of `/wait` and `/join`."""

from __future__ import annotations

from typing import Any

from runline.kit.json import dumps

_HIDDEN = "An internal error occurred"


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
