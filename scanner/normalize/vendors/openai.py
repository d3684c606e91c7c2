"""Answers of OpenAI to rows: the organization, its projects, keys of both sides, and what a project keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scanner.model.access import CredentialFact
from scanner.model.ai import AiServiceFact
from scanner.model.facts import Fact
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.vendors import ExternalKeyFact, VendorEventFact, VendorResourceFact, VendorScopeFact
from scanner.normalize.reading import Object, child, choice, flag, given, text, texts
from scanner.normalize.records import Records
from scanner.normalize.vendors.shared import (
    NONE,
    CloudKey,
    Kept,
    Place,
    any_of,
    covered,
    credential,
    each_covered,
    ends,
    external_key,
    in_vault,
    opposite,
    resource,
    scope,
    service,
    store,
    unix,
)

VENDOR = "openai"
RETENTION = "openai:RetrieveDataRetention"
EXTERNAL_KEYS = "openai:ListExternalKeys"
PROJECTS = "openai:ListProjects"
PROJECT_RETENTION = "openai:RetrieveProjectDataRetention"
ADMIN_KEYS = "openai:ListAdminApiKeys"
PROJECT_KEYS = "openai:ListProjectApiKeys"
CERTIFICATES = "openai:ListCertificates"
AUDIT_LOGS = "openai:ListAuditLogs"
PROJECT = "AnsweredFor"

_INHERITS = "organization_default"
_ZERO: Mapping[str, bool] = {
    "zero_data_retention": True,
    "enhanced_zero_data_retention": True,
    # Nothing goes to the logs of abuse monitoring, and what features store stays: that is not nothing.
    "modified_abuse_monitoring": False,
    "enhanced_modified_abuse_monitoring": False,
    "none": False,
}
"""Mode to whether nothing is kept under it (platform.openai.com/docs/guides/your-data)."""
_RESOURCES = (
    Kept("file", "openai:ListFiles", "data", "created_at", expiry="expires_at"),
    Kept("vector_store", "openai:ListVectorStores", "data", "created_at", expiry="expires_at"),
    Kept("batch", "openai:ListBatches", "data", "created_at"),
    Kept("fine_tuning_job", "openai:ListFineTuningJobs", "data", "created_at"),
    Kept("stored_completion", "openai:ListStoredCompletions", "data", "created"),
)


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one organization at OpenAI."""
    unit = Records(records)
    if unit.first is None:
        return
    place = Place(unit, VENDOR)
    keys = _external_keys(place)
    projects = _projects(place, keys)
    yield from _organization(place, projects)
    for project in projects.rows:
        yield project
        yield store(place, project, keys.of(project, projects.items[project.scope_id]), tags=())
    yield from covered(place, VendorScopeFact, PROJECTS, len(projects.rows), complete=projects.complete)
    yield from covered(place, DataStoreFact, PROJECTS, len(projects.rows), complete=projects.complete)
    yield from keys.rows
    yield from covered(place, ExternalKeyFact, EXTERNAL_KEYS, len(keys.rows), complete=keys.complete)
    yield from _credentials(place, projects)
    yield from _events(place)
    yield from _resources(place, projects)


@dataclass(frozen=True, slots=True)
class _ExternalKeys:
    rows: tuple[ExternalKeyFact, ...]
    by_id: Mapping[str, CloudKey]
    by_project: Mapping[str, CloudKey]
    complete: bool

    def of(self, project: VendorScopeFact, item: Object) -> CloudKey | None:
        """Return the key that encrypts what is stored of a project; None: it has none, or which one is not known."""
        if not project.customer_key:
            return None
        return self.by_id.get(text(item, "external_key_id") or "") or self.by_project.get(str(item["id"]))


def _external_keys(place: Place) -> _ExternalKeys:
    listing = place.unit.listing(EXTERNAL_KEYS, None, "data", identity="id")
    rows, by_id, by_project = [], {}, {}
    for page, item in listing.items:
        key = _cloud_key(item)
        used = texts(item, "api_project_ids")
        rows.append(
            replace(
                external_key(place, str(item["id"]), key, (page.id,)),
                name=text(item, "name"),
                purpose=text(item, "purpose"),
                attached=bool(used) if used is not None else None,
                residency=text(item, "region"),
                created_at=unix(item, "created_at"),
            )
        )
        by_id[str(item["id"])] = key
        by_project.update(dict.fromkeys(used or (), key) if text(item, "purpose") != "psp_decryption" else {})
    return _ExternalKeys(tuple(rows), by_id, by_project, listing.complete)


def _cloud_key(item: Object) -> CloudKey:
    kind = text(item, "type")
    if kind == "aws":
        return CloudKey("aws", text(item, "kms_arn"))
    if kind == "azure":
        return in_vault(item)
    if kind == "gcp":
        parts = [text(item, f"kms_{part}") for part in ("project_id", "key_location", "key_ring_name", "key_name")]
        whole = "projects/{}/locations/{}/keyRings/{}/cryptoKeys/{}".format(*parts)
        return CloudKey("gcp", whole if all(parts) else None)
    return CloudKey(kind, text(item, "key_ocid"))


@dataclass(frozen=True, slots=True)
class _Projects:
    rows: tuple[VendorScopeFact, ...]
    items: Mapping[str, Object]
    own_modes: Mapping[str, str | None]
    """Setting of each project that is used, as it has it."""
    complete: bool

    @property
    def used(self) -> tuple[VendorScopeFact, ...]:
        """Projects that are not archived."""
        return tuple(row for row in self.rows if row.active is not False)

    def zero_retention(self, scope_id: str) -> bool | None:
        """Return whether a project is set to zero retention."""
        return next((row.zero_retention for row in self.rows if row.scope_id == scope_id), None)


def _projects(place: Place, keys: _ExternalKeys) -> _Projects:
    unit = place.unit
    listing = unit.listing(PROJECTS, None, "data", identity="id")
    rows: list[VendorScopeFact] = []
    own_modes, items = {}, {}
    organization = _mode(unit, RETENTION, None)
    for page, item in listing.items:
        name = place.id(str(item["id"]))
        own = _mode(unit, PROJECT_RETENTION, name)
        mode = organization if own == _INHERITS else own
        found = scope(place, name, "project", (page.id, *unit.ids(PROJECT_RETENTION, name), *unit.ids(EXTERNAL_KEYS)))
        customer = _has_key(item, keys)
        rows.append(
            replace(
                found,
                name=text(item, "name"),
                active=choice(item, "status", {"active": True, "archived": False}),
                created_at=unix(item, "created_at"),
                retention_mode=mode,
                zero_retention=_ZERO.get(mode or ""),
                residency=text(item, "residency"),
                customer_key_possible=True,
                customer_key=customer,
            )
        )
        items[name], own_modes[name] = item, own
        key = keys.of(rows[-1], item)
        rows[-1] = replace(rows[-1], key_ref=NONE if customer is False else key.ref if key else None)
    return _Projects(tuple(rows), items, own_modes, listing.complete)


def _has_key(item: Object, keys: _ExternalKeys) -> bool | None:
    if text(item, "external_key_id") or str(item["id"]) in keys.by_project:
        return True
    return False if keys.complete and not given(item, "external_key_id") else None


def _mode(unit: Records, operation: str, subject: str | None) -> str | None:
    return text(child({"": unit.response(operation, subject)}, ""), "type")


def _organization(place: Place, projects: _Projects) -> Iterator[Fact]:
    unit = place.unit
    mode = _mode(unit, RETENTION, None)
    zero = _ZERO.get(mode or "")
    proof = {*unit.ids(RETENTION), *(p for row in projects.rows for p in row.evidence)}
    kept = [opposite(zero), *(opposite(row.zero_retention) for row in projects.used)]
    own = {row.scope_id: projects.own_modes[row.scope_id] for row in projects.used}
    known = projects.complete and mode is not None and None not in own.values()
    names = {name: name.partition(":")[2] for name in own}
    exceptions = sorted(f"{names[name]}={one}" for name, one in own.items() if one not in {_INHERITS, mode})
    yield replace(
        service(place, "OpenAI", proof),
        retention_mode=mode,
        retained_by_provider=any_of(kept if projects.complete else [*kept, None]),
        retention_exceptions=tuple(exceptions) if known else None,
    )
    yield from covered(place, AiServiceFact, RETENTION, 1, complete=True)
    evidence = (*unit.ids(RETENTION), *unit.ids(CERTIFICATES), *unit.ids(AUDIT_LOGS))
    yield _certified(
        place,
        replace(
            scope(place, str(unit.source), "organization", evidence),
            name="OpenAI",
            active=True,
            retention_mode=mode,
            zero_retention=zero,
            # An empty log says nothing: it is the same when nobody turned it on.
            audit_log=True if unit.listing(AUDIT_LOGS, None, "data").items else None,
        ),
    )
    yield from covered(place, VendorScopeFact, RETENTION, 1, complete=True)


def _certified(place: Place, row: VendorScopeFact) -> VendorScopeFact:
    listing = place.unit.listing(CERTIFICATES, None, "data", identity="id")
    states = [flag(item, "active") for _, item in listing.items]
    if not listing.complete or None in states:
        return row
    active = [item for (_, item), state in zip(listing.items, states, strict=True) if state]
    last_days = [unix(child(item, "certificate_details"), "expires_at") for item in active]
    known = [one for one in last_days if one is not None]
    return replace(
        row,
        certificates=len(active),
        certificates_expire_at=min(known) if known and len(known) == len(active) else None,
    )


def _credentials(place: Place, projects: _Projects) -> Iterator[Fact]:
    unit = place.unit
    admin = unit.listing(ADMIN_KEYS, None, "data", identity="id")
    for page, item in admin.items:
        row = credential(place, str(item["id"]), (page.id,))
        yield _key(row, item, "admin_api_key", text(child(item, "owner"), "id"), active=True, service="any")
    yield from covered(place, CredentialFact, ADMIN_KEYS, len(admin.items), complete=admin.complete)
    count = 0
    for project in projects.used:
        listing = unit.listing(PROJECT_KEYS, project.scope_id, "data", identity="id")
        count += len(listing.items)
        for page, item in listing.items:
            owner = child(item, "owner")
            who = text(child(owner, "service_account"), "id") or text(child(owner, "user"), "id")
            active = choice(item, "owner_project_access", {"active": True, "inactive": False})
            row = credential(place, str(item["id"]), (page.id,))
            yield _key(row, item, "api_key", who, active=active, service=project.scope_id)
    scopes = [project.scope_id for project in projects.used]
    yield from each_covered(place, CredentialFact, PROJECT_KEYS, count, scopes, complete=projects.complete)


def _key(
    row: CredentialFact, item: Object, kind: str, who: str | None, *, active: bool | None, service: str
) -> CredentialFact:
    end = ends(item, "expires_at", counted=True)
    last = unix(item, "last_used_at")
    never = "last_used_at" in item and not given(item, "last_used_at")
    return replace(
        row,
        principal=who,
        kind=kind,
        name=text(item, "name"),
        hint=text(item, "redacted_value"),
        active=active,
        created_at=unix(item, "created_at"),
        used=False if never else True if last is not None else None,
        last_used_at=last,
        expires=end.expires,
        expires_at=end.at,
        service=service,
    )


def _events(place: Place) -> Iterator[Fact]:
    listing = place.unit.listing(AUDIT_LOGS, None, "data", identity="id")
    for page, item in listing.items:
        kind = text(item, "type")
        actor = child(item, "actor")
        key, session = child(actor, "api_key"), child(actor, "session")
        yield VendorEventFact(
            source=place.unit.source,
            evidence=(page.id,),
            event_id=place.id(str(item["id"])),
            provider=VENDOR,
            account=place.account,
            name=kind,
            subject_ref=text(child(item, kind or ""), "id") or NONE,
            occurred_at=unix(item, "effective_at"),
            principal=text(key, "id") or text(child(session, "user"), "id") or NONE,
        )
    yield from covered(place, VendorEventFact, AUDIT_LOGS, len(listing.items), complete=listing.complete)


def _resources(place: Place, projects: _Projects) -> Iterator[Fact]:
    unit = place.unit
    for kept in _RESOURCES:
        if not unit.asked(kept.operation):
            continue
        listing = unit.listing(kept.operation, None, kept.items)
        pages = unit.answers(kept.operation)
        named = {text(child({"": page.response}, ""), PROJECT) for page in pages}
        project = named.pop() if len(named) == 1 else None
        where = place.id(project) if project else str(unit.source)
        yield resource(
            place,
            kept,
            where,
            [item for _, item in listing.items],
            # Without its name nobody knows whose they are: that there are none says nothing then.
            whole=listing.complete and project is not None,
            zero_retention=projects.zero_retention(where),
            evidence=unit.ids(kept.operation),
        )
        complete = listing.complete and project is not None
        yield from covered(place, VendorResourceFact, kept.operation, 1, complete=complete)
