"""Differences that show wherever their subject does, by the numbers of docs/compatibility.md."""

from __future__ import annotations

from conformance.accepted import Accepted, Text
from conformance.listed import DONE_RIGHT, END, METADATA, SSE_IDS, THREAD_FIELDS, only_here, only_official, worded

STANDING = (
    Accepted(SSE_IDS, "ids", official="none", runline="every"),
    Accepted(END, "end", official=False, runline=True),
    worded("\n\nFailed validating ", r"^[^\n]+$"),
    worded("^Not Found$", "^(Thread|Run|Assistant) .* not found$"),
    only_here(THREAD_FIELDS, "body.error", None),
    only_here(THREAD_FIELDS, "body.interrupts", {}),
    only_here(THREAD_FIELDS, "body.*.error", None),
    only_here(THREAD_FIELDS, "body.*.interrupts", {}),
    only_official(DONE_RIGHT, "*.configurable.langgraph_auth_user", None),
    only_official(DONE_RIGHT, "*.configurable.langgraph_auth_user_id", ""),
    only_official(DONE_RIGHT, "*.configurable.langgraph_auth_permissions", []),
    only_official(DONE_RIGHT, "*.configurable.__request_start_time_ms__", Text(r"^\d+$")),
    only_official(DONE_RIGHT, "*.configurable.__after_seconds__", Text(r"^\d+$")),
    only_official(DONE_RIGHT, "*.configurable.__pregel_node_finished", None),
    only_official(DONE_RIGHT, "events.*config.configurable.langgraph_request_id", "<id>"),
    only_official(DONE_RIGHT, "events.*config.configurable.user_id", ""),
    only_official(METADATA, "*.langgraph_api_url", "<address>"),
    only_official(METADATA, "*.langgraph_api_version", Text(r"^\d+\.")),
    only_official(METADATA, "*.langgraph_plan", "enterprise"),
    only_official(METADATA, "*kwargs.config.metadata.langgraph_host", "self-hosted"),
    only_official(METADATA, "*kwargs.config.metadata.langgraph_version", Text(r"^\d+\.")),
    only_official(METADATA, "*kwargs.config.metadata.run_attempt", 1),
    only_official(METADATA, "body.*metadata.thread_id", "<id>"),
    only_official(METADATA, "body.*metadata.checkpoint_id", "<id>"),
    only_official(METADATA, "body.*metadata.checkpoint_map", Text("^{")),
    only_official(METADATA, "body.*metadata.checkpoint_ns", "child:<id>"),
    only_official(METADATA, "body.*metadata.langgraph_checkpoint_ns", "child:<id>"),
    only_official(METADATA, "body.*metadata.langgraph_node", "child"),
    only_official(METADATA, "body.*metadata.langgraph_path", ["__pregel_pull", "child"]),
    only_official(METADATA, "body.*metadata.langgraph_step", 1),
    only_official(METADATA, "body.*metadata.langgraph_triggers", ["branch:to:child"]),
)
