"""The part of the estate file about places where keys leak to."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from scanner.estate.forms import Name, Once, Strict, Text
from scanner.model.estate import LeakSource

_WHERE = ("paths", "git", "slack_export")


class Leaks(Strict):
    """Places of one kind."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": [one]} for one in _WHERE],
            "dependentSchemas": {"exclude": {"not": {"required": ["slack_export"]}}},
        }
    )

    name: Name = Field(description="name of the source in reports")
    paths: Annotated[list[Text], Once, Field(min_length=1, json_schema_extra={"uniqueItems": True})] = Field(
        [], description="folders, log files, archives"
    )
    git: Text | None = Field(None, description="git repository, read with all its history")
    slack_export: Text | None = Field(None, description="export of a Slack workspace: zip file or folder")
    exclude: Annotated[list[Text], Once, Field(json_schema_extra={"uniqueItems": True})] = Field(
        [], description="files and folders to leave out: patterns with * and ?, over names and paths"
    )
    time_limit: int = Field(3600, ge=1, le=86400, description="seconds after which the rest becomes a gap")

    @model_validator(mode="after")
    def _one_kind(self) -> Leaks:
        given = [one for one in _WHERE if getattr(self, one)]
        if len(given) != 1:
            hint = f"give exactly one of {', '.join(_WHERE)}"
            message = "does not say what to read" if not given else "names places of several kinds"
            raise PydanticCustomError("leaks", message, {"hint": hint})
        if self.exclude and self.slack_export:
            message = "of an export nothing is left out"
            raise PydanticCustomError("leaks", message, {"at": ("exclude",), "hint": "remove `exclude:`"})
        return self


def leak_source(given: Leaks) -> LeakSource:
    """Return the source as the estate has it."""
    (kind,) = [one for one in _WHERE if getattr(given, one)]
    places = tuple(given.paths) if kind == "paths" else (str(getattr(given, kind)),)
    return LeakSource(
        name=given.name,
        kind="files" if kind == "paths" else kind,
        places=places,
        exclude=tuple(given.exclude),
        time_limit=given.time_limit,
    )
