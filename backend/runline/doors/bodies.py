"""Parts of request bodies that several doors take. Unknown fields are ignored; those we know of but do not support are
refused.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from runline.kit.ids import parse_id

JsonObject = dict[str, Any]
OptionalObject = Annotated[JsonObject, BeforeValidator(lambda value: {} if value is None else value)]


class Body(BaseModel):
    """A JSON object; `unsupported` names the fields that are refused unless null."""

    model_config = ConfigDict(frozen=True)
    unsupported: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _refuse_unsupported(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for name in cls.unsupported:
                if data.get(name) is not None:
                    raise ValueError(f"the field '{name}' is not supported by this server")
        return data


class RunConfig(Body):
    """`config` of a run: keys beyond these are kept as they are."""

    model_config = ConfigDict(frozen=True, extra="allow")
    tags: list[str] | None = None
    recursion_limit: Annotated[int, Field(strict=True, ge=-(2**31), lt=2**31)] | None = None
    max_concurrency: Annotated[int, Field(strict=True, ge=1, lt=2**31)] | None = None
    configurable: OptionalObject = {}
    metadata: OptionalObject = {}

    @model_validator(mode="after")
    def _checkpoint_is_an_id(self) -> RunConfig:
        checkpoint_id = self.configurable.get("checkpoint_id")
        if checkpoint_id is not None and (not isinstance(checkpoint_id, str) or parse_id(checkpoint_id) is None):
            raise ValueError("configurable.checkpoint_id must be a UUID")
        return self


class SendTarget(Body):
    """A node to go to, with its input."""

    node: str
    input: Any = None


Update = JsonObject | list[tuple[str, Any]]
Goto = str | SendTarget | list[str] | list[SendTarget]
