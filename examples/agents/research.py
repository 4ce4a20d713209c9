"""A small research team: a planner, researchers side by side as subgraphs, a summary, a writer.

Every model call but the planner's and the writer's carries a tag, so a ledger can tell
who spent the tokens: `subagent:researcher` and `middleware:summary`.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

from langchain_core.messages import BaseMessage, HumanMessage
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Send

from fake_model import FakeChatModel, Reply, human_text

MAX_TOPICS = 5


def gather(known: list[str], new: list[str] | None) -> list[str]:
    """Append findings; None starts over, so a second question does not inherit the first one's."""
    return [] if new is None else known + new


class ResearchState(MessagesState, total=False):
    """The conversation and what the team has on the table."""

    topics: list[str]
    findings: Annotated[list[str], gather]
    summary: str


class ResearcherState(TypedDict, total=False):
    """One researcher's desk."""

    topic: str
    findings: list[str]


def plan_reply(messages: Sequence[BaseMessage]) -> Reply:
    """List the topics named in the question, or three angles on the only one."""
    question = re.sub(r"^\s*research\b[\s:]*", "", human_text(messages), flags=re.IGNORECASE).strip(" .?!\n")
    topics = [part.strip() for part in re.split(r",|\band\b", question) if part.strip()]
    if len(topics) < 2:
        subject = question or "nothing in particular"
        topics = [f"{angle} of {subject}" for angle in ("the history", "the present state", "the future")]
    return Reply("\n".join(f"- {topic}" for topic in topics[:MAX_TOPICS]), reasoning_tokens=16)


def finding_reply(messages: Sequence[BaseMessage]) -> Reply:
    """Report on one topic."""
    topic = human_text(messages)
    return Reply(f"About {topic}: {len(topic)} letters, {len(set(topic.lower()) - {' '})} of them different.")


def summary_reply(messages: Sequence[BaseMessage]) -> Reply:
    """Boil the findings down."""
    lines = human_text(messages).splitlines()
    return Reply(f"{len(lines)} findings. " + " ".join(line.split(":")[0] + "." for line in lines))


def report_reply(messages: Sequence[BaseMessage]) -> Reply:
    """Write the report from the summary."""
    return Reply(f"Report. The team came back with {human_text(messages)}", reasoning_tokens=10)


planner = FakeChatModel(decide=plan_reply, model_name="sample-large")
investigator = FakeChatModel(decide=finding_reply)
summarizer = FakeChatModel(decide=summary_reply)
author = FakeChatModel(decide=report_reply, model_name="sample-large")


async def plan(state: ResearchState) -> dict[str, Any]:
    """Split the question into topics."""
    outline = await planner.ainvoke(state["messages"])
    topics = [line.removeprefix("- ") for line in outline.text.splitlines()]
    return {"topics": topics, "findings": None}


def hand_out(state: ResearchState) -> list[Send]:
    """Give each topic to a researcher of its own."""
    return [Send("researcher", {"topic": topic}) for topic in state["topics"]]


async def investigate(state: ResearcherState) -> ResearcherState:
    """Look into one topic."""
    found = await investigator.ainvoke([HumanMessage(state["topic"])], {"tags": ["subagent:researcher"]})
    return {"findings": [str(found.text)]}


async def summarize(state: ResearchState) -> dict[str, Any]:
    """Condense the findings before the writer sees them."""
    findings = HumanMessage("\n".join(state["findings"]))
    condensed = await summarizer.ainvoke([findings], {"tags": ["middleware:summary"]})
    return {"summary": str(condensed.text)}


async def write(state: ResearchState) -> dict[str, Any]:
    """Write the answer."""
    return {"messages": [await author.ainvoke([*state["messages"], HumanMessage(state["summary"])])]}


researcher = (
    StateGraph(ResearcherState)
    .add_node("investigate", investigate)
    .add_edge(START, "investigate")
    .compile(name="researcher")
)

graph = (
    StateGraph(ResearchState)
    .add_node("planner", plan)
    .add_node("researcher", researcher)
    .add_node("summarizer", summarize)
    .add_node("writer", write)
    .add_edge(START, "planner")
    .add_conditional_edges("planner", hand_out, ["researcher"])
    .add_edge("researcher", "summarizer")
    .add_edge("summarizer", "writer")
    .compile(name="research")
)
