"""Request bodies that make and change assistants. As observed, null is refused where a field can be left out."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID, uuid4

from pydantic import Field

from runline.doors.bodies import Body, JsonObject, OptionalObject, RunConfig
from runline.doors.platform.schemas import Limit, Offset
from runline.model.assistant import AssistantChange, AssistantDraft

# databases other than SQLite hold no text with a NUL in it
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class AssistantCreateBody(Body):
    """Creation of an assistant."""

    graph_id: str
    assistant_id: UUID = Field(default_factory=uuid4)
    name: Text = "Untitled"
    description: Text | None = None
    config: RunConfig = RunConfig()
    context: JsonObject = Field(default_factory=dict)
    metadata: JsonObject = Field(default_factory=dict)
    if_exists: Literal["raise", "do_nothing"] = "raise"

    def draft(self) -> AssistantDraft:
        """The assistant to be."""
        return AssistantDraft(
            assistant_id=str(self.assistant_id),
            graph_id=self.graph_id,
            name=self.name or "Untitled",
            description=self.description,
            config=self.config.model_dump(mode="json", exclude_unset=True),
            context=self.context,
            metadata=self.metadata,
        )


class AssistantPatchBody(Body):
    """Change of an assistant: what is left out stays as it is."""

    graph_id: str = Field(default_factory=str)
    name: Text = Field(default_factory=str)
    description: Text = Field(default_factory=str)
    config: RunConfig = Field(default_factory=RunConfig)
    context: JsonObject = Field(default_factory=dict)
    metadata: JsonObject = Field(default_factory=dict)

    def change(self) -> AssistantChange:
        """What is to be different."""
        return AssistantChange(**self.model_dump(mode="json", exclude_unset=True))


class VersionsBody(Body):
    """Which versions of an assistant."""

    metadata: OptionalObject = Field(default_factory=dict)
    limit: Limit = 10
    offset: Offset = 0


class LatestBody(Body):
    """The version that is to be the current one."""

    version: Annotated[int, Field(strict=True, ge=0, lt=2**31)]
