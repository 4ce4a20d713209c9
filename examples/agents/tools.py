"""A tool-calling agent: the model asks for tools, reads their results, then answers."""

import re
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from fake_model import FakeChatModel, Reply, human_text


@tool
def add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


@tool
def weather(city: str) -> str:
    """Tell the weather in a city."""
    skies = ("sunny", "cloudy", "rainy", "windy")
    score = sum(map(ord, city.lower()))
    return f"{skies[score % len(skies)]}, {5 + score % 25} degrees"


def choose(messages: Sequence[BaseMessage]) -> Reply:
    """Call a tool when the text asks for one; once its results are in, report them."""
    if messages and isinstance(messages[-1], ToolMessage):
        asked = max(place for place, message in enumerate(messages) if message.type == "ai")
        results = [m for m in messages[asked:] if isinstance(m, ToolMessage)]
        return Reply(" ".join(f"The {m.name} tool says: {m.text}." for m in results))
    text = human_text(messages)
    calls: list[tuple[str, dict[str, Any]]] = []
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]
    if len(numbers) >= 2:
        calls.append(("add", {"a": numbers[0], "b": numbers[1]}))
    if "weather" in text.lower():
        city = re.search(r"\bin ([A-Z]\w+)", text)
        calls.append(("weather", {"city": city[1] if city else "Paris"}))
    if not calls:
        return Reply("I can add two numbers or tell the weather in a city.")
    return Reply("Let me look that up.", calls, reasoning_tokens=8 * len(calls))


TOOLS = [add, weather]
model = FakeChatModel(decide=choose, model_name="sample-large").bind_tools(TOOLS)


async def call_model(state: MessagesState) -> MessagesState:
    """Ask the model for the next step."""
    return {"messages": [await model.ainvoke(state["messages"])]}


graph = (
    StateGraph(MessagesState)
    .add_node("model", call_model)
    .add_node("tools", ToolNode(TOOLS))
    .add_edge(START, "model")
    .add_conditional_edges("model", tools_condition)
    .add_edge("tools", "model")
    .compile(name="tools")
)
