"""What only vaults, keys and stores of Azure together can tell: fixed SQL over the fact tables.

A service names its key by the address in its vault, with or without a version; a key's own id begins with the id of
the vault, whose row has the address. Ids of Azure Resource Manager know no case, so those that name a store are given
as the store spells itself.
"""

from __future__ import annotations

_HOST = "lower(split_part(split_part({}, '://', 2), '/', 1))"

NAMED_KEY = f"""
UPDATE data_stores SET
    key_id = named.key_id,
    key_managed_by = named.managed_by,
    key_state = named.state,
    evidence = list_sort(list_distinct(list_concat(data_stores.evidence, coalesce(named.proof, []))))
FROM (
    SELECT s.store_id, s.source, k.key_id, k.managed_by, k.state, list_concat(k.evidence, v.evidence) AS proof
    FROM data_stores s
    JOIN vaults v ON v.provider = 'azure' AND {_HOST.format("v.uri")} = {_HOST.format("s.key_ref")}
    JOIN keys k ON k.source = v.source AND k.provider = 'azure'
        AND lower(k.key_id) = lower(v.vault_id || '/keys/' || split_part(s.key_ref, '/', 5))
    WHERE s.key_ref LIKE 'https://%/keys/%'
    QUALIFY row_number() OVER (PARTITION BY s.store_id, s.source ORDER BY k.key_id) = 1
) named
WHERE data_stores.store_id = named.store_id AND data_stores.source = named.source
"""
"""A key of a vault that was not read keeps its address, and the rest is not known."""

LOG_STORES = """
UPDATE audit_trails SET
    bucket = coalesce(named.bucket, audit_trails.bucket),
    bucket_id = coalesce(named.keeper, audit_trails.bucket_id),
    log_group_id = coalesce(named.log_group, audit_trails.log_group_id)
FROM (
    SELECT t.trail_id, t.source, min(b.store_id) AS bucket, min(k.store_id) AS keeper, min(g.store_id) AS log_group
    FROM audit_trails t
    LEFT JOIN data_stores b ON b.provider = 'azure' AND lower(b.store_id) = lower(t.bucket)
    LEFT JOIN data_stores k ON k.provider = 'azure' AND lower(k.store_id) = lower(t.bucket_id)
    LEFT JOIN data_stores g ON g.provider = 'azure' AND lower(g.store_id) = lower(t.log_group_id)
    WHERE t.trail_id ILIKE '/subscriptions/%'
    GROUP BY t.trail_id, t.source
) named
WHERE audit_trails.trail_id = named.trail_id AND audit_trails.source = named.source
"""

STATEMENTS: tuple[str, ...] = (NAMED_KEY, LOG_STORES)
"""Before the edges of the hierarchy are drawn."""
