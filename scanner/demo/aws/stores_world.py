"""Which data stores are in the simulated cloud, as the world tells it. Days count back from the demo's clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$")]
OperationName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+:[A-Za-z0-9]+$")]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
Days = Annotated[int, Field(ge=0, le=36500)]
Period = Annotated[int, Field(ge=1, le=36500)]
Engine = Literal[
    "postgres",
    "mysql",
    "mariadb",
    "oracle-ee",
    "sqlserver-se",
    "aurora-postgresql",
    "aurora-mysql",
    "docdb",
    "neptune",
]
Json = dict[str, Any]
KeyArn = Callable[[str], str]
"""Gives the ARN of a key that the world calls by its alias."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Store(_Strict):
    """What every store has."""

    account: AccountId
    region: Region
    about: str = ""
    defect: str = ""
    denied: list[OperationName] = []
    """Operations that may not be read of this store."""
    key: str = ""
    """Alias of its key; `alias/...` or an ARN stand as they are; empty: the provider's own."""
    age_days: Days = 100
    tags: dict[str, str] = {}


class Lock(_Strict):
    """Retention that objects of a bucket have by default."""

    mode: Literal["COMPLIANCE", "GOVERNANCE"]
    days: Days = 0
    years: Days = 0


class Rule(_Strict):
    """A lifecycle rule."""

    prefix: str = ""
    days: Days = 0
    """Of current versions; 0: they stay."""
    former_days: Days = 0
    """Of former versions; 0: they stay."""
    enabled: bool = True


class Bucket(_Store):
    """A bucket."""

    name: BucketName
    encryption: Literal["AES256", "aws:kms", "aws:kms:dsse", "none"] = "AES256"
    """`none`: it has no configuration of its own."""
    bucket_key: bool = False
    versioning: Literal["Enabled", "Suspended", ""] = ""
    lockable: bool = False
    """Object Lock is on; without a `lock` no object has it by itself."""
    lock: Lock | None = None
    lifecycle: list[Rule] = []
    tls_only: bool = True
    """Its policy has the Deny that AWS documents."""
    policy: list[dict[str, object]] = []
    """Further statements; `BUCKET` stands for the ARN."""
    blocked: bool = True
    """Public access is blocked."""
    acls: bool = False
    """ACLs count."""
    public_acl: bool = False
    logs_to: str = ""

    @property
    def arn(self) -> str:
        """Return the bucket's ARN."""
        return f"arn:aws:s3:::{self.name}"


class _Sql(_Store):
    """What databases, clusters and snapshots have."""

    name: Identifier
    engine: Engine = "postgres"
    encrypted: bool = True
    """With the provider's own key when `key` is empty."""
    owned: bool = False
    """That key is one that only Amazon RDS knows: `sse-rds`."""

    @property
    def prefix(self) -> str:
        """Return how ARNs of its place begin."""
        return f"arn:aws:rds:{self.region}:{self.account}:"


class _Live(_Sql):
    group: str = ""
    """Parameter group; empty: the default one."""
    requires_tls: bool | None = True
    """None: the group says nothing of it, and the engine's default holds."""
    group_status: Literal["in-sync", "pending-reboot", "applying"] = "in-sync"
    backup_days: Annotated[int, Field(ge=0, le=35)] = 7
    replica_of: str = ""
    """Name or ARN of what it is a read replica of."""

    @property
    def group_name(self) -> str:
        """Return the name of its parameter group."""
        return self.group or f"default.{self.engine}"


class Database(_Live):
    """A database instance, or a member of a cluster."""

    cluster: str = ""
    public: bool = False

    @property
    def arn(self) -> str:
        """Return the instance's ARN."""
        return f"{self.prefix}db:{self.name}"


class Cluster(_Live):
    """A database cluster."""

    @property
    def arn(self) -> str:
        """Return the cluster's ARN."""
        return f"{self.prefix}cluster:{self.name}"


class Snapshot(_Sql):
    """A snapshot of a database or a cluster."""

    of: Identifier
    of_cluster: bool = False
    type: Literal["automated", "manual", "awsbackup"] = "manual"

    @property
    def arn(self) -> str:
        """Return the snapshot's ARN."""
        return f"{self.prefix}{'cluster-' if self.of_cluster else ''}snapshot:{self.name}"


class Table(_Store):
    """A DynamoDB table."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,255}$")]
    point_in_time: bool = True

    @property
    def arn(self) -> str:
        """Return the table's ARN."""
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{self.name}"


class Volumes(_Store):
    """What new EBS volumes of an account and region get. A place that the world does not name has no encryption."""

    encrypted: bool = True

    @property
    def arn(self) -> str:
        """Return what a scan calls it: it has no ARN."""
        return f"aws:{self.account}:{self.region}:ebs-default"


class Secret(_Store):
    """A secret. Nobody can read its value: it has none."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/_+=.@-]{1,512}$")]
    rotates: bool = True
    rotated_days_ago: Days | None = 10
    """None: never."""
    replica_of: str = ""
    """Region of the primary."""
    description: str = ""
    """What somebody wrote. A scan must not keep it."""

    @property
    def arn(self) -> str:
        """Return the secret's ARN; the letters behind its name are the same on every run, and of its replicas."""
        region = self.replica_of or self.region
        letters = hashlib.sha256(f"{self.account}/{region}/{self.name}".encode()).hexdigest()[:6]
        return f"arn:aws:secretsmanager:{self.region}:{self.account}:secret:{self.name}-{letters}"


class LogGroup(_Store):
    """A log group, or many alike."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_/.#-]{1,500}$")]
    retention_days: Period | None = 365
    """None: kept without limit."""
    kind: Literal["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"] = "STANDARD"
    count: Period | Annotated[int, Field(le=1_000_000)] = 1
    """How many there are; the names of more than one end in a number."""

    @property
    def arn(self) -> str:
        """Return the ARN of the log group, if it is one."""
        return f"arn:aws:logs:{self.region}:{self.account}:log-group:{self.name}"

    def named(self, number: int) -> str:
        """Return the name of one of the alike."""
        return self.name if self.count == 1 else f"{self.name}-{number:06}"


class Vault(_Store):
    """A backup vault."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{2,50}$")]
    air_gapped: bool = False
    locked: bool = False
    locked_for_good_days_ago: Annotated[int, Field(ge=-36500, le=36500)] | None = None
    """Since when nobody can take the lock away; negative: so many days from now; None: somebody always can."""
    min_retention_days: Period | None = None
    points: Days = 0

    @property
    def arn(self) -> str:
        """Return the vault's ARN."""
        return f"arn:aws:backup:{self.region}:{self.account}:backup-vault:{self.name}"


class Stores(_Strict):
    """The data stores of the world."""

    buckets: list[Bucket] = []
    databases: list[Database] = []
    clusters: list[Cluster] = []
    snapshots: list[Snapshot] = []
    tables: list[Table] = []
    volumes: list[Volumes] = []
    secrets: list[Secret] = []
    log_groups: list[LogGroup] = []
    vaults: list[Vault] = []

    def all(self) -> Iterator[_Store]:
        """Yield every store."""
        for kind in type(self).model_fields:
            yield from getattr(self, kind)

    def denials(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield (operation, text in the request's parameters, account, region) of what may not be read."""
        for one in self.all():
            text = "" if isinstance(one, Volumes) else str(getattr(one, "name", ""))
            yield from ((operation, text, one.account, one.region) for operation in one.denied)


def key_ref(name: str, key_arn: KeyArn) -> str:
    """Return how a store names its key."""
    return name if name.startswith(("alias/", "arn:")) else key_arn(name)


def seconds(now: datetime, days_ago: float) -> int:
    """Return an instant some days before ``now`` as Unix seconds."""
    return int((now - timedelta(days=days_ago)).timestamp())


def tag_list(tags: dict[str, str]) -> list[Json]:
    """Return tags as AWS lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
