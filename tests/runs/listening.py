"""The research sample with a listener of its own, which hears what its models said they used."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import LLMResult

import research

REPORTED: list[tuple[str, dict[str, Any]]] = []
"""The models that answered and their usage, in order."""


class Listener(BaseCallbackHandler):
    def on_llm_end(self, response: LLMResult, **_kwargs: Any) -> None:
        message: Any = response.generations[0][0].message  # type: ignore[union-attr]
        REPORTED.append((message.response_metadata["model_name"], message.usage_metadata))


graph = research.graph.with_config(callbacks=[Listener()])
