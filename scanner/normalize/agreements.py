"""Registers to rows: contracts, the services they cover, documents. Pure.

A contract speaks of systems that other sources read. So that a control may say of one of those that *no* contract
covers it, the register counts as listed for every scope that has such systems: ``STATEMENTS``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scanner.model.agreements import DOCUMENTS as KINDS
from scanner.model.agreements import SERVICES, TERMINATION, AgreementFact, AgreementServiceFact, DocumentFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest, Json
from scanner.model.observation import Observation, Record
from scanner.normalize.reading import Object, child, flag, given, moment, text, text_or, texts
from scanner.normalize.records import Records

READ = "agreements:Read"
DOCUMENTS = "documents:Read"
HASH = "documents:Hash"
NEVER, NONE = "never", "none"
_SATURDAY = 5


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield a row for each contract, each service that it covers and each document, and that these are all."""
    unit = Records(records)
    yield from _agreements(unit)
    yield from _documents(unit)


def _agreements(unit: Records) -> Iterator[Fact]:
    if not unit.asked(READ):
        return
    listing = unit.listing(READ, None, "entries", identity="id")
    entries = _once(listing.items)
    services, understood = 0, True
    for page, entry in entries:
        understood = understood and _is_understood(entry)
        file = _file(unit, READ, entry)
        yield _agreement(unit, page, entry, file)
        for service in _objects(entry, "services"):
            services += 1
            yield _service(unit, page, entry, service, file)
    complete = listing.complete
    yield unit.coverage(AgreementFact, READ, unit.source, None, len(entries), complete=complete)
    yield unit.coverage(AgreementServiceFact, READ, unit.source, None, services, complete=complete and understood)


def _is_understood(entry: Object) -> bool:
    """Tell whether it is known which services of which vendor a contract covers: else it may cover any."""
    services = entry.get("services")
    known = [one for one in _objects(entry, "services") if text(one, "kind") in SERVICES and text(one, "name")]
    return isinstance(services, list) and len(known) == len(services) > 0 and bool(text(entry, "vendor"))


@dataclass(frozen=True, slots=True)
class _File:
    """What is known of the file of an entry."""

    path: str
    found: bool | None
    matches: bool | None
    evidence: tuple[Digest, ...]


def _file(unit: Records, register: str, entry: Object) -> _File:
    document = child(entry, "document")
    path = text(document, "path") or ""
    subject = f"{register} {path}"
    answer = unit.response(HASH, subject)
    body = answer if isinstance(answer, dict) else None
    found = flag(body, "found")
    stated, real = text(document, "sha256"), text(body, "sha256")
    matches = False if found is False else real == stated if found and real and stated else None
    return _File(path, found, matches, unit.ids(HASH, subject))


def _agreement(unit: Records, page: Observation, entry: Object, file: _File) -> AgreementFact:
    kept = child(entry, "retention_days") or {}
    others = _objects(entry, "subcontractors")
    clauses = child(entry, "clauses")
    return AgreementFact(
        source=unit.source,
        evidence=tuple(sorted({page.id, *file.evidence})),
        agreement_id=text(entry, "id") or "",
        vendor=text(entry, "vendor") or "",
        services=tuple(sorted(f"{one.get('kind')}: {one.get('name')}" for one in _objects(entry, "services"))),
        effective_at=_day(entry, "effective"),
        expires=_expires(entry),
        expires_at=_end(entry),
        reviewed_at=_day(entry, "reviewed") or _day(entry, "effective"),
        review_days=_number(entry, "review_days"),
        document=file.path,
        document_found=file.found,
        document_matches=file.matches,
        signed_by=texts(entry, "signed_by"),
        clauses=tuple(sorted(clauses)) if clauses is not None else None,
        clause_pages=_pairs(clauses),
        retention=tuple(sorted(f"{name}={days}" for name, days in kept.items() if days is not None)),
        zero_retention=flag(entry, "zero_retention"),
        no_training=flag(entry, "no_training"),
        breach_notice_days=_number(entry, "breach_notice_days"),
        subcontractors=tuple(sorted(str(one.get("name")) for one in others)),
        unbound=tuple(sorted(str(one.get("name")) for one in others if one.get("contract") is not True)),
        owner=text(entry, "owner"),
    )


def _service(unit: Records, page: Observation, entry: Object, service: Object, file: _File) -> AgreementServiceFact:
    kept = child(entry, "retention_days") or {}
    kind, name = text(service, "kind") or "", text(service, "name") or ""
    custody = child(service, "custody")
    control, decrypts = text(custody, "key_control"), flag(custody, "vendor_can_decrypt")
    told = None if given(service, "custody") and None in {control, decrypts} else given(service, "custody")
    return AgreementServiceFact(
        source=unit.source,
        evidence=tuple(sorted({page.id, *file.evidence})),
        agreement_service_id=f"{text(entry, 'id')} {kind} {name}",
        agreement_id=text(entry, "id") or "",
        vendor=text(entry, "vendor") or "",
        kind=kind,
        service=name,
        effective_at=_day(entry, "effective"),
        expires=_expires(entry),
        expires_at=_end(entry),
        document_matches=file.matches,
        zero_retention=flag(entry, "zero_retention"),
        no_training=flag(entry, "no_training"),
        custody_told=told,
        key_control=control,
        vendor_can_decrypt=decrypts,
        promises_prompts=_promises(entry, "prompts"),
        prompts_days=_number(kept, "prompts"),
        promises_audio=_promises(entry, "audio"),
        audio_days=_number(kept, "audio"),
        promises_transcripts=_promises(entry, "transcripts"),
        transcripts_days=_number(kept, "transcripts"),
    )


def _documents(unit: Records) -> Iterator[Fact]:
    if not unit.asked(DOCUMENTS):
        return
    listing = unit.listing(DOCUMENTS, None, "entries", identity="id")
    found = _once(listing.items)
    # Of one whose kind is not understood nobody knows which control asks for it.
    entries = [(page, entry) for page, entry in found if text(entry, "kind") in {*KINDS, TERMINATION, "other"}]
    complete = listing.complete and len(entries) == len(found)
    newest: dict[str, str] = {}
    for _, entry in entries:
        kind, begun = text(entry, "kind") or "", text(entry, "effective") or ""
        newest[kind] = max(newest.get(kind, ""), begun)
    for page, entry in entries:
        yield _document(unit, page, entry, newest)
    none = [kind for kind in KINDS if kind not in newest] if complete else []
    for kind in none:
        yield DocumentFact(
            source=unit.source,
            evidence=unit.ids(DOCUMENTS),
            document_id=f"none:{kind}",
            kind=kind,
            registered=False,
            latest=True,
            owner="none",
            path="none",
            found=False,
            matches=False,
            sections=(),
            section_pages=(),
            approved_by=(),
            contract=NONE,
            used=False,
        )
    rows = len(entries) + len(none)
    yield unit.coverage(DocumentFact, DOCUMENTS, unit.source, None, rows, complete=complete)


def _document(unit: Records, page: Observation, entry: Object, newest: dict[str, str]) -> DocumentFact:
    file = _file(unit, DOCUMENTS, entry)
    kind = text(entry, "kind") or ""
    sections = child(entry, "sections")
    used_at, begun = _day(entry, "used"), _day(entry, "effective")
    return DocumentFact(
        source=unit.source,
        evidence=tuple(sorted({page.id, *file.evidence})),
        document_id=text(entry, "id") or "",
        kind=kind,
        registered=True,
        latest=text(entry, "effective") == newest[kind],
        title=text(entry, "title"),
        owner=text(entry, "owner"),
        effective_at=_day(entry, "effective"),
        expires=_expires(entry),
        expires_at=_day(entry, "expires"),
        reviewed_at=_day(entry, "reviewed") or _day(entry, "effective"),
        review_days=_number(entry, "review_days"),
        path=file.path,
        found=file.found,
        matches=file.matches,
        sections=tuple(sorted(sections)) if sections is not None else None,
        section_pages=_pairs(sections),
        approved_by=texts(entry, "approved_by"),
        contract=text_or(entry, "contract", NONE),
        used=True if used_at is not None else False if text_or(entry, "used", NONE) == NONE else None,
        used_at=used_at,
        review_working_days=_working_days(used_at, begun) if used_at is not None and begun is not None else None,
    )


def _working_days(used: datetime, reviewed: datetime) -> int:
    """Return how many Mondays to Fridays come after the first day, up to the second."""
    weeks, rest = divmod(max((reviewed - used).days, 0), 7)
    return 5 * weeks + sum((used.weekday() + ahead) % 7 < _SATURDAY for ahead in range(1, rest + 1))


def _once(items: Sequence[tuple[Observation, Object]]) -> list[tuple[Observation, Object]]:
    return list({text(entry, "id"): (page, entry) for page, entry in items}.values())


def _objects(entry: Object, name: str) -> list[Object]:
    value = entry.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _pairs(value: Object | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(sorted(f"{name}={place}" for name, place in value.items()))


def _day(entry: Object, name: str) -> datetime | None:
    return moment({name: f"{entry.get(name)}T00:00:00Z"}, name)


def _expires(entry: Object) -> bool | None:
    end = text(entry, "expires")
    return True if given(entry, "ended") else None if end is None else end != NEVER


def _end(entry: Object) -> datetime | None:
    """Return the last day in force: one that was ended ends then."""
    return _day(entry, "ended" if given(entry, "ended") else "expires")


def _promises(entry: Object, name: str) -> bool | None:
    """Return whether a contract says how long a class of data is kept; None: what it says is not understood."""
    if not given(entry, "retention_days"):
        return False
    kept = child(entry, "retention_days")
    return None if kept is None or (given(kept, name) and _number(kept, name) is None) else given(kept, name)


def _number(entry: Object, name: str) -> int | None:
    value: Json = entry.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


LISTED_FOR_ALL = """
INSERT INTO coverage BY NAME
SELECT scopes.source, listed.evidence, 'agreement_services ' || scopes.source AS coverage_id,
    'agreement_services' AS listed_table, scopes.source AS parent_id, listed.complete,
    0::BIGINT AS row_count
FROM coverage listed CROSS JOIN (
    SELECT source FROM vendor_scopes UNION SELECT source FROM vendor_resources
    UNION SELECT source FROM ai_services UNION SELECT source FROM data_stores
) scopes
WHERE listed.listed_table = 'agreement_services' AND listed.source <> scopes.source
"""
"""Every contract stands in the one register, whatever scope its vendor is found in."""

STATEMENTS: tuple[str, ...] = (LISTED_FOR_ALL,)
"""They read vendor_scopes, vendor_resources, ai_services, data_stores, coverage; they complete coverage."""
