"""AI vendors for the report: their live settings, and beside them what the contract says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime

from scanner.evaluate.factdb import FactDb
from scanner.evaluate.store import naive_utc
from scanner.model.ids import Digest
from scanner.model.matrix import Promise, Stored, VendorRow, Vendors
from scanner.model.observation import Observation, Record

TABLES = (
    *("vendor_scopes", "vendor_resources", "credentials", "agreement_services", "ai_services", "data_stores"),
    "coverage",
)
MOST_ROWS = 60
MOST_PROMISES = 40
MOST_NAMES = 4
MOST_ANSWERS = 8
"""Answers behind one row that are looked up for when they came."""

Find = Callable[[Collection[Digest]], Iterable[Record]]

_OWN = """
SELECT scope_id, provider, account, kind, name, active, retention_mode, zero_retention, records_audio, expires,
    retention_days, model_improvement, customer_key_possible, customer_key, key_ref,
    []::VARCHAR[] AS exceptions, evidence
FROM vendor_scopes QUALIFY row_number() OVER (PARTITION BY scope_id ORDER BY source) = 1
UNION ALL
SELECT a.service_id, a.provider, a.account, 'service', a.name, true, a.retention_mode, NOT a.retained_by_provider, NULL,
    NULL, NULL, NULL, NULL, s.key_managed_by = 'customer', CASE WHEN s.key_managed_by = 'customer' THEN s.key_ref END,
    coalesce(a.retention_exceptions, []), a.evidence
FROM ai_services a LEFT JOIN data_stores s ON s.store_id = a.service_id AND s.source = a.source
WHERE a.provider NOT IN (SELECT provider FROM vendor_scopes)
QUALIFY row_number() OVER (PARTITION BY a.service_id ORDER BY a.source) = 1
"""
"""Parts of AI vendors, and the AI services of clouds: what the stores tell of their keys is beside them."""

_ROWS = """
WITH
held AS (
    SELECT c.provider, coalesce(s.scope_id, c.provider || ':' || c.account) AS scope_id, count(*) AS keys,
        max(date_diff('day', c.created_at, $as_of)) AS oldest
    FROM credentials c LEFT JOIN own s ON s.scope_id = c.service
    WHERE c.active IS DISTINCT FROM false GROUP BY ALL
),
said AS (
    SELECT vendor,
        bool_or(effective_at <= $as_of AND (NOT expires OR expires_at + INTERVAL 1 DAY > $as_of)) AS now
    FROM agreement_services WHERE kind = 'ai' GROUP BY vendor
),
known AS (
    SELECT coalesce(bool_and(complete), false) AS whole FROM coverage WHERE listed_table = 'agreement_services'
)
SELECT o.scope_id, o.provider, o.kind, o.name, o.active, o.retention_mode, o.zero_retention, o.records_audio,
    o.expires, o.retention_days, o.model_improvement, o.customer_key_possible, o.customer_key, o.key_ref,
    coalesce(held.keys, 0), held.oldest,
    CASE WHEN said.now THEN 'covered' WHEN NOT said.now THEN 'not_in_force'
        WHEN said.vendor IS NULL AND known.whole THEN 'none' END,
    o.exceptions, o.evidence
FROM own o CROSS JOIN known
    LEFT JOIN held ON held.scope_id = o.scope_id AND held.provider = o.provider
    LEFT JOIN said ON said.vendor = o.provider
ORDER BY o.provider, o.kind <> 'organization', o.active DESC NULLS FIRST, o.name, o.scope_id LIMIT $most
"""
_STORED = """
SELECT scope_id, kind, bool_or(present), CASE WHEN bool_and(items IS NOT NULL) THEN sum(items)::BIGINT END
FROM vendor_resources GROUP BY scope_id, kind ORDER BY scope_id, kind
"""

# The last day of a contract is told by its first instant, and is still in force.
_PROMISES = f"""
WITH covers AS (
    SELECT agreement_id, vendor, bool_or(zero_retention) AS zero, bool_or(no_training) AS untrained,
        min(prompts_days) AS prompts, min(audio_days) AS audio
    FROM agreement_services
    WHERE kind = 'ai' AND effective_at <= $as_of AND (NOT expires OR expires_at + INTERVAL 1 DAY > $as_of)
    GROUP BY agreement_id, vendor
),
parts AS (SELECT * FROM own WHERE kind <> 'organization' AND active IS DISTINCT FROM false),
held AS (
    SELECT agreement_id, vendor, 'zero_retention' AS promise, NULL::INTEGER AS days, p.scope_id,
        p.zero_retention AS kept
    FROM covers JOIN parts p ON p.provider = vendor WHERE zero
    UNION ALL
    SELECT agreement_id, vendor, 'nothing_stored', NULL, r.resource_id, NOT r.present
    FROM covers JOIN vendor_resources r ON r.provider = vendor WHERE zero AND r.holds_content IS DISTINCT FROM false
    UNION ALL
    SELECT agreement_id, vendor, 'no_training', NULL, p.scope_id, NOT p.model_improvement
    FROM covers JOIN parts p ON p.provider = vendor WHERE untrained AND p.kind <> 'service'
    UNION ALL
    SELECT agreement_id, vendor, CASE WHEN p.kind = 'agent' THEN 'audio' ELSE 'prompts' END,
        CASE WHEN p.kind = 'agent' THEN audio ELSE prompts END, p.scope_id,
        CASE WHEN p.zero_retention THEN true WHEN NOT p.expires THEN false
            ELSE p.retention_days <= CASE WHEN p.kind = 'agent' THEN audio ELSE prompts END END
    FROM covers JOIN parts p ON p.provider = vendor
    WHERE CASE WHEN p.kind = 'agent' THEN audio ELSE prompts END IS NOT NULL
)
SELECT agreement_id, vendor, promise, days, count(*) FILTER (kept), count(*) FILTER (NOT kept),
    count(*) FILTER (kept IS NULL), list_slice(list_sort(list(scope_id) FILTER (NOT kept)), 1, {MOST_NAMES})
FROM held GROUP BY ALL ORDER BY vendor, agreement_id, promise
"""


def vendors(db: FactDb, as_of: datetime, find: Find | None = None) -> Vendors:
    """Return what the facts say of AI vendors, as of ``as_of``. ``find`` gives records of the evidence by their ids."""
    moment = naive_utc(as_of)
    db.define("own", _OWN)
    found = db.rows(_ROWS, {"as_of": moment, "most": MOST_ROWS})
    stored: dict[str, list[Stored]] = {}
    for scope, kind, present, items in db.rows(_STORED):
        stored.setdefault(scope, []).append(Stored(kind, present, items))
    came = _came({Digest(one) for row in found for one in row[-1][:MOST_ANSWERS]}, find)
    promises = db.rows(_PROMISES, {"as_of": moment})
    return Vendors(
        rows=tuple(
            VendorRow(
                **dict(zip(_COLUMNS, row[:-2], strict=True)),
                exceptions=tuple(row[-2]),
                stored=tuple(stored.get(row[0], ())),
                checked_at=max((came[one] for one in row[-1][:MOST_ANSWERS] if one in came), default=None),
            )
            for row in found
        ),
        rows_omitted=db.counted("SELECT count(*) FROM own") - len(found),
        promises=tuple(
            Promise(
                agreement_id=agreement,
                vendor=vendor,
                promise=promise,
                days=days,
                kept=kept,
                broken=broken,
                unknown=unknown,
                breaking=tuple(breaking or ()),
            )
            for agreement, vendor, promise, days, kept, broken, unknown, breaking in promises[:MOST_PROMISES]
        ),
        promises_omitted=max(0, len(promises) - MOST_PROMISES),
    )


_COLUMNS = (
    *("scope_id", "provider", "kind", "name", "active", "retention_mode", "zero_retention", "records_audio"),
    *("expires", "retention_days", "model_improvement", "customer_key_possible", "customer_key", "key_ref"),
    *("keys", "oldest_key_days", "contract"),
)


def _came(wanted: Collection[Digest], find: Find | None) -> dict[Digest, datetime]:
    """Return when each answer came."""
    records = find(wanted) if find and wanted else ()
    return {
        record.id: datetime.fromisoformat(record.ended).astimezone(UTC)
        for record in records
        if isinstance(record, Observation)
    }
