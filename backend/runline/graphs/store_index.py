"""What makes the store searchable by meaning: texts out of values, and the user's embedding function.

It is called outside of transactions and in a thread if it blocks, so that nobody waits for it but who asked.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from langchain_core.embeddings import Embeddings
from langgraph.store.base import PutOp, ensure_embeddings, get_text_at_path, tokenize_path

from runline.errors import ConfigError, Unavailable
from runline.graphs.items import Vectors
from runline.graphs.loading import GraphLoadError, is_file, load_target
from runline.graphs.store_spec import IndexSpec

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StoreIndex:
    """Turns items and queries into vectors."""

    spec: IndexSpec
    embeddings: Embeddings

    async def of_item(self, op: PutOp) -> Vectors:
        """The vectors of an item to be put. Raises Unavailable."""
        if op.value is None or op.index is False:
            return ()
        texts = _texts(op.value, self.spec.fields if op.index is None else op.index)
        if not texts:
            return ()
        vectors = await self._embed([text for _, text in texts])
        return [(path, vector) for (path, _), vector in zip(texts, vectors, strict=True)]

    async def of_query(self, text: str) -> bytes:
        """The vector of what is searched for. Raises Unavailable."""
        (vector,) = await self._embed([text], query=True)
        return vector

    async def _embed(self, texts: list[str], *, query: bool = False) -> list[bytes]:
        try:
            if query:
                made: Sequence[Any] = [await self.embeddings.aembed_query(texts[0])]
            else:
                made = await self.embeddings.aembed_documents(texts)
            vectors = [array("f", vector) for vector in made]
        except Exception as exc:
            # the user's function, or a provider that it asks
            log.warning("embedding failed", exc_info=exc)
            raise Unavailable(f"The embedding function of the store failed: {type(exc).__name__}") from exc
        if [len(vector) for vector in vectors] != [self.spec.dims] * len(texts):
            raise Unavailable(
                f"The embedding function of the store must return {len(texts)} vectors of {self.spec.dims} numbers"
            )
        return [vector.tobytes() for vector in vectors]


def _texts(value: Any, fields: Sequence[str]) -> list[tuple[str, str]]:
    """What stands at these paths, each with a name of its own."""
    found: dict[str, str] = {}
    for path in fields:
        texts = get_text_at_path(value, "$" if path == "$" else tokenize_path(path))
        found |= {f"{path}.{place}" if len(texts) > 1 else path: text for place, text in enumerate(texts)}
    return list(found.items())


def load_index(spec: IndexSpec, folder: Path) -> StoreIndex:
    """Import the function or make the model that `embed` names. Runs the user's code. Raises ConfigError."""
    source, _, _ = spec.embed.rpartition(":")
    try:
        embed: Any = load_target(spec.embed, folder) if _is_code(source) else spec.embed
        return StoreIndex(spec, ensure_embeddings(embed))
    except GraphLoadError as exc:
        raise ConfigError(f"'store.index.embed' is {spec.embed}: {exc}.") from exc
    except Exception as exc:
        raise ConfigError(f"'store.index.embed' is {spec.embed}, which cannot be made: {exc}") from exc


def _is_code(source: str) -> bool:
    """A module's name has a dot where a provider's has none; a model's name may have colons of its own."""
    return ":" not in source and (is_file(source) or "." in source)
