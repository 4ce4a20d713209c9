"""A target of langgraph.json: "./file.py:name" or "package.module:name"."""

from __future__ import annotations


def is_target(text: str) -> bool:
    """Whether the text has the form of a target; what it names may not exist."""
    source, _, name = text.rpartition(":")
    return bool(source.strip()) and name.isidentifier()
