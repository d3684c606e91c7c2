"""What the headers of sampled values say: a row for each, and what all of one place have in common.

Shared by the columns of a database and the objects of a bucket: both are judged by the same columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scanner.model.envelope import EnvelopeFact, EnvelopeSampleFact
from scanner.model.ids import Digest, Json, SourceId
from scanner.normalize.reading import Object, flag, text, texts

NONE = "none"

_OWN_KEY = "HKDF"
"""In the name of a suite that derives a key for each message: no two messages share one, so nonces may repeat."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The sampled values of one place, and what they are compared by."""

    values: tuple[Object, ...]
    evidence: tuple[Digest, ...]
    hashes: str = ""
    """Name of the key of their hashes."""


@dataclass(frozen=True, slots=True)
class Nonces:
    """How often each nonce was seen under each data key, over all samples of a source."""

    counts: Mapping[str, int]
    comparable: bool
    """All hashes are of one key, so that equal nonces are seen to be equal."""


def nonces(samples: Iterable[Sample]) -> Nonces:
    """Count the nonces of all samples."""
    found = list(samples)
    every = (text(value, "nonce") for sample in found for value in sample.values)
    return Nonces(Counter(one for one in every if one is not None), len({sample.hashes for sample in found}) <= 1)


def with_sample(row: EnvelopeFact, sample: Sample | None, seen: Nonces) -> EnvelopeFact:
    """Return the row of a place with what its sample says; nothing where there is none."""
    if sample is None:
        return row
    row = replace(row, evidence=tuple(sorted({*row.evidence, *sample.evidence})))
    values = sample.values
    plain = [value for value in values if text(value, "plain")]
    counted = replace(
        row,
        sampled=len(values),
        parsed=sum(flag(value, "understood") is True for value in values),
        plaintext=len(plain),
    )
    if not values:
        return counted
    sealed = [value for value in values if not text(value, "plain")]
    own = {text(value, "suite") for value in values}
    return replace(
        counted,
        format=_formats(values),
        authenticated=False if plain else _all(values, _authenticated),
        nonce_bits=_least(sealed, "nonce_bits"),
        tag_bits=_least(sealed, "tag_bits"),
        nonces_repeated=_repeated(values, seen),
        names_key=_all(values, _names_key),
        binds_tenant=row.binds_tenant if own == {None} else _all(values, lambda value: flag(value, "binds_tenant")),
        binds_record=row.binds_record if own == {None} else _all(values, lambda value: flag(value, "binds_record")),
        commits_to_key=row.commits_to_key if own == {None} else _all(values, lambda value: flag(value, "commits")),
        wrapping_keys=_wrapping(values),
    )


def _all(values: Sequence[Object], says: Callable[[Object], bool | None]) -> bool | None:
    found = {says(value) for value in values}
    return False if False in found else None if None in found else True


def _formats(values: Sequence[Object]) -> str | None:
    found = {text(value, "format") for value in values}
    return None if None in found else ",".join(sorted(one for one in found if one is not None))


def _authenticated(value: Object) -> bool | None:
    return flag(value, "authenticated") if "authenticated" in value else flag(value, "understood") or None


def _names_key(value: Object) -> bool | None:
    if text(value, "data_key") is not None or flag(value, "understood"):
        return True
    # A column of keys without one, or plaintext: nothing names a key. Else it is only not understood.
    return False if "data_key" in value or text(value, "plain") else None


def _least(values: Sequence[Object], name: str) -> int | None:
    found = [number(value, name) for value in values]
    return None if None in found else min((one for one in found if one is not None), default=None)


def _repeated(values: Sequence[Object], seen: Nonces) -> int | None:
    repeated = sum(seen.counts.get(text(value, "nonce") or "", 0) > 1 for value in values)
    told = all(
        text(value, "nonce") is not None or _OWN_KEY in (text(value, "suite") or "") or text(value, "plain")
        for value in values
    )
    return repeated if repeated or (told and seen.comparable) else None


def _wrapping(values: Sequence[Object]) -> tuple[str, ...] | None:
    found: set[str] = set()
    for value in values:
        keys = texts(value, "wrapping") if "wrapping" in value else ()
        if keys is None:
            return None
        found.update(keys)
    return tuple(sorted(found))


def sample_rows(
    sample: Sample, *, source: SourceId, envelope: str, store: str, registry: str
) -> list[EnvelopeSampleFact]:
    """Return a row for each sampled value. ``registry`` is that of the data keys which values name, or empty."""
    rows = (
        EnvelopeSampleFact(
            source=source,
            evidence=sample.evidence,
            sample_id=f"{envelope}/{text(value, 'row')}",
            envelope_id=envelope,
            store_id=store,
            format=text(value, "format"),
            parsed=flag(value, "understood"),
            plaintext=bool(text(value, "plain")) if text(value, "plain") is not None else None,
            data_key_id=_data_key(value, registry),
            wrapping_keys=texts(value, "wrapping"),
            algorithm=text(value, "suite") or text(value, "algorithm"),
            nonce_bits=number(value, "nonce_bits"),
            tag_bits=number(value, "tag_bits"),
            length_bytes=number(value, "length"),
        )
        for value in sample.values
    )
    return sorted(rows, key=lambda row: row.sample_id)


def _data_key(value: Object, registry: str) -> str | None:
    named = text(value, "data_key")
    if named is not None:
        return f"{registry}/{named}"
    return NONE if "data_key" not in value and flag(value, "understood") else None


def number(body: Object, name: str) -> int | None:
    """Return the count under ``name``, or None."""
    value: Json = body.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
