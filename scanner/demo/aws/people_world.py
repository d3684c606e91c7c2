"""People and workloads of the simulated cloud, as the world tells it: credentials, policies, analyzers and findings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Days = Annotated[int, Field(ge=0, le=36500)]
AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+=,.@_-]{1,64}$")]
Path = Annotated[str, StringConstraints(pattern=r"^/([A-Za-z0-9._/-]+/)?$")]
Document = dict[str, Any]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AccessKey(_Strict):
    """A long-lived access key. Its secret is nowhere."""

    age_days: Days
    active: bool = True
    last_used_days_ago: Days | None = None
    defect: str = ""


class ApiKey(_Strict):
    """A long-term API key of Amazon Bedrock."""

    age_days: Days
    expires_in_days: int | None = None
    """Less than zero: it has expired. None: it never does."""
    active: bool = True
    defect: str = ""


class Password(_Strict):
    """A password for the console."""

    age_days: Days
    last_used_days_ago: Days | None = None
    ends_in_days: Days | None = None
    """Days until a policy asks for a new one; None: it asks for none."""


class Holder(_Strict):
    """Somebody or something that has policies."""

    name: Name
    account: AccountId
    path: Path = "/"
    about: str
    defect: str = ""
    policies: list[str] = []
    """Names of managed policies."""
    inline: dict[str, Document] = {}


class User(Holder):
    """A user, with what it can sign in with."""

    age_days: Days = 400
    mfa: bool = False
    password: Password | None = None
    access_keys: Annotated[list[AccessKey], Field(max_length=2)] = []
    api_keys: list[ApiKey] = []
    groups: list[Name] = []

    @property
    def arn(self) -> str:
        """Return the user's ARN."""
        return f"arn:aws:iam::{self.account}:user{self.path}{self.name}"


class Group(Holder):
    """A group of users."""


class Role(Holder):
    """A role."""


class Policy(_Strict):
    """A managed policy."""

    name: Name
    account: AccountId
    document: Document
    about: str
    defect: str = ""
    provider: bool = False
    """Written by AWS."""

    @property
    def arn(self) -> str:
        """Return the policy's ARN."""
        return f"arn:aws:iam::{'aws' if self.provider else self.account}:policy/{self.name}"


class Root(_Strict):
    """The root user of an account."""

    account: AccountId
    age_days: Days = 800
    mfa: bool = True
    password: bool = True
    last_used_days_ago: Days | None = None
    access_keys: Annotated[list[AccessKey], Field(max_length=2)] = []
    defect: str = ""


class Analyzer(_Strict):
    """An analyzer of AWS IAM Access Analyzer."""

    name: Name
    account: AccountId
    region: Region
    kind: Literal[
        "ACCOUNT",
        "ORGANIZATION",
        "ACCOUNT_UNUSED_ACCESS",
        "ORGANIZATION_UNUSED_ACCESS",
        "ACCOUNT_INTERNAL_ACCESS",
        "ORGANIZATION_INTERNAL_ACCESS",
    ] = "ACCOUNT"
    status: Literal["ACTIVE", "CREATING", "DISABLED", "FAILED"] = "ACTIVE"
    age_days: Days = 300

    @property
    def arn(self) -> str:
        """Return the analyzer's ARN."""
        return f"arn:aws:access-analyzer:{self.region}:{self.account}:analyzer/{self.name}"


class Finding(_Strict):
    """A finding of an analyzer about a key or a bucket."""

    analyzer: Name
    account: AccountId
    region: Region
    key: str = ""
    """Alias of the key; else the bucket's name is given."""
    bucket: str = ""
    kind: Literal["ExternalAccess", "InternalAccess"] = "ExternalAccess"
    status: Literal["ACTIVE", "ARCHIVED", "RESOLVED"] = "ACTIVE"
    age_days: Days = 10
    defect: str = ""


class People(_Strict):
    """Everybody and what they may do."""

    users: list[User] = []
    groups: list[Group] = []
    roles: list[Role] = []
    policies: list[Policy] = []
    roots: list[Root] = []
    """Accounts that are not listed have a root user with a second factor and without access keys."""
    analyzers: list[Analyzer] = []
    findings: list[Finding] = []
