"""The versions of one key of Cloud KMS: which one is current, and what the key's history tells.

A symmetric key has a primary version, which encrypts; of the others there is none, and the newest enabled one counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from scanner.model.tables import KeyVersionFact
from scanner.normalize.gcp.algorithms import STATES
from scanner.normalize.gcp.listings import both, by_name, listed, word
from scanner.normalize.reading import Object, child, choice, given, moment, text
from scanner.normalize.records import Records

VERSIONS = "cloudkms:projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.list"
JOBS = "cloudkms:projects.locations.keyRings.importJobs.list"
_ORDER = ("active", "suspended", "deactivated", "pre_activation", "destroyed")
"""Of several versions, the first of these states is the key's: one that can be used makes the key usable."""
_NEVER_MADE = frozenset({"PENDING_GENERATION", "PENDING_IMPORT", "GENERATION_FAILED", "IMPORT_FAILED"})
_PENDING = frozenset({"PENDING_GENERATION", "PENDING_IMPORT"})


@dataclass(frozen=True, slots=True)
class Material:
    """What the versions of a key tell of it. None: not known."""

    current: Object | None = None
    """The version that counts; empty: there is none."""
    state: str | None = None
    rotation_count: int | None = None
    since: datetime | None = None
    rotated_at: datetime | None = None
    versions: tuple[Object, ...] = ()
    """By age."""
    complete: bool = False


def material(unit: Records, key: str, body: Object) -> Material:
    """Return what the versions of ``key`` tell. ``body`` is the key as it was listed."""
    listing = listed(unit, VERSIONS, key, "cryptoKeyVersions")
    versions = tuple(sorted((item for _, item in by_name(listing).values()), key=_number))
    current = _current(body, versions, complete=listing.complete)
    since = _made_at(current) if current else None
    count = _count(current, versions) if listing.complete and current is not None else None
    return Material(
        current=current,
        state=_state(body, current, versions, complete=listing.complete),
        rotation_count=count,
        since=since,
        rotated_at=since if count else None,
        versions=versions,
        complete=listing.complete,
    )


def _number(version: Object) -> tuple[int, str]:
    name = str(version["name"])
    last = name.rpartition("/")[2]
    return int(last) if last.isdecimal() else 0, name


def _current(body: Object, versions: Sequence[Object], *, complete: bool) -> Object | None:
    if given(body, "primary"):
        primary = child(body, "primary")
        return primary if text(primary, "name") else None
    if not complete:
        return None
    usable = [one for one in versions if text(one, "state") == "ENABLED"]
    made = [one for one in versions if text(one, "state") not in _NEVER_MADE]
    return next(iter([*reversed(usable), *reversed(made), *reversed(versions)]), {})


def _state(body: Object, current: Object | None, versions: Sequence[Object], *, complete: bool) -> str | None:
    if given(body, "primary"):
        return choice(current, "state", STATES)
    known = [choice(one, "state", STATES) for one in versions]
    if "active" in known:
        return "active"
    if not complete or None in known:
        return None
    # A key without any version was made to get its material later.
    return next((state for state in _ORDER if state in known), "pre_activation")


def _made_at(version: Object | None) -> datetime | None:
    """Return when the material came to be: imported, generated, or at least created."""
    return moment(version, "importTime") or moment(version, "generateTime") or moment(version, "createTime")


def _count(current: Object, versions: Sequence[Object]) -> int | None:
    """Return how many versions with material came before the current one; that many times the key was rotated."""
    if not current:
        return 0
    number = _number(current)
    before = [one for one in versions if _number(one) < number]
    return sum(text(one, "state") not in _NEVER_MADE for one in before)


def rows(unit: Records, key: str, found: Material) -> list[KeyVersionFact]:
    """Return the row of each version."""
    jobs = unit.ids(JOBS, key.rpartition("/cryptoKeys/")[0])
    evidence = both(unit.ids(VERSIONS, key), jobs)
    now = text(found.current, "name")
    return [
        KeyVersionFact(
            source=unit.source,
            evidence=evidence,
            version_id=str(version["name"]),
            key_id=key,
            material_state=_material_state(version, now),
            import_state=_import_state(version),
            # What made a later one, a schedule or a person, is told by the audit log alone.
            rotation_type="none" if found.complete and version is found.versions[0] else None,
            created_at=_made_at(version),
            expires=False,
            hsm_platform="none",  # Cloud KMS has protection levels of keys, and tells no platform of a version
            attested=attested(version),
            destroy_at=moment(version, "destroyEventTime") or moment(version, "destroyTime"),
        )
        for version in found.versions
    ]


def _material_state(version: Object, current: str | None) -> str | None:
    state = text(version, "state")
    if state in _PENDING:
        return "pending"
    if state is None:
        return None
    return "current" if version["name"] == current else "non_current"


def _import_state(version: Object) -> str | None:
    if text(version, "state") == "PENDING_IMPORT":
        return "pending_import"
    job = word(version, "importJob", "")
    return None if job is None else "imported" if job else "none"


def attested(version: Object | None) -> bool | None:
    """Tell whether the module's statement on a version is there: HSM keys alone have one."""
    if version is None or not version:
        return None if version is None else False
    level = text(version, "protectionLevel")
    statement = child(version, "attestation")
    if statement is not None:
        return text(statement, "format") is not None
    return False if level in {"SOFTWARE", "HSM", "EXTERNAL", "EXTERNAL_VPC", "HSM_SINGLE_TENANT"} else None
