"""A human in the loop: the model drafts an email, a person accepts, edits or rejects it.

Resume with {"type": "accept"}, {"type": "edit", "text": "..."} or {"type": "reject"};
the bare words "accept" and "reject" do as well.
"""

from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.messages import AIMessage, BaseMessage
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command, interrupt

from fake_model import FakeChatModel, Reply, human_text


class ApprovalState(MessagesState, total=False):
    """The conversation, the draft under review, and why the last decision was not understood."""

    draft: str
    problem: str | None


def compose(messages: Sequence[BaseMessage]) -> Reply:
    """Turn the user's text into an email."""
    text = f"Hello,\n\n{human_text(messages).strip()}\n\nKind regards,\nYour assistant"
    return Reply(text, reasoning_tokens=12)


model = FakeChatModel(decide=compose, model_name="sample-large")


async def draft(state: ApprovalState) -> dict[str, Any]:
    """Write the email."""
    message = await model.ainvoke(state["messages"])
    return {"messages": [message], "draft": str(message.text), "problem": None}


def decide(resumed: object, drafted: str) -> tuple[str | None, str | None]:
    """Read a resume value: (text to send or None, problem or None)."""
    answer = {"type": resumed} if isinstance(resumed, str) else resumed
    if not isinstance(answer, dict):
        return None, f"expected an object or a word, got {type(resumed).__name__}"
    match answer.get("type"):
        case "accept":
            return drafted, None
        case "reject":
            return None, None
        case "edit":
            text = answer.get("text")
            return (text, None) if isinstance(text, str) and text.strip() else (None, "an edit needs a text")
        case other:
            return None, f"unknown decision {other!r}"


def review(state: ApprovalState) -> Command[Literal["review", "__end__"]]:
    """Ask a person; a decision that makes no sense is asked for again, with the reason."""
    request: dict[str, Any] = {
        "question": "Send this email?",
        "action": {"name": "send_email", "args": {"text": state["draft"]}},
        "allowed": ["accept", "edit", "reject"],
    }
    if problem := state.get("problem"):
        request["problem"] = problem
    text, problem = decide(interrupt(request), state["draft"])
    if problem:
        # A fresh step rather than a second interrupt() here: the new question gets its own id and checkpoint.
        return Command(goto="review", update={"problem": problem})
    told = f"Email sent:\n\n{text}" if text else "Email rejected; nothing was sent."
    return Command(goto="__end__", update={"messages": [AIMessage(told)], "problem": None})


graph = (
    StateGraph(ApprovalState)
    .add_node("draft", draft)
    .add_node("review", review)
    .add_edge(START, "draft")
    .add_edge("draft", "review")
    .compile(name="approval")
)
