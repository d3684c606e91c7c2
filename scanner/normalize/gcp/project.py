"""Answers about a whole project to rows: where its audit logs go, whether uses of keys are in them, how they are kept.

Administration of keys is always recorded (Admin Activity); uses of keys only where data access logs of type DATA_READ
are switched on for Cloud KMS (docs.cloud.google.com/kms/docs/audit-logging), by the project or by anything above it.
Members that any of these exempts are recorded nowhere, so a use is recorded only where nobody is exempt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scanner.model.audit import AuditScopeFact, AuditTrailFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.normalize.gcp.listings import both, by_name, listed, switched, word
from scanner.normalize.gcp.sinks import ACTIVITY, DATA_ACCESS, excludes, takes
from scanner.normalize.reading import Object, child, days, moment, text, texts
from scanner.normalize.records import Records

SINKS = "logging:projects.sinks.list"
BUCKETS = "logging:projects.locations.buckets.list"
POLICY = "cloudresourcemanager:projects.getIamPolicy"
PROJECT = "cloudresourcemanager:projects.get"
FOLDER = "cloudresourcemanager:folders.get"
FOLDER_POLICY = "cloudresourcemanager:folders.getIamPolicy"
ORGANIZATION_POLICY = "cloudresourcemanager:organizations.getIamPolicy"
_ALL, _KMS, _LOGGING = "allServices", "cloudkms.googleapis.com", "logging.googleapis.com"
_INTO_LOGGING, _INTO_STORAGE = "logging.googleapis.com/", "storage.googleapis.com/"
_DEEPEST = 12
NONE = "none"


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: the audit logs of one project."""
    unit = Records(records)
    if unit.first is None:
        return
    buckets = listed(unit, BUCKETS, None, "buckets")
    if unit.asked(BUCKETS):
        reads = _configuration(unit, _LOGGING)
        for name, (page, body) in sorted(by_name(buckets).items()):
            yield _bucket(unit, name, page, body, reads)
        row = unit.coverage(
            DataStoreFact, BUCKETS, unit.source, None, len(by_name(buckets)), complete=buckets.complete, among=True
        )
        yield row
    if unit.asked(SINKS):
        keys = {name: _key_ref(body) for name, (_, body) in by_name(buckets).items()}
        yield from _trails(unit, unit.first, _configuration(unit, _KMS), keys)


def _bucket(unit: Records, name: str, page: Observation, body: Object, reads: _Configuration) -> DataStoreFact:
    kept, key = days(body, "retentionDays"), _key_ref(body)
    locked = switched(body, "locked")
    return DataStoreFact(
        source=unit.source,
        evidence=both((page.id,), reads.evidence),
        store_id=name,
        provider="gcp",
        account=page.account,
        region=name.split("/")[3],
        kind="log_group",
        name=name.rpartition("/")[2],
        created_at=moment(body, "createTime"),
        copy_of=NONE,
        # Cloud Logging encrypts whatever it keeps, under a key of its own where it is given none.
        encrypted=True,
        provider_encryption=NONE,
        key_ref=key,
        key_id=key,
        key_managed_by="customer" if key not in (None, NONE) else None,
        customer_key_possible=True,
        # A locked bucket cannot be changed back, nor be deleted before what it keeps has expired.
        write_once=locked,
        write_once_mode=None if locked is None else "compliance" if locked else NONE,
        write_once_days=None if locked is None else kept if locked else 0,
        expires=None if kept is None else True,
        retention_days=kept,
        removes=None if kept is None else True,
        shortest_retention_days=kept,
        # Entries of data access are read by a permission of type DATA_READ.
        access_logged=reads.recorded,
    )


def _key_ref(body: Object) -> str | None:
    """Return the key of a log bucket, without the version that it uses now; ``none`` for Cloud Logging's own."""
    settings = child(body, "cmekSettings")
    if settings is None:
        return None if "cmekSettings" in body else NONE
    key = word(settings, "kmsKeyName", NONE)
    return key.partition("/cryptoKeyVersions/")[0] if key else None


_BUILT_IN = frozenset({"_Default", "_Required"})
"""Sinks that every project has by itself."""


@dataclass(frozen=True, slots=True)
class _Configuration:
    """What the audit configurations of a project and of everything above it say together of reads of a service."""

    recorded: bool | None
    exempted: bool | None
    evidence: tuple[Digest, ...]


def _configuration(unit: Records, service: str) -> _Configuration:
    above, whole = _above(unit)
    asked = [(POLICY, None), *((_policy_of(name), name) for name in above)]
    read = [_reads(unit, operation, subject, service) for operation, subject in asked]
    known = [one for one in read if one is not None]
    whole = whole and len(known) == len(read)
    exempt = any(names for _, names in known)
    told = [unit.ids(operation, subject) for operation, subject in asked]
    return _Configuration(
        recorded=False if exempt else any(on for on, _ in known) if whole else None,
        exempted=True if exempt else False if whole else None,
        evidence=both(*told, unit.ids(PROJECT), *(unit.ids(FOLDER, name) for name in above)),
    )


def _policy_of(name: str) -> str:
    return FOLDER_POLICY if name.startswith("folders/") else ORGANIZATION_POLICY


def _above(unit: Records) -> tuple[list[str], bool]:
    """Return the folders and the organization above a project, nearest first, and whether those are all."""
    found: list[str] = []
    above = _parent(unit, PROJECT, None)
    while above and len(found) < _DEEPEST:
        found.append(above)
        above = _parent(unit, FOLDER, above) if above.startswith("folders/") else ""
    return found, above == ""


def _parent(unit: Records, operation: str, subject: str | None) -> str | None:
    """Return the parent of a project or a folder; empty: it has none; None: not known."""
    body = unit.response(operation, subject)
    return word(body if isinstance(body, dict) else None, "parent", "")


def _reads(unit: Records, operation: str, subject: str | None, service: str) -> tuple[bool, bool] | None:
    """Return whether a policy has reads of a service logged, and whether it exempts anybody; None: not known."""
    body = unit.response(operation, subject)
    listed_ = body.get("auditConfigs", []) if isinstance(body, dict) and body else None
    if not isinstance(listed_, list) or not all(isinstance(one, dict) for one in listed_):
        return None
    logged, exempt = False, False
    for one in listed_:
        types = (
            one.get("auditLogConfigs", []) if isinstance(one, dict) and one.get("service") in {_ALL, service} else []
        )
        for each in types if isinstance(types, list) else [None]:
            names = texts({"exemptedMembers": [], **each}, "exemptedMembers") if isinstance(each, dict) else None
            if not isinstance(each, dict) or names is None:
                return None
            if each.get("logType") == "DATA_READ":
                logged, exempt = True, exempt or bool(names)
    return logged, exempt


def _trails(unit: Records, here: Record, uses: _Configuration, keys: dict[str, str | None]) -> Iterator[Fact]:
    listing = listed(unit, SINKS, None, "sinks")
    # Every project has sinks by itself: a listing without any is not the whole of it.
    whole = listing.complete and bool(listing.items)
    found = {
        name: (page, body)
        for name, (page, body) in by_name(listing).items()
        # A sink that takes neither is no audit log.
        if takes(body, ACTIVITY) is not False or takes(body, DATA_ACCESS) is not False
    }
    rows_ = [_trail(unit, here, name, *item, uses, keys) for name, item in sorted(found.items())]
    rows_ = [replace(row, superseded=_superseded(row, rows_)) for row in rows_]
    yield from rows_
    row = unit.coverage(
        AuditTrailFact,
        SINKS,
        unit.source,
        None,
        len(found),
        complete=whole and not _may_go_elsewhere(unit, rows_, uses),
    )
    yield replace(row, evidence=both(row.evidence, uses.evidence))
    # Whether events are recorded is derived from the trails (`reconcile`).
    yield AuditScopeFact(
        source=unit.source,
        evidence=unit.ids(SINKS),
        scope_id=unit.source,
        provider="gcp",
        account=here.account,
        region="",
        trails=len(found) if whole else None,
    )
    yield unit.coverage(AuditScopeFact, SINKS, unit.source, None, 1, complete=True)


def _superseded(row: AuditTrailFact, rows: Sequence[AuditTrailFact]) -> bool | None:
    """Tell whether a sink of the customer's own takes what a sink takes that is there by itself."""
    if row.name not in _BUILT_IN:
        return False
    others = [other for other in rows if other.name not in _BUILT_IN]
    takes_it = [_covers(other, row) for other in others]
    return True if True in takes_it else None if None in takes_it else False


def _covers(other: AuditTrailFact, row: AuditTrailFact) -> bool | None:
    """Tell whether another sink takes all key events that ``row`` takes."""
    needed = [other.logging]
    needed += [other.records_key_management] if row.records_key_management is not False else []
    needed += [other.records_key_use] if row.records_key_use is not False else []
    return False if False in needed else None if None in needed else True


def _may_go_elsewhere(unit: Records, trails: Sequence[AuditTrailFact], uses: _Configuration) -> bool:
    """Tell whether uses of keys may be recorded by a sink of a folder or the organization above, which is not read."""
    here = any(trail.logging and trail.records_key_use for trail in trails)
    return uses.recorded is not False and not here and _parent(unit, PROJECT, None) != ""


def _trail(
    unit: Records,
    here: Record,
    name: str,
    page: Observation,
    body: Object,
    uses: _Configuration,
    keys: dict[str, str | None],
) -> AuditTrailFact:
    out = excludes(body)
    bucket, files = (_into(body, kind) for kind in (_INTO_LOGGING, _INTO_STORAGE))
    disabled = switched(body, "disabled")
    trail = AuditTrailFact(
        source=unit.source,
        evidence=both((page.id,), uses.evidence, unit.ids(BUCKETS)),
        trail_id=f"projects/{here.account}/sinks/{name}",
        provider="gcp",
        account=here.account,
        region="",
        name=name,
        owner_account=here.account,
        home_region=bucket.split("/")[3] if bucket and bucket.count("/") == 5 else "global",
        multi_region=True,
        organization=False,
        logging=None if disabled is None else not disabled,
        records_key_management=_recorded(takes(body, ACTIVITY), out, on=True),
        records_key_use=_recorded(takes(body, DATA_ACCESS), out, on=uses.recorded),
        excludes_key_events=True if out or uses.exempted else None if None in (out, uses.exempted) else False,
        # Cloud Logging signs no digests of what it keeps.
        validated=False,
        bucket=files,
        log_group_id=bucket,
    )
    if files and files != NONE:
        return replace(trail, bucket_id=f"//storage.googleapis.com/projects/_/buckets/{files}")
    return replace(trail, bucket_id=bucket, key_ref=keys.get(bucket or ""))


def _into(body: Object, kind: str) -> str | None:
    """Return the place of a kind that a sink writes to, `none` when it writes elsewhere; None when nobody knows."""
    target = text(body, "destination")
    if not target:
        return None  # every sink has one
    return target.removeprefix(kind) if target.startswith(kind) else NONE


def _recorded(taken: bool | None, out: bool | None, *, on: bool | None) -> bool | None:
    """Return whether events are recorded: they come to be, the sink takes them, and leaves none out."""
    if taken is False or on is False or out:
        return False
    return None if None in (taken, on, out) else True
