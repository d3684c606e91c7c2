"""What of Amazon Bedrock is in the simulated cloud, as the world tells it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Days = Annotated[int, Field(ge=0, le=36500)]
Name = Annotated[str, StringConstraints(pattern=r"^[0-9a-zA-Z_-]{1,50}$")]
AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Mode = Literal["default", "none", "aws_review", "provider_data_share", "inherit"]
Kind = Literal["custom_model", "imported_model", "guardrail", "agent", "prompt", "knowledge_base"]
Json = dict[str, Any]
KeyArn = Callable[[str], str]
"""Gives the ARN of a key that the world calls by its alias."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Project(_Strict):
    """A project, which may have a retention setting of its own."""

    name: Name
    mode: Mode = "inherit"
    state: Literal["active", "archived"] = "active"
    age_days: Days = 30


class Logging(_Strict):
    """Where prompts and answers are logged."""

    bucket: str = ""
    group: str = ""
    large_bucket: str = ""
    text: bool = True
    image: bool = False
    embedding: bool = False
    video: bool = False
    audio: bool = False


class DataSource(_Strict):
    """Where a knowledge base reads from."""

    name: Name
    key: str = ""
    age_days: Days = 30
    denied: bool = False


class Thing(_Strict):
    """A model, guardrail, agent, prompt or knowledge base."""

    kind: Kind
    name: Name
    about: str = ""
    defect: str = ""
    key: str = ""
    """Alias of its key; empty: the one of the provider."""
    age_days: Days = 30
    text: str = ""
    """What somebody wrote into it: instruction, prompt, forbidden word. A scan must not keep it."""
    denied: bool = False
    """It is listed, and may not be read."""
    managed: bool = False
    """Of a knowledge base: Amazon Bedrock keeps its vectors."""
    sources: list[DataSource] = []

    @property
    def id(self) -> str:
        """Return its id, the same on every run."""
        letters = hashlib.sha256(f"{self.kind}/{self.name}".encode()).hexdigest()[:12]
        return letters[:10].upper() if self.kind in {"agent", "prompt", "knowledge_base"} else letters


class Region(_Strict):
    """Amazon Bedrock of one account in one region."""

    account: AccountId
    region: str
    about: str = ""
    defect: str = ""
    retention: Mode = "inherit"
    retention_age_days: Days | None = None
    projects: list[Project] = []
    logging: Logging | None = None
    things: list[Thing] = []

    @property
    def service_id(self) -> str:
        """Return what a scan calls it."""
        return f"aws:{self.account}:{self.region}:bedrock"

    def arn(self, thing: Thing) -> str:
        """Return the ARN of a thing."""
        resource = {
            "custom_model": "custom-model/amazon.nova-lite-v1:0:300k",
            "imported_model": "imported-model",
            "knowledge_base": "knowledge-base",
        }.get(thing.kind, thing.kind)
        return f"arn:aws:bedrock:{self.region}:{self.account}:{resource}/{thing.id}"

    def source(self, base: Thing, source: DataSource) -> str:
        """Return what a scan calls a data source."""
        return f"{self.arn(base)}/data-source/{source_id(base, source)}"


class Bedrock(_Strict):
    """Amazon Bedrock of the whole world. What is not named is empty."""

    regions: list[Region] = []

    def denials(self) -> Iterator[tuple[str, str]]:
        """Yield (operation, text in its parameters) of what may not be read."""
        for region in self.regions:
            for thing in region.things:
                if thing.denied:
                    yield _GETS[thing.kind], thing.id
                for source in thing.sources:
                    if source.denied:
                        yield "bedrock-agent:GetDataSource", source_id(thing, source)


_GETS: Mapping[str, str] = {
    "custom_model": "bedrock:GetCustomModel",
    "imported_model": "bedrock:GetImportedModel",
    "guardrail": "bedrock:GetGuardrail",
    "agent": "bedrock-agent:GetAgent",
    "prompt": "bedrock-agent:GetPrompt",
    "knowledge_base": "bedrock-agent:GetKnowledgeBase",
}


def source_id(base: Thing, source: DataSource) -> str:
    """Return the id of a data source, the same on every run."""
    return hashlib.sha256(f"{base.name}/{source.name}".encode()).hexdigest()[:10].upper()


@dataclass(frozen=True, slots=True)
class Place:
    """One account and region at one instant."""

    region: Region
    now: datetime
    key_arn: KeyArn

    def at(self, days_ago: int) -> str:
        """Return an instant as these services write it."""
        return (self.now - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def key(self, name: str, alias: str) -> Json:
        """Return the member that names a key; without one there is none."""
        return {name: self.key_arn(alias)} if alias else {}

    def all(self, kind: Kind) -> Iterator[Thing]:
        """Yield the things of a kind."""
        return (thing for thing in self.region.things if thing.kind == kind)

    def one(self, kind: Kind, identity: str) -> Thing | None:
        """Return a thing by its id or its ARN."""
        return next((thing for thing in self.all(kind) if thing.id == identity.rpartition("/")[2]), None)


Answering = Callable[[Place, Mapping[str, Any]], Json]
"""Answers a request with these parameters."""


def missing(identity: object) -> Json:
    """Return the error for a thing that is not there."""
    return {"__type": "ResourceNotFoundException", "message": f"{identity} does not exist"}
