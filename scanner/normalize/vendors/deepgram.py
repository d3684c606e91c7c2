"""Answers of Deepgram to rows: projects and their part in model improvement, keys, and the request log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scanner.model.access import CredentialFact
from scanner.model.ai import AiServiceFact
from scanner.model.facts import Fact
from scanner.model.observation import Record
from scanner.model.vendors import VendorResourceFact, VendorScopeFact
from scanner.normalize.reading import Object, child, flag, moment, text, texts
from scanner.normalize.records import Records
from scanner.normalize.vendors.shared import (
    Kept,
    Place,
    any_of,
    covered,
    credential,
    each_covered,
    ends,
    resource,
    scope,
    service,
)

VENDOR = "deepgram"
PROJECTS = "deepgram:ListProjects"
PROJECT = "deepgram:GetProject"
KEYS = "deepgram:ListKeys"
MEMBERS = "deepgram:ListMembers"
# The log tells that something was asked, and how that went.
REQUESTS = Kept("request_log", "deepgram:ListRequests", "requests", "created", counted=False, holds_content=False)
_OUT, _IN = "mip_opt_out", "model_improvement"
_ADMINISTER = frozenset({"admin", "owner"})


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of the projects that one key of Deepgram sees."""
    unit = Records(records)
    if unit.first is None:
        return
    place = Place(unit, VENDOR)
    listing = unit.listing(PROJECTS, None, "projects", identity="project_id")
    projects = [_project(place, item) for _, item in listing.items]
    names = [one.scope_id for one in projects]
    kept = [one.model_improvement for one in projects]
    proof = (p for one in projects for p in one.evidence)
    known = listing.complete and None not in kept
    yield replace(
        service(place, "Deepgram", (*unit.ids(PROJECTS), *proof)),
        retention_mode=None if not known or not kept else _IN if True in kept else _OUT,
        # What takes part in model improvement is kept for it, and what does not is not kept
        # (developers.deepgram.com/trust-security/your-data).
        retained_by_provider=any_of(kept if listing.complete else [*kept, None]),
        retention_exceptions=tuple(
            sorted(f"{one.partition(':')[2]}={_IN}" for one, own in zip(names, kept, strict=True) if own)
        )
        if known
        else None,
    )
    yield from covered(place, AiServiceFact, PROJECTS, 1, complete=True)
    yield from projects
    yield from covered(place, VendorScopeFact, PROJECTS, len(projects), complete=listing.complete)
    yield from _credentials(place, names, complete=listing.complete)
    yield from _requests(place, projects, complete=listing.complete)


def _project(place: Place, item: Object) -> VendorScopeFact:
    unit, name = place.unit, place.id(str(item["project_id"]))
    found = child({"": unit.response(PROJECT, name)}, "")
    out = flag(found, "mip_opt_out")
    evidence = (*unit.ids(PROJECTS), *unit.ids(PROJECT, name), *unit.ids(MEMBERS, name))
    return replace(
        scope(place, name, "project", evidence),
        name=text(item, "name"),
        active=True,
        retention_mode=None if out is None else _OUT if out else _IN,
        zero_retention=out,
        model_improvement=None if out is None else not out,
        administrators=_administrators(unit, name),
    )


def _administrators(unit: Records, name: str) -> int | None:
    listing = unit.listing(MEMBERS, name, "members", identity="member_id")
    scopes = [texts(item, "scopes") for _, item in listing.items]
    if not listing.complete or None in scopes:
        return None
    return sum(bool(_ADMINISTER & set(one)) for one in scopes if one is not None)


def _credentials(place: Place, projects: Sequence[str], *, complete: bool) -> Iterator[Fact]:
    unit, count = place.unit, 0
    for project in projects:
        listing = unit.listing(KEYS, project, "api_keys")
        known = [(page, child(item, "api_key"), child(item, "member")) for page, item in listing.items]
        for page, key, member in known:
            name = text(key, "api_key_id")
            if key is None or name is None:
                complete = False
                continue
            count += 1
            scopes = texts(key, "scopes")
            end = ends(key, "expiration_date", counted=False)
            yield replace(
                credential(place, name, (page.id,)),
                principal=text(member, "member_id"),
                kind=None if scopes is None else "admin_api_key" if _ADMINISTER & set(scopes) else "api_key",
                name=text(key, "comment"),
                active=True,
                created_at=moment(key, "created"),
                expires=end.expires,
                expires_at=end.at,
                service=project,
            )
    yield from each_covered(place, CredentialFact, KEYS, count, projects, complete=complete)


def _requests(place: Place, projects: Sequence[VendorScopeFact], *, complete: bool) -> Iterator[Fact]:
    unit = place.unit
    for project in projects:
        if not unit.asked(REQUESTS.operation, project.scope_id):
            continue
        listing = unit.listing(REQUESTS.operation, project.scope_id, REQUESTS.items)
        yield resource(
            place,
            REQUESTS,
            project.scope_id,
            [item for _, item in listing.items],
            whole=listing.complete,
            zero_retention=project.zero_retention,
            evidence=unit.ids(REQUESTS.operation, project.scope_id),
        )
    names = [one.scope_id for one in projects]
    yield from each_covered(place, VendorResourceFact, REQUESTS.operation, len(names), names, complete=complete)
