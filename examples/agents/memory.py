"""Memory across threads: "remember that I like tea" on one, "what do you know?" on any other.

Facts are items of the store, in a namespace of the user whom the run's context names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

from langchain_core.messages import BaseMessage, SystemMessage
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore

from fake_model import FakeChatModel, Reply, human_text

CUE = "remember that "


@dataclass(frozen=True)
class Person:
    """Context: whose memory it is."""

    user: str = "somebody"


def recall(messages: Sequence[BaseMessage]) -> Reply:
    """Say what the system message knows."""
    facts = [str(message.text) for message in messages if isinstance(message, SystemMessage) and message.text]
    return Reply(f"I know that {'; '.join(facts)}." if facts else "I know nothing about you yet.")


model = FakeChatModel(decide=recall)


def store_of(runtime: Runtime[Person]) -> BaseStore:
    """The store, which every server has."""
    assert runtime.store
    return runtime.store


async def remember(state: MessagesState, runtime: Runtime[Person]) -> None:
    """Keep the fact that was told, if one was; a node that runs again keeps it once."""
    text = human_text(state["messages"]).strip().rstrip(".")
    if text.lower().startswith(CUE):
        fact = text[len(CUE) :]
        await store_of(runtime).aput(("facts", runtime.context.user), str(uuid5(NAMESPACE_OID, fact)), {"text": fact})


async def answer(state: MessagesState, runtime: Runtime[Person]) -> MessagesState:
    """Ask the model, with all that is known at hand."""
    known = await store_of(runtime).asearch(("facts", runtime.context.user), limit=20)
    facts = [SystemMessage(item.value["text"]) for item in reversed(known)]
    return {"messages": [await model.ainvoke([*facts, *state["messages"]])]}


graph = (
    StateGraph(MessagesState, context_schema=Person)
    .add_node("remember", remember)
    .add_node("answer", answer)
    .add_edge(START, "remember")
    .add_edge("remember", "answer")
    .compile(name="memory")
)
