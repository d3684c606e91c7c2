"""What is in the simulated cloud, as ``world.yaml`` tells it: readable, with every planted defect named."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from scanner.demo.aws.audio import Audio
from scanner.demo.aws.audit_world import Audit
from scanner.demo.aws.bedrock_world import Bedrock
from scanner.demo.aws.cloudhsm import CloudHsm
from scanner.demo.aws.people_world import People
from scanner.demo.aws.stores_world import Stores
from scanner.demo.azure.world import AzureWorld
from scanner.demo.ehr.world import Ehr
from scanner.demo.gcp.world import GoogleCloud
from scanner.demo.hsm import Token
from scanner.demo.leaks import Leaks
from scanner.demo.leaks import problems as of_leaks
from scanner.demo.postgres.world import Database
from scanner.demo.references import dangling, twice
from scanner.demo.timeline import Change, Day, TimelineError, day_of, moved
from scanner.demo.vendors.world import Vendors
from scanner.errors import ConfigError
from scanner.yamlfile import Document, Path_, load, validate

FOLDER = Path(__file__).parent
_NAMESPACE = uuid.UUID("5f2c9a58-8f0e-4d0b-9e55-2d6a3f6f4c11")
PARTITION = "aws"
CANARY = "keyaudit-canary"
"""Alias of the key that self-tests use."""
EHR_SERVERS = ("hospital", "clinic", "portal")
"""Servers of health records that the estate file can have."""
_MARK = re.compile(r" *# <(/?)([a-z]+)>")

AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$")]
OperationName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+:[A-Za-z0-9]+$")]
Days = Annotated[int, Field(ge=0, le=36500)]
Spec = Literal[
    "SYMMETRIC_DEFAULT",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "ECC_NIST_EDWARDS25519",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "SM2",
]
Usage = Literal["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Account(_Strict):
    """An account of the Organization."""

    id: AccountId
    name: str
    about: str
    state: Literal["ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"] = "ACTIVE"


class Store(_Strict):
    """A custom or external key store."""

    name: str
    account: AccountId
    region: Region
    kind: Literal["AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"]
    state: Literal["CONNECTED", "DISCONNECTED", "FAILED"] = "CONNECTED"
    error: str = ""
    age_days: Days
    cluster: str = ""
    """Name of the CloudHSM cluster behind it, in its account and region."""
    defect: str = ""

    @cached_property
    def id(self) -> str:
        """Return the store's id, the same on every run."""
        return f"cks-{uuid.uuid5(_NAMESPACE, f'{self.account}/{self.region}/{self.name}').hex[:17]}"


class Rotation(_Strict):
    """Automatic rotation of a key."""

    period_days: Annotated[int, Field(ge=90, le=2560)]


class Grant(_Strict):
    """A grant on a key."""

    name: str
    grantee: str
    operations: list[str]
    context: dict[str, str] = {}
    age_days: Days = 10


class Key(_Strict):
    """A key. Days count back from the demo's clock, or forward where the name says so."""

    alias: Annotated[str, StringConstraints(min_length=1)]
    """Any text: tests put into it what a hostile account would."""
    account: AccountId
    region: Region
    about: str
    defect: str = ""
    denied: list[OperationName] = []
    """Operations that may not be read of this key, ``kms:GetKeyRotationStatus``."""
    spec: Spec = "SYMMETRIC_DEFAULT"
    usage: Usage = "ENCRYPT_DECRYPT"
    origin: Literal["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"] = "AWS_KMS"
    manager: Literal["CUSTOMER", "AWS"] = "CUSTOMER"
    state: Literal["Enabled", "Disabled", "PendingDeletion", "PendingReplicaDeletion"] = "Enabled"
    age_days: Days
    rotation: Rotation | None = None
    rotated_days_ago: list[Days] = []
    tags: dict[str, str] = {}
    policy: str = "separated"
    grants: list[Grant] = []
    last_used_days_ago: Days | None = None
    deleted_in_days: Days | None = None
    deletion_window_days: Annotated[int, Field(ge=7, le=30)] | None = None
    expires_in_days: Days | None = None
    store: str = ""
    replica_of: str = ""
    """Alias of the primary that this key is a replica of."""
    replicated_to: list[Region] = []
    """Of a primary and of its replicas alike: the regions of the replicas."""
    description: str = ""

    @cached_property
    def id(self) -> str:
        """Return the key id, the same on every run. Related multi-Region keys share it."""
        name = self.replica_of or self.alias
        region = "" if self.multi_region else self.region
        identity = uuid.uuid5(_NAMESPACE, f"{self.account}/{region}/{name}")
        return f"mrk-{identity.hex}" if self.multi_region else str(identity)

    @property
    def multi_region(self) -> bool:
        """Tell whether the key is a multi-Region key."""
        return bool(self.replica_of or self.replicated_to)

    @property
    def arn(self) -> str:
        """Return the key's ARN."""
        return f"arn:{PARTITION}:kms:{self.region}:{self.account}:key/{self.id}"


class Denied(_Strict):
    """What may not be read, beside what a key or a store says of itself."""

    operation: OperationName
    account: AccountId | Literal[""] = ""
    """Empty: in every account."""
    region: Region | Literal[""] = ""
    subject: str = ""
    """Text in the request's parameters."""
    defect: str


class World(_Strict):
    """Everything that the simulated cloud holds."""

    management_account: str
    accounts: list[Account]
    statements: dict[str, dict[str, object]]
    """Statements of key policies by name."""
    policies: dict[str, list[str]]
    """Names of statements by the name of the policy."""
    stores: list[Store] = []
    keys: list[Key]
    tracking_days: Days
    """For how many days the provider has kept track of key use."""
    data: Stores = Stores()
    """Data stores."""
    audit: Audit = Audit()
    people: People = People()
    bedrock: Bedrock = Bedrock()
    hsm: CloudHsm = CloudHsm()
    postgres: list[Database] = []
    """Databases with envelopes: real ones, on a PostgreSQL that the demo starts."""
    tokens: list[Token] = []
    """Tokens of an HSM: of SoftHSM, real PKCS #11 without the hardware, where it is installed."""
    audio: list[Audio] = []
    """Objects of buckets: messages of the AWS Encryption SDK."""
    denied: list[Denied] = []
    azure: AzureWorld = AzureWorld()
    gcp: GoogleCloud = GoogleCloud()
    vendors: Vendors = Vendors()
    leaks: Leaks = Leaks()
    """What people wrote to each other."""
    ehr: Ehr = Ehr()
    """Servers of health records; the estate file has those of :data:`EHR_SERVERS`."""
    registers: bool = False
    """The contracts and documents of ``registers/`` are its own."""
    began: Day | None = None
    """Day of which the file tells; None: whenever it is looked at."""
    changes: list[Change] = []
    """What happens after that."""

    def policy(self, name: str) -> list[dict[str, object]]:
        """Return the statements of a policy."""
        return [self.statements[part] for part in self.policies[name]]

    def key(self, alias: str) -> Key:
        """Return a key by alias. Raises ConfigError when there is none."""
        for key in self.keys:
            if key.alias == alias:
                return key
        raise ConfigError(f"world.yaml has no key {alias!r}")

    def store(self, name: str) -> Store:
        """Return a key store by name. Raises ConfigError when there is none."""
        for store in self.stores:
            if store.name == name:
                return store
        raise ConfigError(f"world.yaml has no store {name!r}")

    def cluster_id(self, store: Store) -> str:
        """Return the id of the CloudHSM cluster behind a key store, which need not be in the world."""
        place = (store.account, store.region, store.cluster)
        known = (c.id for c in self.hsm.clusters if (c.account, c.region, c.name) == place)
        return next(known, f"cluster-{store.id[-11:]}")


def problems(world: World) -> Iterator[tuple[Path_, str]]:
    """Yield what does not fit together in a world, each with where it stands in the file."""
    accounts = [account.id for account in world.accounts]
    if world.management_account not in accounts:
        yield ("management_account",), f"there is no account {world.management_account}"
    yield from twice(("accounts",), accounts)
    yield from twice(("stores",), [store.name for store in world.stores])
    yield from twice(("keys",), [key.alias for key in world.keys])
    for name, parts in world.policies.items():
        for i, part in enumerate(parts):
            yield from _unknown(("policies", name, i), "statement", part, world.statements)
    for i, store in enumerate(world.stores):
        yield from _unknown(("stores", i, "account"), "account", store.account, accounts)
        clusters = [c.name for c in world.hsm.clusters if (c.account, c.region) == (store.account, store.region)]
        yield from _unknown(("stores", i, "cluster"), "cluster", store.cluster, ["", *clusters])
    for i, key in enumerate(world.keys):
        yield from _unknown(("keys", i, "account"), "account", key.account, accounts)
        yield from _unknown(("keys", i, "policy"), "policy", key.policy, world.policies)
        yield from _misplaced(world, i, key)
    aliases = {key.alias for key in world.keys}
    buckets = {(bucket.account, bucket.name) for bucket in world.data.buckets}
    for i, audio in enumerate(world.audio):
        if (audio.account, audio.bucket) not in buckets:
            yield ("audio", i, "bucket"), f"{audio.account} has no bucket {audio.bucket}"
    for i, database in enumerate(world.postgres):
        yield from _unwrapped(("postgres", i), database, aliases)
    yield from ((("leaks", *where), problem) for where, problem in of_leaks(world.leaks))
    for section in ("data", "audit", "people", "bedrock", "hsm", "audio", "denied"):
        yield from dangling((section,), getattr(world, section), accounts, aliases)


def _unwrapped(where: Path_, database: Database, aliases: Collection[str]) -> Iterator[tuple[Path_, str]]:
    yield from _unknown((*where, "kek"), "key", database.kek, aliases)
    names = [key.name for tenant in database.tenants for key in tenant.keys]
    for i, tenant in enumerate(database.tenants):
        yield from _unknown((*where, "tenants", i, "borrows"), "data key", tenant.borrows, ["", *names])
        for n, key in enumerate(tenant.keys):
            yield from _unknown((*where, "tenants", i, "keys", n, "kek"), "key", key.kek, ["", *aliases])
            if names.count(key.name) > 1:
                yield (*where, "tenants", i, "keys", n, "name"), f"{key.name} is given twice"


def _misplaced(world: World, number: int, key: Key) -> Iterator[tuple[Path_, str]]:
    stores = {store.name for store in world.stores if (store.account, store.region) == (key.account, key.region)}
    if key.store and key.store not in stores:
        yield ("keys", number, "store"), f"there is no store {key.store} in {key.account} {key.region}"
    primaries = {k.alias for k in world.keys if k.account == key.account and not k.replica_of and k.replicated_to}
    if key.replica_of and key.replica_of not in primaries:
        yield ("keys", number, "replica_of"), f"{key.account} has no primary {key.replica_of} with `replicated_to`"


def _unknown(where: Path_, what: str, name: str, known: Collection[str]) -> Iterator[tuple[Path_, str]]:
    if name not in known:
        yield where, f"there is no {what} {name}"


def load_world(path: Path = FOLDER / "world.yaml", now: datetime | None = None) -> World:
    """Read the world, as it stands at ``now`` if it goes on. Raises ConfigError with file and line.

    Raises UsageError for an instant before it began.
    """
    document = load(path)
    world = validate(document, World)
    for where, problem in problems(world):
        raise ConfigError(problem, place=document.place(where))
    if world.changes and not world.began:
        raise ConfigError("changes need `began`, the day that they count from", place=document.place(("changes",)))
    return _at(world, document, day_of(world.began, now)) if world.began and now else world


def _at(world: World, document: Document, day: int) -> World:
    plain = world.model_dump(exclude={"began", "changes"})
    try:
        later = World.model_validate({**moved(plain, world.changes, day), "began": world.began})
    except TimelineError as error:
        raise ConfigError(str(error), place=document.place(error.path)) from None
    except ValidationError as error:
        first = error.errors()[0]
        said = f"day {day}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise ConfigError(said, place=document.place(("changes",)), hint="see `set` of the changes so far") from None
    for _, problem in problems(later):
        raise ConfigError(f"day {day}: {problem}", place=document.place(("changes",)))
    return later


def demo_estate(world: World, places: Mapping[str, str]) -> str:
    """Return the text of the demo's estate file: of what the world has, with ``places`` put in by their marks."""
    has = {
        "postgres": bool(world.postgres),
        "tokens": bool(world.tokens),
        "audio": bool(world.audio),
        "azure": bool(world.azure.subscriptions),
        "gcp": bool(world.gcp.projects),
        "vendors": bool(world.vendors.keys),
        **{vendor: getattr(world.vendors, vendor) is not None for vendor in type(world.vendors).model_fields},
        "leaks": bool(world.leaks.messages),
        "registers": world.registers,
        "ehr": bool(world.ehr.servers),
        **{name: any(server.name == name for server in world.ehr.servers) for name in EHR_SERVERS},
        "canaries": any(key.alias == CANARY for key in world.keys),
        "reference": world.began is None,
    }
    lines: list[str] = []
    inside: list[str] = []
    for line in (FOLDER / "estate.yaml").read_text(encoding="utf-8").splitlines():
        mark = _MARK.fullmatch(line)
        if mark and mark[1]:
            inside.pop()
        elif mark:
            inside.append(mark[2])
        elif all(has[part] for part in inside):
            # Without canaries there are no self-tests, on purpose.
            lines.append("selftest: {}" if line == "selftest:" and not has["canaries"] else line)
    text = "\n".join(lines) + "\n"
    for stands, place in places.items():
        text = text.replace(stands, place or stands)
    return text
