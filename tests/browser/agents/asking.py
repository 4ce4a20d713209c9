"""Agents that ask, fail and think, as the playground is to show it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import interrupt

from fake_model import FakeChatModel, Reply

Graph = CompiledStateGraph[MessagesState, None, MessagesState, MessagesState]


def said(text: str, **more: Any) -> dict[str, Any]:
    """An update: the agent says something."""
    return {"messages": [AIMessage(text, **more)]}


def alone(name: str, node: Any) -> Graph:
    """A graph of one node."""
    return StateGraph(MessagesState).add_node(name, node).add_edge(START, name).compile(name=name)


async def fail(state: MessagesState) -> dict[str, Any]:
    """Break, unless it is asked nicely."""
    if "please" in str(state["messages"][-1].text):
        return said("Since you ask.")
    raise ValueError("The engine is on fire")


class Musing(FakeChatModel):
    """A model that thinks aloud before it speaks, as long as a sentence."""

    def _chunks(self, messages: Sequence[BaseMessage], **kwargs: Any) -> list[AIMessageChunk]:
        thoughts = [{"type": "reasoning", "reasoning": f"thought{count} ", "index": 0} for count in range(60)]
        words = [{"type": "text", "text": word, "index": 1} for word in ("The ", "answer ", "is ", "42.")]
        said = [AIMessageChunk(content=[block]) for block in (*thoughts, *words)]
        return [*said, *super()._chunks(messages, **kwargs)]


async def muse(state: MessagesState) -> dict[str, Any]:
    """Let a model think."""
    return {"messages": [await Musing(decide=lambda _: Reply("")).ainvoke(state["messages"])]}


async def think(state: MessagesState) -> dict[str, Any]:
    """Think before speaking."""
    blocks: list[str | dict[str, Any]] = [
        {"type": "reasoning", "reasoning": "Forty-two, as ever."},
        {"type": "text", "text": "The answer is 42."},
    ]
    return {"messages": [AIMessage(blocks)]}


@tool
def drop(what: str) -> str:
    """Drop something."""
    raise ValueError(f"{what} is too heavy")


async def call_drop(state: MessagesState) -> dict[str, Any]:
    """Ask for a tool that cannot do it."""
    return said("", tool_calls=[{"id": "call_1", "name": "drop", "args": {"what": "The piano"}}])


async def ask_inbox(state: MessagesState) -> dict[str, Any]:
    """Ask by an action request and a config."""
    answer = interrupt(
        [
            {
                "action_request": {"action": "send_email", "args": {"to": "Ann"}},
                "config": {"allow_accept": True, "allow_edit": True, "allow_respond": True, "allow_ignore": True},
                "description": "Please look at this email.",
            }
        ]
    )
    return said(f"Told: {json.dumps(answer)}")


async def ask_reviews(state: MessagesState) -> dict[str, Any]:
    """Ask for decisions on two actions."""
    answer = interrupt(
        {
            "action_requests": [
                {"name": "send_email", "args": {"to": "Ann"}, "description": "An email"},
                {"name": "delete_file", "args": {"path": "notes"}},
            ],
            "review_configs": [
                {"action_name": "send_email", "allowed_decisions": ["approve", "edit", "reject"]},
                {"action_name": "delete_file", "allowed_decisions": ["approve", "reject"]},
            ],
        }
    )
    return said(f"Told: {json.dumps(answer)}")


async def ask_left(state: MessagesState) -> dict[str, Any]:
    """One of two who ask at once."""
    return said(f"Left: {interrupt('Left?')}")


async def ask_right(state: MessagesState) -> dict[str, Any]:
    """The other one."""
    return said(f"Right: {interrupt('Right?')}")


failing = alone("fail", fail)
thinking = alone("think", think)
musing = alone("muse", muse)
inbox = alone("ask", ask_inbox)
reviews = alone("ask", ask_reviews)
nested = alone("outer", alone("inner", ask_left))
clumsy = (
    StateGraph(MessagesState)
    .add_node("model", call_drop)
    .add_node("tools", ToolNode([drop], handle_tool_errors=True))
    .add_edge(START, "model")
    .add_edge("model", "tools")
    .compile(name="clumsy")
)
pair = (
    StateGraph(MessagesState)
    .add_node("left", ask_left)
    .add_node("right", ask_right)
    .add_edge(START, "left")
    .add_edge(START, "right")
    .compile(name="pair")
)
