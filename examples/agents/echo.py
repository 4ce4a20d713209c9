"""The smallest agent: one node that repeats what it was told."""

from collections.abc import Sequence

from langchain_core.messages import BaseMessage
from langgraph.graph import START, MessagesState, StateGraph

from fake_model import FakeChatModel, Reply, human_text


def repeat(messages: Sequence[BaseMessage]) -> Reply:
    """Repeat the last human message."""
    return Reply(f"You said: {human_text(messages)}")


model = FakeChatModel(decide=repeat)


async def answer(state: MessagesState) -> MessagesState:
    """Ask the model for one reply."""
    return {"messages": [await model.ainvoke(state["messages"])]}


graph = StateGraph(MessagesState).add_node("answer", answer).add_edge(START, "answer").compile(name="echo")
