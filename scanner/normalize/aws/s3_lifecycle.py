"""S3 lifecycle rules: when what a bucket holds is removed, all of it or a part.

Source: Amazon S3 User Guide, "Lifecycle configuration elements". In a bucket with versions, an expiration makes the
current version a former one and removes nothing; what removes is the expiration of former versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scanner.model.ids import Json
from scanner.normalize.reading import Object, child, days, given, text


@dataclass(frozen=True, slots=True)
class Retention:
    """When what is stored is removed. Fields are the columns of ``data_stores``."""

    expires: bool | None = None
    retention_days: int | None = None
    removes: bool | None = None
    shortest_retention_days: int | None = None


UNLIMITED = Retention(expires=False, removes=False)


@dataclass(frozen=True, slots=True)
class _Removal:
    """One thing that an enabled rule removes: current or former versions, of everything or of a part."""

    former: bool
    everything: bool
    days: int | None
    """After how many; None: on a date, or it is not known."""


def retention(rules: Json, versioning: str | None) -> Retention:
    """Return what the rules of a bucket come to. ``versioning``: ``Enabled``, ``Suspended``, empty, None: not known."""
    if not isinstance(rules, list):
        return Retention()
    removals: list[_Removal] = []
    for rule in rules:
        status = text(rule, "Status") if isinstance(rule, dict) else None
        if not isinstance(rule, dict) or status not in ("Enabled", "Disabled"):
            return Retention()
        found = _removals(rule) if status == "Enabled" else []
        if found is None:
            return Retention()
        removals += found
    return _summary(removals, versioning)


def _removals(rule: Object) -> list[_Removal] | None:
    """Return what an enabled rule removes, or None when it is not understood."""
    everything = _is_about_everything(rule)
    if everything is None:
        return None
    found: list[_Removal] = []
    for name, member, former in (
        ("Expiration", "Days", False),
        ("NoncurrentVersionExpiration", "NoncurrentDays", True),
    ):
        if not given(rule, name):
            continue
        action = child(rule, name)
        after = days(action, member)
        if action is None or (given(action, member) and after is None):
            return None
        if after is not None or given(action, "Date"):
            # A rule that leaves some former versions for ever does not remove everything.
            whole = everything and not given(action, "NewerNoncurrentVersions")
            found.append(_Removal(former, whole, after))
    return found


def _is_about_everything(rule: Object) -> bool | None:
    filters = rule.get("Filter") or {}
    if not isinstance(filters, dict):
        return None
    # Whatever a filter names, even what we do not know, narrows the rule; an empty prefix does not.
    return not rule.get("Prefix") and all(name == "Prefix" and value == "" for name, value in filters.items())


def _summary(removals: list[_Removal], versioning: str | None) -> Retention:
    current = [one for one in removals if not one.former]
    former = [one for one in removals if one.former]
    whole, whole_former = _all(current), _all(former)
    if versioning is None:
        # Either way nothing ends that is not ended as a current version first.
        expires = (True if whole_former else None) if whole else False
        removes = (True if current and former else None) if removals else False
        return Retention(expires=expires, removes=removes)
    if not versioning:
        return _retention(current, bool(whole), _earliest(whole))
    # With versioning suspended, the expiration of a current version that has no id removes it.
    removing = former if versioning == "Enabled" else removals
    return _retention(removing, bool(whole and whole_former), _sum(_earliest(whole), _earliest(whole_former)))


def _retention(removing: Sequence[_Removal], expires: bool, longest: int | None) -> Retention:
    return Retention(expires, longest if expires else None, bool(removing), _earliest(removing))


def _all(removals: Iterable[_Removal]) -> list[_Removal]:
    return [one for one in removals if one.everything]


def _earliest(removals: Iterable[_Removal]) -> int | None:
    """Return the shortest of all terms, or None when one of them is not a number of days."""
    terms = [one.days for one in removals]
    known = [term for term in terms if term is not None]
    return min(known) if known and len(known) == len(terms) else None


def _sum(one: int | None, other: int | None) -> int | None:
    return one + other if one is not None and other is not None else None
