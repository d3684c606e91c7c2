"""Encrypted tables and columns to rows: what the layout says of them, what is counted, and what a sample shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanner.model.envelope import EnvelopeFact, EnvelopeSampleFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.stores import BindingFact, DataStoreFact
from scanner.normalize.postgres.usage import Column
from scanner.normalize.reading import Object, flag, text, texts
from scanner.normalize.records import Records
from scanner.normalize.samples import Nonces, Sample, nonces, sample_rows, with_sample

LAYOUT = "postgres:Layout"
COLUMNS = "postgres:Columns"
SAMPLES = "postgres:Samples"
GCM = "aes-256-gcm"


@dataclass(frozen=True, slots=True)
class Value:
    """One encrypted value of each row of a table, as the layout says."""

    told: Object
    column: Column
    sample: Sample | None

    @property
    def own_key(self) -> bool:
        """Each value carries its data key, wrapped."""
        return text(self.told, "format") != GCM


@dataclass(frozen=True, slots=True)
class Table:
    """One encrypted table."""

    store: str
    name: str
    values: tuple[Value, ...]
    there: bool | None
    """The database has it, with all columns that the layout names."""


def sample_of(unit: Records, store: str, value: str) -> Sample | None:
    """Return the sampled values of a column, or None where no sample was read."""
    body = unit.response(SAMPLES, store)
    listed = body.get("values") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(listed, list):
        return None
    if not all(isinstance(one, dict) and text(one, "row") and text(one, "column") for one in listed):
        return None
    own = tuple(one for one in listed if isinstance(one, dict) and one["column"] == value)
    return Sample(own, unit.ids(SAMPLES, store), text(body, "hashes") or "")


def is_there(unit: Records, subject: str) -> bool | None:
    """Tell whether a table is there with all that the layout names; None: not known."""
    body = unit.response(COLUMNS, subject)
    missing = body.get("missing") if isinstance(body, dict) else None
    return not missing if isinstance(missing, list) else None


def envelopes(unit: Records, tables: Sequence[Table], registry: str, account: str) -> Iterator[Fact]:
    """Yield the rows of encrypted tables: stores, places, samples and edges, and whether these are all."""
    layout = unit.ids(LAYOUT)
    every = [value for table in tables for value in table.values]
    seen = nonces(value.sample for value in every if value.sample is not None)
    for table in tables:
        proof = {*layout, *unit.ids(COLUMNS, table.store), *unit.ids(SAMPLES, table.store)}
        yield _store(
            unit, table, tuple(sorted({*proof, *(p for v in table.values for p in v.column.evidence)})), account
        )
        yield from _edges(unit, table, registry)
        for value in table.values:
            yield from _place(unit, table, value, seen, registry)
    complete = all(table.there for table in tables)
    yield unit.coverage(DataStoreFact, LAYOUT, unit.source, None, len(tables), complete=complete, among=True)
    yield unit.coverage(EnvelopeFact, LAYOUT, unit.source, None, len(every), complete=complete, among=True)


def _store(unit: Records, table: Table, evidence: tuple[Digest, ...], account: str) -> DataStoreFact:
    return DataStoreFact(
        source=unit.source,
        evidence=evidence,
        store_id=table.store,
        provider="postgres",
        account=account,
        region="",
        kind="encrypted_table",
        name=table.name,
        encrypted=_encrypted(table),
        customer_key_possible=True,
    )


def _encrypted(table: Table) -> bool | None:
    """Return whether every value of a table is encrypted: all were counted, and no sampled one is plaintext."""
    if any(value.column.keyless for value in table.values) or any(map(_plain, table.values)):
        return False
    known = all(
        value.column.known
        and (value.column.population == 0 or (value.sample is not None and value.sample.values and _understood(value)))
        for value in table.values
    )
    return True if known else None


def _plain(value: Value) -> bool:
    return value.sample is not None and any(text(one, "plain") for one in value.sample.values)


def _understood(value: Value) -> bool:
    """Tell whether every value that nothing else names a key of was understood."""
    assert value.sample is not None  # noqa: S101 - the caller looks
    return all(flag(one, "understood") for one in value.sample.values)


def _place(unit: Records, table: Table, value: Value, seen: Nonces, registry: str) -> Iterator[Fact]:
    own, column = value.own_key, value.column
    row = EnvelopeFact(
        source=unit.source,
        evidence=tuple(sorted({*unit.ids(LAYOUT), *unit.ids(COLUMNS, table.store), *column.evidence})),
        envelope_id=column.envelope,
        store_id=table.store,
        kind="column",
        format=text(value.told, "format"),
        population=column.population,
        binds_tenant=flag(value.told, "binds_tenant"),
        binds_record=flag(value.told, "binds_record"),
        # Two keys that open one ciphertext of AES-GCM can be made (SELFTESTS ST-DAT-07 does).
        commits_to_key=None if own else False,
    )
    yield with_sample(row, value.sample, seen)
    rows: list[EnvelopeSampleFact] = []
    if value.sample is not None:
        rows = sample_rows(
            value.sample, source=unit.source, envelope=column.envelope, store=table.store, registry=registry
        )
    yield from rows
    if unit.asked(SAMPLES, table.store) or unit.asked(SAMPLES):
        complete = value.sample is not None
        yield unit.coverage(EnvelopeSampleFact, SAMPLES, column.envelope, table.store, len(rows), complete=complete)


def _edges(unit: Records, table: Table, registry: str) -> Iterator[BindingFact]:
    parents: dict[tuple[str, str], set[Digest]] = {}
    for value in table.values:
        for name, use in (value.column.uses or {}).items():
            if use.values and not value.own_key:
                parents.setdefault((f"{registry}/{name}", "data_key"), set()).update(value.column.evidence)
        if value.sample is not None:
            for key in {key for one in value.sample.values for key in texts(one, "wrapping") or ()}:
                parents.setdefault((key, "key"), set()).update(value.sample.evidence)
    for (parent, kind), proof in sorted(parents.items()):
        yield BindingFact(
            source=unit.source,
            evidence=tuple(sorted(proof)),
            binding_id=f"{table.store} > {parent}",
            child_id=table.store,
            parent_id=parent,
            child_kind="store",
            parent_kind=kind,
            strength="observed",
        )
