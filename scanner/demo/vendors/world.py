"""What the simulated AI vendors hold. Days count back from the demo's clock, or forward where the name says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Days = Annotated[int, Field(ge=0, le=36500)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$")]
OperationName = Annotated[str, StringConstraints(pattern=r"^[a-z]+:[A-Za-z]+$")]
Retention = Literal[
    "organization_default",
    "none",
    "zero_data_retention",
    "modified_abuse_monitoring",
    "enhanced_zero_data_retention",
    "enhanced_modified_abuse_monitoring",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ApiKey(_Strict):
    """A key that a vendor issued. The key itself is not here."""

    id: Id
    name: str
    age_days: Days
    used_days_ago: Days | None = None
    expires_in_days: Days | None = None
    active: bool = True
    owner: str = ""
    """Id of a service account; empty: a person."""
    scopes: list[str] = []
    allowed_ips: list[str] = []
    defect: str = ""


class ExternalKey(_Strict):
    """A key of the customer that a vendor was told of: by ARN, by vault and name, or by resource name."""

    id: Id
    name: str
    age_days: Days
    arn: str = ""
    vault: str = ""
    key: str = ""
    """Name in the vault, or the resource name of Cloud KMS."""
    purpose: Literal["ekm", "psp_decryption"] = "ekm"
    geo: str = "us"
    defect: str = ""

    @property
    def cloud(self) -> str:
        """Return which cloud it is in."""
        return "aws" if self.arn else "azure" if self.vault else "gcp"


class Project(_Strict):
    """A project at OpenAI, or a workspace at Anthropic."""

    id: Id
    name: str
    about: str
    age_days: Days
    archived: bool = False
    retention: Retention = "organization_default"
    external_key: str = ""
    """Id of an external key; empty: the vendor's own key."""
    residency: str = "US_STORAGE_PROCESSING"
    inference: list[str] = []
    """Places of inference; empty: anywhere."""
    tags: dict[str, str] = {}
    keys: list[ApiKey] = []
    resources: dict[str, list[Days]] = {}
    """Ages of what it keeps, by kind: `files`, `vector_stores`, `batches`, `fine_tuning_jobs`, `completions`."""
    defect: str = ""


class Certificate(_Strict):
    """A client certificate of an organization."""

    id: Id
    name: str
    active: bool = True
    age_days: Days
    expires_in_days: Days
    defect: str = ""


class Event(_Strict):
    """An entry of an audit log."""

    id: Id
    kind: str
    subject: str = ""
    days_ago: Days
    actor: str


class OpenAi(_Strict):
    """An organization at OpenAI."""

    admin_key: str
    """What the simulator takes as a key: it opens nothing else."""
    project_key: str = ""
    project_of_key: str = ""
    """Project that the second key belongs to."""
    retention: Retention
    projects: list[Project]
    external_keys: list[ExternalKey] = []
    admin_keys: list[ApiKey] = []
    certificates: list[Certificate] = []
    events: list[Event] = []
    denied: list[OperationName] = []


class Anthropic(_Strict):
    """An organization at Anthropic."""

    admin_key: str
    project_key: str = ""
    id: Id
    name: str
    compliance: bool
    workspaces: list[Project]
    external_keys: list[ExternalKey] = []
    files: list[Days] = []
    """Ages of the files of the workspace that the second key belongs to."""
    organization_keys: list[ApiKey] = []
    denied: list[OperationName] = []


class Agent(_Strict):
    """A voice agent at ElevenLabs."""

    id: Id
    name: str
    about: str
    age_days: Days
    archived: bool = False
    record_voice: bool = False
    retention_days: Annotated[int, Field(ge=-1, le=36500)] = 0
    """-1: without limit."""
    zero_retention_mode: bool = False
    prompt: str = "You are a friendly nurse."
    conversations: list[Days] = []
    defect: str = ""


class ServiceAccount(_Strict):
    """A service account at ElevenLabs."""

    id: Id
    name: str
    age_days: Days
    keys: list[ApiKey] = []


class ElevenLabs(_Strict):
    """A workspace at ElevenLabs."""

    admin_key: str
    project_key: str = ""
    workspace: Id
    agents: list[Agent] = []
    accounts: list[ServiceAccount] = []
    history: list[Days] = []
    secrets: list[str] = []
    events: list[Event] = []
    defect: str = ""
    denied: list[OperationName] = []


class Member(_Strict):
    """A person of a project at Deepgram."""

    id: Id
    scopes: list[str]


class DeepgramProject(_Strict):
    """A project at Deepgram."""

    id: Id
    name: str
    about: str
    mip_opt_out: bool
    keys: list[ApiKey] = []
    members: list[Member] = []
    requests: list[Days] = []
    defect: str = ""


class Deepgram(_Strict):
    """What one key at Deepgram sees."""

    admin_key: str
    project_key: str = ""
    projects: list[DeepgramProject]
    denied: list[OperationName] = []


class Vendors(_Strict):
    """The AI vendors of a world. One that is not there has no customer."""

    openai: OpenAi | None = None
    anthropic: Anthropic | None = None
    elevenlabs: ElevenLabs | None = None
    deepgram: Deepgram | None = None

    @property
    def keys(self) -> dict[str, str]:
        """Return the keys that a scan reads with, by the variables that the demo's estate file names."""
        there = {name: part for name in type(self).model_fields if (part := getattr(self, name)) is not None}
        own = {f"{name.upper()}_ADMIN_KEY": str(part.admin_key) for name, part in there.items()}
        of_projects = {f"{name.upper()}_PROJECT_KEY": str(part.project_key) for name, part in there.items()}
        return own | {name: key for name, key in of_projects.items() if key}

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield what the answer key calls each thing, ``openai/realtime``, with what a scan calls it."""
        for vendor in type(self).model_fields:
            part = getattr(self, vendor)
            for name, one in _parts(part) if part is not None else ():
                yield f"{vendor}/{name}", f"{vendor}:{one}"


def _parts(part: BaseModel) -> Iterator[tuple[str, str]]:
    """Yield the name and the id of everything below a vendor that has both."""
    for field in type(part).model_fields:
        value = getattr(part, field)
        for one in value if isinstance(value, list) else ():
            if isinstance(one, BaseModel):
                identity = str(getattr(one, "id", ""))
                yield str(getattr(one, "name", identity)), identity
                yield from _parts(one)
