"""What the report says of modules, data stores and logs, in words. What is not known is said to be so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from scanner.model.report import Hierarchy, ModuleGroup, Report, Retention, Store
from scanner.render import words
from scanner.render.text import visible


@dataclass(frozen=True, slots=True)
class Said:
    """A few words, and whether a reader must not miss them."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a scan read what fills a fact table."""

    listed: bool
    """At least one listing was read, to its end or not."""
    text: str
    """The same as a sentence."""


def reading(report: Report, table: str, what: str) -> Reading:
    """Return how far a fact table was read: what was not read is never said to be absent."""
    found = [p for source in report.sources for p in source.populations if p.table == table]
    if not found:
        return Reading(False, f"This scan read no listing of {what}. That does not say that there are none.")
    cut = sum(not p.complete for p in found)
    if cut:
        return Reading(True, f"Not read to the end in {cut} of {_sources(len(found))}: there may be more {what}.")
    more = "; what had no answer is under Gaps" if report.gaps else ""
    return Reading(True, f"Every listing of {what} that was read, in {_sources(len(found))}, is complete{more}.")


def _sources(count: int) -> str:
    return f"{count} source" if count == 1 else f"{count} sources"


def standing(module: ModuleGroup, as_of: datetime) -> Iterator[Said]:
    """Yield what is to be said of a module's certificate: as it was read, and what time has done to it since."""
    if module.certificate == 0:
        working = module.status == "in_process"
        yield Said("no certificate, validation in process" if working else "no certificate", strong=True)
    elif module.status is None and module.certificate is None:
        yield Said("it is not known whether it has a certificate", strong=True)
        return
    else:
        yield Said(f"read as {module.status or 'of unknown status'}", strong=module.status != "active")
        if module.interim is not False:
            yield Said("interim validation" if module.interim else "whether interim is not known", strong=True)
        yield _sunset(module.sunset_at, as_of)
    yield _read(module.reading_at, module.sunset_at, as_of)


def _sunset(sunset: datetime | None, as_of: datetime) -> Said:
    if sunset is None:
        return Said("sunset not known", strong=True)
    if sunset < as_of:
        return Said(f"past its sunset of {sunset:%Y-%m-%d}", strong=True)
    return Said(f"sunset {sunset:%Y-%m-%d}")


def _read(moment: datetime | None, sunset: datetime | None, as_of: datetime) -> Said:
    if moment is None:
        return Said("day of the reading not known", strong=True)
    days = (as_of - moment).days
    if sunset is not None and moment < sunset < as_of:
        return Said(f"stale reading of {moment:%Y-%m-%d}, before the sunset: read it again", strong=True)
    if days < 0:
        return Said(f"read on {moment:%Y-%m-%d}, after the as-of instant", strong=True)
    return Said(f"read on {moment:%Y-%m-%d}, {days} {'day' if days == 1 else 'days'} before the as-of instant")


def mode(module: ModuleGroup) -> Said:
    """Return whether a module runs in its FIPS mode."""
    if module.approved_mode is None:
        return Said("FIPS mode not known")
    return Said("in its FIPS mode") if module.approved_mode else Said("not in its FIPS mode", strong=True)


def encryption(store: Store) -> Said:
    """Return what encrypts a store."""
    if store.encrypted is False:
        return Said("not encrypted", strong=True)
    if store.key_id is None:
        return Said("encrypted, the key is not known" if store.encrypted else "encryption not known", strong=True)
    if store.key_id == "none":
        known = "a key that only the provider knows"
        return Said(known if store.encrypted else f"encryption not known, or {known}", strong=not store.encrypted)
    whose = {"customer": "customer-managed", "provider": "the provider's own"}.get(store.key_managed_by or "")
    state = (store.key_state or "state not known").replace("_", " ")
    said = f"{whose or 'manager not known'}, {state}"
    if store.encrypted is None:
        return Said(f"encryption not known; its key: {said}", strong=True)
    return Said(said, strong=whose is None or state != "active")


def ephi(value: bool | None) -> str:
    """Return whether a store holds ePHI."""
    return "not known" if value is None else "yes" if value else "no"


def retention(kept: Retention | None) -> str:
    """Return how long a store keeps what it holds. None: the store was not read."""
    if kept is None:
        return "not read"
    how = _kept(kept)
    if kept.write_once:
        days = "" if kept.write_once_days is None else f" for {kept.write_once_days} days"
        return f"{how}; write-once{days} ({kept.write_once_mode or 'mode not known'})"
    return f"{how}; {'write-once not known' if kept.write_once is None else 'not write-once'}"


def _kept(kept: Retention) -> str:
    if kept.removes is None:
        return "retention not known"
    if not kept.removes:
        return "kept without limit"
    first = "a time that is not known" if kept.shortest_days is None else f"{kept.shortest_days} days"
    if kept.expires is False:
        return f"some of it removed after {first}, the rest kept without limit"
    if kept.expires is None:
        return f"removed after {first} or later"
    if kept.longest_days == kept.shortest_days:
        return f"removed after {first}"
    last = "a time that is not known" if kept.longest_days is None else f"{kept.longest_days} days"
    return f"the first removed after {first}, the last after {last}"


def answer(value: bool | None, yes: str, no: str) -> Said:
    """Return one of two words, or that it is not known."""
    if value is None:
        return Said(f"{yes}: not known", strong=True)
    return Said(yes) if value else Said(no, strong=True)


def edges(hierarchy: Hierarchy) -> str:
    """Return what the edges of the hierarchy rest on, counted."""
    count = dict(hierarchy.edges)
    return _joined(f"{count[one]} {word}" for one, word in words.STRENGTHS.items() if one in count)


def loose(hierarchy: Hierarchy) -> Iterator[str]:
    """Yield sentences on the data stores that hang on no known key."""
    why = {
        "unencrypted": "not encrypted",
        "unknown": "of which it is not known what encrypts them",
        "provider": "under a key that only the provider knows",
    }
    for one in hierarchy.loose:
        ephi = _joined(
            [f"{one.ephi} with ePHI"] * bool(one.ephi) + [f"{one.ephi_unknown} may hold ePHI"] * bool(one.ephi_unknown)
        )
        yield f"{one.count} {words.several('store', one.count).lower()} {why[one.why]}{f' ({ephi})' if ephi else ''}"


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def module_name(module: ModuleGroup) -> str:
    """Return what a group of modules is."""
    kind = (module.kind or "kind not known").replace("_", " ")
    said = [module.product or "product not known", kind, module.embodiment or "embodiment not known"]
    return visible(", ".join(said), 300)
