"""The part of the estate file about places where keys leak to."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, WithJsonSchema, field_validator, model_validator
from pydantic_core import PydanticCustomError

from scanner.estate.forms import Name, Once, Secret, Strict, Text, like, secret_ref
from scanner.estate.urls import LOCAL_OR_HTTPS, check_url
from scanner.model.estate import LeakSource

_WHERE = ("paths", "git", "slack_export", "slack")
_OF_SLACK = ("endpoint_url", "channels", "since_days")
_NOTHING_LEFT_OUT = {"slack_export": "of an export nothing is left out", "slack": "of messages nothing is left out"}

Channel = Annotated[str, *like(r"^[CDG][A-Z0-9]{1,40}$", "be the id of a channel, such as C024BE91L, not its name")]


class Slack(Strict):
    """How Slack's Web API is asked."""

    token: Secret = Field(description="token of an app that reads: `keyaudit permissions leaks` prints its scopes")


class Leaks(Strict):
    """Places of one kind."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": [one]} for one in _WHERE],
            "dependentSchemas": {
                "exclude": {"not": {"anyOf": [{"required": [one]} for one in _NOTHING_LEFT_OUT]}},
                **{one: {"required": ["slack"]} for one in _OF_SLACK},
            },
        }
    )

    name: Name = Field(description="name of the source in reports")
    paths: Annotated[list[Text], Once, Field(min_length=1, json_schema_extra={"uniqueItems": True})] = Field(
        [], description="folders, log files, archives"
    )
    git: Text | None = Field(None, description="git repository, read with all its history")
    slack_export: Text | None = Field(None, description="export of a Slack workspace: zip file or folder")
    slack: Slack | None = Field(None, description="Slack workspace, read by its Web API")
    exclude: Annotated[list[Text], Once, Field(json_schema_extra={"uniqueItems": True})] = Field(
        [], description="files and folders to leave out: patterns with * and ?, over names and paths"
    )
    endpoint_url: Annotated[str | None, WithJsonSchema({"type": "string", "pattern": LOCAL_OR_HTTPS})] = Field(
        None, description="gateway or simulator of Slack's Web API"
    )
    channels: Annotated[list[Channel], Once, Field(min_length=1, json_schema_extra={"uniqueItems": True})] = Field(
        [], description="ids of the channels of Slack to read; without: every one that the token sees"
    )
    since_days: int | None = Field(
        None, ge=1, le=36500, description="read messages of that many days alone; what is older becomes a gap"
    )
    time_limit: int = Field(3600, ge=1, le=86400, description="seconds after which the rest becomes a gap")

    @field_validator("endpoint_url")
    @classmethod
    def _allowed(cls, value: str) -> str:
        return check_url(value, insecure=False)

    @model_validator(mode="after")
    def _one_kind(self) -> Leaks:
        given = [one for one in _WHERE if getattr(self, one)]
        if len(given) != 1:
            hint = f"give exactly one of {', '.join(_WHERE)}"
            message = "does not say what to read" if not given else "names places of several kinds"
            raise PydanticCustomError("leaks", message, {"hint": hint})
        (kind,) = given
        if self.exclude and kind in _NOTHING_LEFT_OUT:
            raise PydanticCustomError(
                "leaks", _NOTHING_LEFT_OUT[kind], {"at": ("exclude",), "hint": "remove `exclude:`"}
            )
        for one in _OF_SLACK if kind != "slack" else ():
            if getattr(self, one):
                hint = f"remove `{one}:`, or give `slack:`"
                raise PydanticCustomError("leaks", "is for `slack:` alone", {"at": (one,), "hint": hint})
        return self


def leak_source(given: Leaks) -> LeakSource:
    """Return the source as the estate has it."""
    (kind,) = [one for one in _WHERE if getattr(given, one)]
    if given.slack is not None:
        places: tuple[str, ...] = ()
    else:
        places = tuple(given.paths) if kind == "paths" else (str(getattr(given, kind)),)
    return LeakSource(
        name=given.name,
        kind="files" if kind == "paths" else kind,
        places=places,
        exclude=tuple(given.exclude),
        token=secret_ref(given.slack.token) if given.slack is not None else None,
        endpoint_url=given.endpoint_url or "",
        channels=tuple(given.channels),
        since_days=given.since_days or 0,
        time_limit=given.time_limit,
    )
