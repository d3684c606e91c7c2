"""Modules, data stores and audit logs for the report: counted in the database, with a few of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanner.evaluate import hierarchy, matrix, proof
from scanner.evaluate.factdb import Row, open_facts
from scanner.model.report import Inventory, LogGroups, ModuleGroup, Retention, Store, StoreKind, Trail

MOST_NAMES = 3
MOST_MODULES = 40
MOST_STORES = 200
MOST_TRAILS = 40
MOST_LOG_GROUPS = 20

_ALIKE = (
    "product, kind, embodiment, version, state, approved_mode, certificate, standard, level, certificate_status, "
    "interim, sunset_at, reading_at"
)

_MODULES = f"""
WITH used AS (
    SELECT parent_id AS module_id, count(DISTINCT child_id) AS keys FROM (
        SELECT parent_id, child_id FROM edges WHERE parent_kind = 'module' AND child_kind = 'key'
        UNION ALL
        SELECT up.parent_id, edges.child_id FROM edges JOIN edges AS up ON up.child_id = edges.parent_id
        WHERE edges.child_kind = 'key' AND edges.parent_kind = 'key_store' AND up.parent_kind = 'module'
    ) GROUP BY parent_id
), alike AS (
    SELECT {_ALIKE}, count(*) AS modules, coalesce(sum(used.keys), 0)::BIGINT AS keys,
        list(modules.module_id ORDER BY modules.module_id)[:{MOST_NAMES}] AS names
    FROM modules LEFT JOIN used ON used.module_id = modules.module_id GROUP BY ALL
), papers AS (
    SELECT product, number, reading_at, min(name) AS paper, min(reading_source) AS reading_source, min(note) AS note
    FROM certificates GROUP BY product, number, reading_at
)
SELECT alike.names, alike.modules, alike.keys, alike.product, alike.kind, alike.embodiment, alike.version, alike.state,
    alike.approved_mode, alike.certificate, papers.paper, alike.standard, alike.level, alike.certificate_status,
    alike.interim, alike.sunset_at, alike.reading_at, papers.reading_source, papers.note, count(*) OVER ()
FROM alike LEFT JOIN papers ON papers.product = alike.product AND papers.number = alike.certificate
    AND papers.reading_at = alike.reading_at
ORDER BY alike.keys DESC, alike.modules DESC, alike.names, alike.certificate NULLS LAST LIMIT $most
"""

_PROTECTION = """CASE WHEN NOT encrypted THEN 0
    WHEN encrypted IS NULL OR key_managed_by IS NULL THEN 1
    WHEN key_managed_by = 'provider' THEN 2 ELSE 3 END"""
"""The least protected first: not encrypted, not known, under the provider's key, under the customer's."""

_RANK = f"CASE WHEN ephi THEN 0 WHEN ephi IS NULL THEN 1 ELSE 2 END, {_PROTECTION}, kind, store_id, source"
"""ePHI first, then what may be; of each the least protected first."""

_KINDS = f"""
SELECT kind, count(*), count(*) FILTER (ephi), count(*) FILTER (ephi IS NULL), count(*) FILTER (how = 3),
    count(*) FILTER (how = 2), count(*) FILTER (how = 0), count(*) FILTER (how = 1)
FROM (SELECT kind, ephi, {_PROTECTION} AS how FROM data_stores) GROUP BY kind ORDER BY kind
"""

_KEPT = "{0}.removes, {0}.shortest_retention_days, {0}.expires, {0}.retention_days, {0}.write_once, \
{0}.write_once_mode, {0}.write_once_days"

_LISTED = f"""
SELECT d.store_id, d.name, d.kind, d.ephi, d.sensitivity, d.encrypted, d.key_id,
    (SELECT min(k.name) FROM keys k WHERE k.key_id = d.key_id), d.key_managed_by, d.key_state, {_KEPT.format("d")}
FROM (SELECT * FROM data_stores ORDER BY {_RANK} LIMIT $most) d ORDER BY {_RANK}
"""

_TRAILS = f"""
SELECT t.trail_id, t.name, t.logging, t.validated, t.multi_region, t.bucket, t.log_group_id,
    b.store_id IS NOT NULL, {_KEPT.format("b")}, g.store_id IS NOT NULL, {_KEPT.format("g")}
FROM (
    SELECT trail_id, min(name) AS name, bool_and(logging) AS logging, bool_and(validated) AS validated,
        bool_and(multi_region) AS multi_region, min(bucket) AS bucket, min(bucket_id) AS bucket_id,
        min(log_group_id) AS log_group_id
    FROM audit_trails GROUP BY trail_id ORDER BY trail_id LIMIT $most
) t
LEFT JOIN kept b ON b.store_id = t.bucket_id LEFT JOIN kept g ON g.store_id = t.log_group_id
ORDER BY t.trail_id
"""
"""A trail of many regions is read in each of them, and is one."""

_KEEPERS = """
SELECT * FROM data_stores WHERE store_id IN (
    SELECT bucket_id FROM audit_trails UNION ALL SELECT log_group_id FROM audit_trails)
QUALIFY row_number() OVER (PARTITION BY store_id ORDER BY source) = 1
"""

_LOG_GROUPS = """
SELECT removes, shortest_retention_days, count(*), count(*) FILTER (ephi), count(*) FILTER (ephi IS NULL)
FROM data_stores WHERE kind = 'log_group' GROUP BY ALL
ORDER BY removes NULLS FIRST, shortest_retention_days NULLS FIRST
"""
"""CloudWatch offers some twenty periods."""


def inventory(facts: Path, as_of: datetime, find: matrix.Find | None = None) -> Inventory:
    """Return what a folder of facts says of modules, stores, logs and vendors.

    ``find`` gives records of the evidence by their ids: when the answers behind a vendor's settings came.
    """
    with open_facts(facts, tuple({*hierarchy.TABLES, *proof.TABLES, *matrix.TABLES, "audit_trails", "coverage"})) as db:
        drawn = hierarchy.hierarchy(db, as_of)
        db.define("kept", _KEEPERS)
        modules = db.rows(_MODULES, {"most": MOST_MODULES})
        stores = [_store(row) for row in db.rows(_LISTED, {"most": MOST_STORES})]
        trails = [_trail(row) for row in db.rows(_TRAILS, {"most": MOST_TRAILS})]
        groups = db.rows(_LOG_GROUPS)
        return Inventory(
            hierarchy=drawn,
            modules=tuple(_module(row) for row in modules),
            modules_omitted=(modules[0][-1] if modules else 0) - len(modules),
            store_kinds=tuple(_kind(row) for row in db.rows(_KINDS)),
            stores=tuple(stores),
            stores_omitted=db.counted("SELECT count(*) FROM data_stores") - len(stores),
            trails=tuple(trails),
            trails_omitted=db.counted("SELECT count(DISTINCT trail_id) FROM audit_trails") - len(trails),
            log_groups=tuple(LogGroups(*row) for row in groups[:MOST_LOG_GROUPS]),
            log_groups_omitted=max(0, len(groups) - MOST_LOG_GROUPS),
            proof=proof.proof(db, as_of),
            vendors=matrix.vendors(db, as_of, find),
        )


def _module(row: Row) -> ModuleGroup:
    names, count, keys, product, kind, embodiment, version, state, approved, number, paper, *rest = row
    standard, level, status, interim, sunset, reading, source, note, _ = rest
    return ModuleGroup(
        names=tuple(names),
        count=count,
        keys=keys,
        product=product,
        kind=kind,
        embodiment=embodiment,
        version=version,
        state=state,
        approved_mode=approved,
        certificate=number,
        certificate_name=paper,
        standard=standard,
        level=level,
        status=status,
        interim=interim,
        sunset_at=_utc(sunset),
        reading_at=_utc(reading),
        reading_source=source,
        note=note,
    )


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)


def _kind(row: Row) -> StoreKind:
    kind, count, ephi, ephi_unknown, customer, provider, unencrypted, unknown = row
    return StoreKind(
        kind=kind,
        count=count,
        ephi=ephi,
        ephi_unknown=ephi_unknown,
        customer=customer,
        provider=provider,
        unencrypted=unencrypted,
        unknown=unknown,
    )


def _store(row: Row) -> Store:
    store_id, name, kind, ephi, sensitivity, encrypted, key_id, key_name, managed_by, state, *kept = row
    return Store(
        store_id=store_id,
        name=name,
        kind=kind,
        ephi=ephi,
        sensitivity=None if sensitivity is None else tuple(sensitivity),
        encrypted=encrypted,
        key_id=key_id,
        key_name=key_name,
        key_managed_by=managed_by,
        key_state=state,
        retention=Retention(*kept),
    )


def _trail(row: Row) -> Trail:
    trail_id, name, logging, validated, multi_region, bucket, log_group, *rest = row
    return Trail(
        trail_id=trail_id,
        name=name,
        logging=logging,
        validated=validated,
        multi_region=multi_region,
        bucket=bucket,
        bucket_retention=_retention(rest[:8]),
        log_group_id=log_group,
        log_group_retention=_retention(rest[8:]),
    )


def _retention(row: Sequence[Any]) -> Retention | None:
    read, *kept = row
    return Retention(*kept) if read else None
