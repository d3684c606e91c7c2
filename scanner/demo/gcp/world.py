"""What is in the simulated Google Cloud, as the world's section ``gcp:`` tells it: every defect has its name."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

ProjectId = Annotated[str, StringConstraints(pattern=r"^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
Location = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
Identity = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,63}$")]
OperationName = Annotated[str, StringConstraints(pattern=r"^[a-z]+:(\*|[A-Za-z.]+)$")]
Level = Annotated[str, StringConstraints(pattern=r"^(folders|organizations)/[0-9]+$")]
Days = Annotated[int, Field(ge=0, le=36500)]
Protection = Literal["SOFTWARE", "HSM", "EXTERNAL", "EXTERNAL_VPC", "HSM_SINGLE_TENANT"]
Purpose = Literal[
    "ENCRYPT_DECRYPT", "ASYMMETRIC_SIGN", "ASYMMETRIC_DECRYPT", "RAW_ENCRYPT_DECRYPT", "MAC", "KEY_ENCAPSULATION"
]
State = Literal[
    "PENDING_GENERATION",
    "ENABLED",
    "DISABLED",
    "DESTROYED",
    "DESTROY_SCHEDULED",
    "PENDING_IMPORT",
    "IMPORT_FAILED",
    "GENERATION_FAILED",
    "PENDING_EXTERNAL_DESTRUCTION",
    "EXTERNAL_DESTRUCTION_FAILED",
]


class Strict(BaseModel):
    """A part of the world: nothing in it that is not known, nothing changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Binding(Strict):
    """A role that some members have."""

    role: str
    members: list[str]
    condition: str = ""
    """An expression, ``request.time < timestamp("2027-01-01T00:00:00Z")``; empty: always."""


class AuditLog(Strict):
    """Which uses of a service are logged."""

    service: str = "cloudkms.googleapis.com"
    types: list[Literal["ADMIN_READ", "DATA_READ", "DATA_WRITE"]]
    exempted: list[str] = []


class Above(Strict):
    """A folder or the organization above projects."""

    name: Level
    parent: Level | Literal[""] = ""
    audit: list[AuditLog] = []
    policy: list[Binding] = []
    denied: list[OperationName] = []


class Version(Strict):
    """A version of a key. Days count back from the demo's clock, or forward where the name says so."""

    age_days: Days
    state: State = "ENABLED"
    destroyed_in_days: Days | None = None
    destroyed_days_ago: Days | None = None
    job: Identity | Literal[""] = ""
    """The import job that brought its material."""
    uri: str = ""
    """Where the external manager has it."""
    path: str = ""
    """… or by which name, over the key's EKM connection."""


class Key(Strict):
    """A key."""

    name: Identity
    about: str
    defect: str = ""
    denied: list[OperationName] = []
    """Operations that may not be read of this key."""
    purpose: Purpose = "ENCRYPT_DECRYPT"
    protection: Protection = "SOFTWARE"
    algorithm: str = "GOOGLE_SYMMETRIC_ENCRYPTION"
    age_days: Days
    rotation_days: Annotated[int, Field(ge=1)] | None = None
    versions: list[Version] = []
    """Oldest first; none: one of the key's age."""
    primary: int | None = None
    """Number of the primary version, from 1; None: the last one, where the purpose has a primary."""
    labels: dict[str, str] = {}
    policy: list[Binding] = []
    import_only: bool = False
    destroy_after_days: Annotated[int, Field(ge=1)] = 30
    connection: Identity | Literal[""] = ""

    @property
    def all_versions(self) -> list[Version]:
        """Return its versions."""
        return self.versions or [Version(age_days=self.age_days)]

    @property
    def primary_number(self) -> int | None:
        """Return the number of its primary version, or None."""
        return (self.primary or len(self.all_versions)) if self.purpose == "ENCRYPT_DECRYPT" else None


class Ring(Strict):
    """A key ring."""

    name: Identity
    location: Location
    age_days: Days = 1000
    policy: list[Binding] = []
    jobs: list[Identity] = []
    """Import jobs: made with the ring, and expired since."""
    keys: list[Key]


class Connection(Strict):
    """A connection to an external key manager."""

    name: Identity
    location: Location
    host: str = "ekm.example.com"
    age_days: Days = 500
    broken: bool = False
    """Cloud KMS does not reach it."""
    defect: str = ""


class CustomRole(Strict):
    """A role of the project's own."""

    name: Identity
    permissions: list[str]
    deleted: bool = False


class Bucket(Strict):
    """A log bucket."""

    name: Identity
    location: Location = "global"
    retention_days: Days = 30
    locked: bool = False
    key: str = ""
    """Resource name of the key that it is encrypted under."""
    age_days: Days = 1000
    defect: str = ""


class Sink(Strict):
    """A way of log entries to a place."""

    name: Identity
    destination: str
    filter: str = ""
    disabled: bool = False
    exclusions: dict[str, str] = {}
    """Name to filter."""


class Project(Strict):
    """A project."""

    id: ProjectId
    name: str = ""
    about: str
    defect: str = ""
    denied: list[OperationName] = []
    parent: Level | Literal[""] = ""
    state: Literal["ACTIVE", "DELETE_REQUESTED"] = "ACTIVE"
    locations: list[Location] = ["us-east1", "us-central1", "global"]
    policy: list[Binding] = []
    audit: list[AuditLog] = []
    roles: list[CustomRole] = []
    default_retention_days: Days = 30
    """Of the bucket ``_Default``; ``_Required`` keeps for 400 days."""
    buckets: list[Bucket] = []
    sinks: list[Sink] = []
    connections: list[Connection] = []
    rings: list[Ring] = []

    @property
    def number(self) -> str:
        """Return the project's number, the same on every run."""
        return str(100_000_000_000 + zlib.crc32(self.id.encode()))

    @property
    def resource(self) -> str:
        """Return what it is called in names of resources."""
        return f"projects/{self.id}"

    def ring_name(self, ring: Ring) -> str:
        """Return the resource name of a key ring."""
        return f"{self.resource}/locations/{ring.location}/keyRings/{ring.name}"

    def key_names(self) -> Iterator[tuple[str, Ring, Key]]:
        """Yield each key with its resource name and its ring."""
        for ring in self.rings:
            yield from ((f"{self.ring_name(ring)}/cryptoKeys/{key.name}", ring, key) for key in ring.keys)


class GoogleCloud(Strict):
    """The projects, and what is above them."""

    above: list[Above] = []
    projects: list[Project] = []

    @property
    def first(self) -> str:
        """Return the id of the project that the demo's service account belongs to."""
        return self.projects[0].id if self.projects else "example-nothing"

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield what the answer key calls its things, and what a scan does."""
        for project in self.projects:
            yield f"gcp/{project.id}", f"gcp:{project.id}"
            for name, ring, key in project.key_names():
                yield f"gcp/{project.id}/{ring.name}/{key.name}", name
            for connection in project.connections:
                where = f"{project.resource}/locations/{connection.location}"
                yield f"gcp/{project.id}/{connection.name}", f"{where}/ekmConnections/{connection.name}"
            for sink in ("_Default", "_Required", *(one.name for one in project.sinks)):
                yield f"gcp/{project.id}/sinks/{sink}", f"{project.resource}/sinks/{sink}"
            for bucket in ("_Default", "_Required"):
                yield f"gcp/{project.id}/{bucket}", f"{project.resource}/locations/global/buckets/{bucket}"
            for one in project.buckets:
                yield f"gcp/{project.id}/{one.name}", f"{project.resource}/locations/{one.location}/buckets/{one.name}"
