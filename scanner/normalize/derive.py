"""What only several scopes together can tell: rows completed from other rows, by fixed SQL over the fact tables.

A normalizer sees one scope at a time. The related keys of a multi-Region key share their material but live in several
regions, and each has a creation date of its own: the oldest one is the material's, when the primary was read.
"""

from __future__ import annotations

from scanner.normalize import agreements, certified, chains, exceptions, leaks, resolve
from scanner.normalize.aws import reconcile

_FIRST_MATERIAL = """
UPDATE keys SET material_since = first.since, evidence = list_sort(list_distinct(list_concat(evidence, first.proof)))
FROM (
    -- min() skips what is not known: a related key without a date may be the oldest one.
    SELECT primary_key_id AS shared, CASE WHEN bool_and(created_at IS NOT NULL) THEN min(created_at) END AS since,
           arg_min(evidence, (created_at, key_id)) AS proof
    FROM keys WHERE multi_region GROUP BY primary_key_id HAVING bool_or(key_id = primary_key_id)
) first
WHERE multi_region AND rotation_count = 0 AND primary_key_id = first.shared
"""

STATEMENTS: tuple[str, ...] = (
    _FIRST_MATERIAL,
    *resolve.STATEMENTS,
    *chains.RESOLVE,
    *reconcile.STATEMENTS,
    certified.BEST_CERTIFICATE,
    resolve.BINDINGS,
    *chains.WALK,
    *leaks.STATEMENTS,
    *agreements.STATEMENTS,
    *exceptions.STATEMENTS,
)
"""In this order. Each is a pure function of the rows; ``$as_of`` is the instant of the scan (TIMESTAMP, UTC)."""
