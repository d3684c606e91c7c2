"""The key hierarchy for the report: from the certificate down to the stores, as far as a page can show it.

Edges are counted in the database; a few nodes of each kind come into memory, and what is not drawn is a number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from scanner.evaluate.factdb import FactDb, Row
from scanner.evaluate.store import naive_utc
from scanner.model.report import Branch, Hierarchy, LooseStores

MOST_CHILDREN = 6
"""Nodes of one kind under one node."""
MOST_STORES = 4
"""Rows of stores under one key."""
MOST_NODES = 80
"""Nodes that are drawn: the nearer the roots are full, the fewer hang under each of them."""
_TOP = ""
"""What the roots hang under."""

TABLES = ("bindings", "keys", "data_keys", "modules", "key_stores", "certificates", "data_stores")

_EDGES = """
SELECT child_id, parent_id, coalesce(min(child_kind), 'other') AS child_kind,
    coalesce(min(parent_kind), 'other') AS parent_kind,
    ['unknown', 'declared', 'observed', 'proven'][1 + max(CASE strength
        WHEN 'proven' THEN 3 WHEN 'observed' THEN 2 WHEN 'declared' THEN 1 ELSE 0 END)] AS strength
FROM bindings GROUP BY child_id, parent_id
"""
"""One row an edge, of the best strength: two scopes can tell of the same one."""

_HOLDS = """
SELECT id, count(DISTINCT child_id) AS children, count(DISTINCT child_id) FILTER (child_kind = 'store') AS stores,
    count(DISTINCT child_id) FILTER (child_kind = 'store' AND s.ephi) AS ephi, bool_or(strength = 'proven') AS proven
FROM (
    SELECT parent_id AS id, child_id, child_kind, strength FROM edges
    UNION ALL
    SELECT up.parent_id, e.child_id, e.child_kind, up.strength FROM edges e JOIN edges up ON up.child_id = e.parent_id
    WHERE e.child_kind = 'store' AND up.child_kind = 'data_key'
) e LEFT JOIN stores s ON s.store_id = e.child_id GROUP BY id
"""
"""What is directly under a node; of a key, what is under its data keys too."""

_STORES = """
SELECT store_id, coalesce(min(kind), 'other') AS kind, bool_or(ephi) AS ephi, min(coalesce(name, '')) AS name
FROM data_stores GROUP BY store_id
"""

_LINKS = f"""
SELECT parent_id, child_id AS id, child_kind AS kind, strength FROM edges WHERE child_kind <> 'store'
UNION ALL
SELECT '{_TOP}', parent_id, min(parent_kind), '' FROM edges ANTI JOIN edges AS up ON up.child_id = edges.parent_id
GROUP BY parent_id
"""

_BELOW = """
SELECT parent_id, kind, strength, count(*) FROM links WHERE list_contains($ids, parent_id)
GROUP BY parent_id, kind, strength
ORDER BY parent_id, list_position(['certificate', 'module', 'key_store', 'key', 'data_key'], kind) NULLS LAST, kind,
    strength
"""

_FIRST = """
SELECT parent_id, kind, strength, id FROM (
    SELECT *, row_number() OVER (PARTITION BY parent_id, kind, strength
        ORDER BY proven DESC NULLS LAST, ephi DESC NULLS LAST, stores DESC NULLS LAST, children DESC NULLS LAST,
            id) AS place
    FROM links LEFT JOIN holds USING (id) WHERE list_contains($ids, parent_id)
) WHERE place <= $most ORDER BY parent_id, kind, strength, place
"""
"""Those with proof or ePHI below them first, then those with most below them."""

_STORES_BELOW = """
SELECT parent_id, coalesce(s.kind, 'other') AS kind, e.strength, count(*) AS stores, count(*) FILTER (s.ephi) AS ephi,
    count(*) FILTER (s.ephi IS NULL) AS unknown, min(e.child_id) AS id, min(s.name) AS name
FROM edges e LEFT JOIN stores s ON s.store_id = e.child_id
WHERE e.child_kind = 'store' AND list_contains($ids, parent_id)
GROUP BY ALL ORDER BY parent_id, ephi DESC, stores DESC, kind, strength
"""
"""There are no more rows than kinds of stores."""

_KNOWN = {
    "key": "SELECT key_id, min(coalesce(name, '')), min(managed_by), min(state) FROM keys "
    "WHERE list_contains($ids, key_id) GROUP BY key_id",
    "data_key": "SELECT data_key_id, min(coalesce(tenant, '')), min(state), bool_or(registered), min(value_count) "
    "FROM data_keys WHERE list_contains($ids, data_key_id) GROUP BY data_key_id",
    "key_store": "SELECT store_id, min(coalesce(name, '')), min(kind), min(connected::INT) FROM key_stores "
    "WHERE list_contains($ids, store_id) GROUP BY store_id",
    "module": "SELECT module_id, min(coalesce(name, '')), min(kind), min(state) FROM modules "
    "WHERE list_contains($ids, module_id) GROUP BY module_id",
    "certificate": "SELECT certificate_id, min(coalesce(name, '')), min(number), min(standard), min(level), "
    "min(status), bool_or(interim), min(sunset_at) FROM certificates WHERE list_contains($ids, certificate_id) "
    "GROUP BY certificate_id",
}
"""What a drawn node is called and what is known of it, by its kind."""

_LOOSE = """
SELECT ['unencrypted', 'unknown', 'provider'][why], count(*), count(*) FILTER (ephi), count(*) FILTER (ephi IS NULL)
FROM (
    SELECT store_id, bool_or(ephi) AS ephi, min(CASE
        WHEN NOT encrypted THEN 1 WHEN key_id IS NULL OR encrypted IS NULL THEN 2 ELSE 3 END) AS why
    FROM data_stores ANTI JOIN edges ON edges.child_id = data_stores.store_id GROUP BY store_id
) GROUP BY why ORDER BY why
"""


def hierarchy(db: FactDb, as_of: datetime) -> Hierarchy:
    """Return the hierarchy as the facts have it. Sunsets are told as of ``as_of``."""
    for name, query in (("edges", _EDGES), ("stores", _STORES), ("holds", _HOLDS), ("links", _LINKS)):
        db.define(name, query)
    below = _grown(db)
    return Hierarchy(
        branches=tuple(_named(db, list(_flat(below, _TOP, 0, set())), as_of)),
        edges=tuple(db.rows("SELECT strength, count(*) FROM edges GROUP BY strength ORDER BY strength")),
        keys=db.counted("SELECT count(DISTINCT key_id) FROM keys"),
        keys_unplaced=db.counted(
            "SELECT count(DISTINCT key_id) FROM keys ANTI JOIN edges ON edges.child_id = keys.key_id"
        ),
        loose=tuple(LooseStores(*row) for row in db.rows(_LOOSE)),
    )


def _grown(db: FactDb) -> dict[str, list[Branch]]:
    """Return what hangs under each node that is drawn: level by level, so that a cut takes the depths first."""
    below: dict[str, list[Branch]] = {}
    level, drawn = [_TOP], 0
    while level:
        most = min(MOST_CHILDREN, max(0, MOST_NODES - drawn) // len(level))
        below |= _children(db, level, most)
        found = [branch.id for parent in level for branch in below[parent] if branch.kind in _KNOWN and branch.id]
        drawn += len(found)
        level = sorted(set(found) - below.keys())  # what hangs under two nodes, or under itself, grows once
    return below


def _children(db: FactDb, parents: Sequence[str], most: int) -> dict[str, list[Branch]]:
    first: defaultdict[Row, list[str]] = defaultdict(list)
    for *group, identity in db.rows(_FIRST, {"ids": parents, "most": most}):
        first[tuple(group)].append(identity)
    below: dict[str, list[Branch]] = {parent: [] for parent in parents}
    for parent, kind, strength, count in db.rows(_BELOW, {"ids": parents}):
        shown = first[parent, kind, strength]
        below[parent] += [Branch(kind, 0, one, strength=strength) for one in shown]
        if count > len(shown):
            below[parent].append(Branch(kind, 0, strength=strength, count=count - len(shown), rest=True))
    stores: defaultdict[str, list[Row]] = defaultdict(list)
    for parent, *row in db.rows(_STORES_BELOW, {"ids": parents}):
        stores[parent].append(tuple(row))
    for parent, rows in stores.items():
        below[parent] += _stores(rows)
    return below


def _stores(rows: Sequence[Row]) -> Iterator[Branch]:
    """Yield the stores under one key, a row a kind."""
    for kind, strength, count, ephi, unknown, identity, name in rows[:MOST_STORES]:
        alone = count == 1
        yield Branch(
            kind,
            0,
            identity if alone else "",
            (name or "") if alone else "",
            strength,
            _ephi(count, ephi, unknown),
            count,
        )
    if len(rows) > MOST_STORES:
        yield Branch("store", 0, count=sum(row[2] for row in rows[MOST_STORES:]), rest=True)


def _ephi(count: int, ephi: int, unknown: int) -> tuple[str, ...]:
    if count == 1:
        return ("ePHI",) if ephi else ("ePHI not known",) if unknown else ()
    said = [f"{ephi} with ePHI"] if ephi else []
    return (*said, f"{unknown} of which that is not known") if unknown else tuple(said)


def _flat(below: Mapping[str, Sequence[Branch]], node: str, depth: int, drawn: set[str]) -> Iterator[Branch]:
    """Yield the tree under a node in the order in which it is drawn."""
    for branch in below.get(node, ()):
        again = branch.id in drawn
        remarks = (*branch.remarks, "drawn above") if again else branch.remarks
        yield replace(branch, depth=depth, remarks=remarks)
        if branch.id and not again and branch.kind in _KNOWN:
            drawn.add(branch.id)
            yield from _flat(below, branch.id, depth + 1, drawn)


def _named(db: FactDb, branches: Sequence[Branch], as_of: datetime) -> Iterator[Branch]:
    """Yield the branches with what is known of each node."""
    known: dict[tuple[str, str], Row] = {}
    for kind, query in _KNOWN.items():
        ids = sorted({branch.id for branch in branches if branch.kind == kind and branch.id})
        known |= {(kind, row[0]): row[1:] for row in db.rows(query, {"ids": ids})}
    for branch in branches:
        row = known.get((branch.kind, branch.id))
        if row:
            said = _SAID[branch.kind](row[1:], naive_utc(as_of))
            yield replace(branch, label=row[0], remarks=(*said, *branch.remarks))
        elif branch.id and branch.kind in _KNOWN:
            yield replace(branch, remarks=("not read itself", *branch.remarks))
        else:
            yield branch


def _word(value: str | None, unknown: str) -> str:
    return unknown if value is None else value.replace("_", " ")


def _key(row: Row, _as_of: datetime) -> tuple[str, ...]:
    managed_by, state = row
    whose = {"customer": "customer-managed", "provider": "the provider's own"}.get(managed_by, "manager not known")
    return whose, _word(state, "state not known")


def _data_key(row: Row, _as_of: datetime) -> tuple[str, ...]:
    state, registered, values = row
    return (
        *(["in no registry"] if registered is False else [_word(state, "state not known")]),
        *([] if values is None else [f"{values:,} {'value' if values == 1 else 'values'}"]),
    )


def _key_store(row: Row, _as_of: datetime) -> tuple[str, ...]:
    kind, connected = row
    return _word(kind, "kind not known"), {1: "connected", 0: "not connected"}.get(connected, "connection not known")


def _module(row: Row, _as_of: datetime) -> tuple[str, ...]:
    kind, state = row
    said = _word(kind, "kind not known")
    return (said,) if state == "none" else (said, _word(state, "state not known"))


def _certificate(row: Row, as_of: datetime) -> tuple[str, ...]:
    number, standard, level, status, interim, sunset = row
    ended = None if sunset is None else f"{'past its sunset' if sunset < as_of else 'sunset'} {sunset:%Y-%m-%d}"
    return (
        "number not known" if number is None else f"no. {number}",
        _word(standard, "standard not known"),
        "level not known" if level is None else f"level {level}",
        *([] if status == "active" else [f"read as {_word(status, 'of unknown status')}"]),
        *(["interim"] if interim else []),
        ended or "sunset not known",
    )


_SAID: Mapping[str, Callable[[Row, datetime], tuple[str, ...]]] = {
    "key": _key,
    "data_key": _data_key,
    "key_store": _key_store,
    "module": _module,
    "certificate": _certificate,
}
"""What is said of a node, by its kind; from what ``_KNOWN`` gives behind the name."""
