"""The registry of data keys to rows, with how encrypted values use each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scanner.model.envelope import DataKeyFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.observation import Observation
from scanner.normalize.postgres.usage import USAGE, Column, total
from scanner.normalize.reading import Object, choice, given, moment, text
from scanner.normalize.records import Listing, Records
from scanner.normalize.samples import number

DATA_KEYS = "postgres:DataKeys"
_PLAIN_LENGTHS = frozenset({16, 24, 32})
"""Bytes of an AES key."""
_AES_KEY_WRAP = frozenset({"aes-kw", "aes-kwp"})
_AES = re.compile(r"a(?:es)?[-_ ]?(128|192|256)(?![0-9])", re.IGNORECASE)

STATES: Mapping[str, str] = {
    **dict.fromkeys(("pre_activation", "pre-activation", "preactivation", "pending", "generated"), "pre_activation"),
    **dict.fromkeys(("active", "current", "enabled", "primary"), "active"),
    **dict.fromkeys(("suspended", "disabled", "paused"), "suspended"),
    # Revoked: not used to protect any more, for a reason that the word does not tell (SP 800-57 Part 1 Rev. 5, 8.3.5).
    **dict.fromkeys(("deactivated", "retired", "revoked", "inactive", "expired", "decrypt_only"), "deactivated"),
    **dict.fromkeys(("compromised", "leaked"), "compromised"),
    **dict.fromkeys(("destroyed", "deleted", "erased", "purged", "shredded"), "destroyed"),
}
"""Our mapping of the words of registries to the states of SP 800-57 Part 1 Rev. 5, section 7."""


@dataclass(frozen=True, slots=True)
class Registry:
    """The registry, and what the layout says that it tells."""

    id: str
    tells_activation: bool
    tells_retirement: bool


def data_keys(unit: Records, registry: Registry, columns: Sequence[Column], account: str) -> Iterator[Fact]:
    """Yield a row for each data key that the registry has or that values name, and whether these are all."""
    listing = unit.listing(DATA_KEYS, registry.id, "data_keys", identity="id")
    registered = _registered(listing)
    used = {name for one in columns for name in one.uses or {}}
    for name in sorted(registered.keys() | used):
        row = DataKeyFact(
            source=unit.source,
            evidence=(),
            data_key_id=f"{registry.id}/{name}",
            registry_id=registry.id,
            provider="postgres",
            account=account,
            registered=True if name in registered else False if listing.complete else None,
        )
        items = registered.get(name, [])
        if len(items) == 1:  # two rows of one id: nobody knows which of them is meant
            row = _told(row, registry, items[0][1])
        seen = unit.ids(DATA_KEYS, registry.id) if name not in registered else tuple(page.id for page, _ in items)
        yield _used(row, name, columns, seen)
    complete = listing.complete and bool(columns) and all(one.known for one in columns)
    row_count = len(registered.keys() | used)
    if unit.asked(DATA_KEYS, registry.id) or any(unit.asked(USAGE, one.envelope) for one in columns):
        yield unit.coverage(DataKeyFact, DATA_KEYS, registry.id, registry.id, row_count, complete=complete)


def _registered(listing: Listing) -> dict[str, list[tuple[Observation, Object]]]:
    found: dict[str, list[tuple[Observation, Object]]] = {}
    for page, item in listing.items:
        found.setdefault(str(item["id"]), []).append((page, item))
    return found


def _told(row: DataKeyFact, registry: Registry, item: Object) -> DataKeyFact:
    """Return a row with what the registry says."""
    activated, retired = moment(item, "activated"), moment(item, "retired")
    created = moment(item, "created")
    algorithm = _AES.search(text(item, "algorithm") or "")
    bits = int(algorithm[1]) if algorithm else None
    wrapping = text(item, "wrap_algorithm")
    return replace(
        row,
        tenant=text(item, "tenant"),
        key_ref=text(item, "kek"),
        wrapped=_wrapped(item),
        wrapped_bytes=_length(item),
        wrap_algorithm=wrapping.strip().lower() if wrapping else None,
        fingerprint=text(item, "fingerprint"),
        algorithm="AES" if bits else None,
        length_bits=bits,
        strength_bits=bits,
        state=choice({"state": (text(item, "state") or "").strip().lower()}, "state", STATES),
        created_at=created,
        activated_at=activated if registry.tells_activation and given(item, "activated") else created,
        retires=given(item, "retired") if registry.tells_retirement else None,
        retired_at=retired,
    )


def _length(item: Object) -> int | None:
    """Return the length of what is kept: nothing, after a destruction, is 0 bytes. Text that encodes it tells none."""
    if text(item, "form") != "bytea":
        return None
    return number(item, "length") if given(item, "length") else 0


def _wrapped(item: Object) -> bool | None:
    length = _length(item)
    if length is None or 0 < length < min(_PLAIN_LENGTHS):
        return None
    if length == 24 and (text(item, "wrap_algorithm") or "").strip().lower() in _AES_KEY_WRAP:
        return None  # a plain AES-192 key, or a wrapped AES-128 key
    return length not in _PLAIN_LENGTHS


def _used(row: DataKeyFact, name: str, columns: Sequence[Column], seen: tuple[Digest, ...]) -> DataKeyFact:
    """Return a row with how values use the key."""
    by_name = [one for one in columns if one.names_keys]
    uses = [one.uses[name] for one in by_name if one.uses and name in one.uses]
    sum_ = total(uses, whole=bool(by_name) and all(one.known for one in by_name))
    return replace(
        row,
        evidence=tuple(sorted({*seen, *(proof for one in by_name for proof in one.evidence)})),
        tenants=sum_.tenants,
        tenant_count=sum_.tenant_count,
        value_count=sum_.values,
        writes=sum_.writes,
        last_write_at=sum_.newest,
    )
