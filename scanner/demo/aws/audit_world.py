"""The audit log of the simulated cloud, as the world tells it: trails, what they record, their digests, and events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Days = Annotated[int, Field(ge=0, le=36500)]
AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$")]
TrailName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]$")]
Bucket = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
Broken = Literal[
    "none",
    "edited_log",
    "removed_log",
    "edited_digest",
    "removed_digest",
    "removed_newest",
    "wrong_signature",
    "unknown_key",
    "moved_digest",
    "restarted",
]
Json = dict[str, Any]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Digests(_Strict):
    """Hourly digest files in the trail's bucket, really signed, and what is wrong with them."""

    hours: Annotated[int, Field(ge=1, le=72)] = 6
    files: Annotated[int, Field(ge=0, le=60)] = 2
    """Log files of each hour."""
    broken: Broken = "none"


class Trail(_Strict):
    """A trail. Days count back from the demo's clock."""

    name: TrailName
    account: AccountId
    region: Region
    bucket: Bucket
    about: str
    defect: str = ""
    organization: bool = False
    multi_region: bool = True
    prefix: str = ""
    age_days: Days = 400
    logging: bool = True
    stopped_days_ago: Days | None = None
    validated: bool = True
    key: str = ""
    """Alias of the key that encrypts the log, or empty."""
    log_group: str = ""
    delivery_error: str = ""
    selectors: list[dict[str, Any]] = []
    """Basic event selectors as the API has them; empty: those that a new trail has."""
    advanced: list[dict[str, Any]] = []
    """Advanced event selectors as the API has them."""
    digests: Digests | None = None
    """Digests for every account and region where the trail records."""

    @property
    def arn(self) -> str:
        """Return the trail's ARN."""
        return f"arn:aws:cloudtrail:{self.region}:{self.account}:trail/{self.name}"

    def records_in(self, account: str, region: str) -> bool:
        """Tell whether it records what happens in an account and region."""
        return (account == self.account or self.organization) and (region == self.region or self.multi_region)


class Unlogged(_Strict):
    """An event that happened to a key and that the log lacks."""

    key: str
    """Alias."""
    event: str
    """Name of the event, or ``use``."""
    defect: str


class KeyEvent(_Strict):
    """An event of a key beside those that follow from its life."""

    key: str
    """Alias."""
    name: str
    days_ago: Days
    principal: str = "assumed-role/key-admin/alice"
    """What comes after the account in the ARN of who did it."""
    error: str = ""
    window_days: int | None = None
    defect: str = ""


class Audit(_Strict):
    """The audit log."""

    organization_id: str = "o-example0000"
    trails: list[Trail] = []
    unlogged: list[Unlogged] = []
    events: list[KeyEvent] = []


class Living(Protocol):
    """What the life of a key leaves in the log: a key of the world."""

    @property
    def id(self) -> str:
        """Key id."""

    @property
    def arn(self) -> str:
        """Its ARN."""

    alias: str
    account: str
    region: str
    origin: Any
    manager: Any
    usage: Any
    age_days: int
    rotation: Any
    rotated_days_ago: list[int]
    last_used_days_ago: int | None
    deleted_in_days: int | None
    deletion_window_days: int | None
    replica_of: str


Keys = Sequence[Living]


def instant(now: datetime, days_ago: float) -> datetime:
    """Return an instant some days before ``now``."""
    return now.astimezone(UTC) - timedelta(days=days_ago)


def seconds(moment: datetime) -> int:
    """Return an instant as Unix seconds."""
    return int(moment.timestamp())


def text(moment: datetime) -> str:
    """Return an instant as RFC 3339 text in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
