"""What only the stores, the keys and the estate file together can tell: fixed SQL over the fact tables.

* A store names its key by ARN, by id or by alias; the keys of the scan tell which one that is, who manages it and in
  which state it is. A key of an account that was not read keeps its ARN, and the rest is not known.
* A store holds ePHI when the estate says so, or its tag does. What the estate says goes first, and of that a yes. A
  copy of a store that holds ePHI holds it too. A tag that says how secret a store is (`confidential`, `internal`) does
  not say what it holds.
* Who protects whom: a store hangs on its key, a key on its key store or its key service, these on a certified module.
"""

from __future__ import annotations

from scanner.normalize.azure import resolve as azure

_PREFIX = "'arn:' || split_part(store_id, ':', 2) || ':kms:' || region || ':' || account || ':'"
_FULL = f"""CASE
    WHEN starts_with(key_ref, 'arn:') THEN key_ref
    WHEN starts_with(key_ref, 'alias/') THEN {_PREFIX} || key_ref
    ELSE {_PREFIX} || 'key/' || key_ref END"""

_WITHOUT_KEY = """
UPDATE data_stores SET key_id = 'none', key_state = 'none',
    key_managed_by = CASE WHEN encrypted THEN 'provider' WHEN NOT encrypted THEN 'none' END
WHERE key_ref = 'none'
"""
"""A store that names no key is under one that only the provider knows, or under none."""

_NAMED_KEY = f"""
UPDATE data_stores SET
    key_id = coalesce(named.key_id, CASE WHEN regexp_matches(named.ref, ':key/') THEN named.ref END),
    key_managed_by = coalesce(named.managed_by, CASE WHEN regexp_matches(named.ref, ':alias/aws/') THEN 'provider' END,
        data_stores.key_managed_by),
    key_state = named.state,
    evidence = list_sort(list_distinct(list_concat(evidence, coalesce(named.proof, []))))
FROM (
    WITH names AS (
        SELECT key_id AS ref, key_id, managed_by, state, evidence FROM keys WHERE provider = 'aws'
        UNION ALL
        SELECT split_part(key_id, ':key/', 1) || ':' || unnest(aliases), key_id, managed_by, state, evidence
        FROM keys WHERE provider = 'aws'
    ),
    wanted AS (
        SELECT store_id, source, {_FULL} AS ref FROM data_stores
        WHERE (provider = 'aws' OR starts_with(key_ref, 'arn:')) AND key_ref IS NOT NULL AND key_ref <> 'none'
    )
    SELECT wanted.store_id, wanted.source, wanted.ref, names.key_id, names.managed_by, names.state,
        names.evidence AS proof
    FROM wanted LEFT JOIN names ON names.ref = wanted.ref
    QUALIFY row_number() OVER (PARTITION BY wanted.store_id, wanted.source ORDER BY names.key_id NULLS LAST) = 1
) named
WHERE data_stores.store_id = named.store_id AND data_stores.source = named.source
"""

_KEY_IN_FULL = """
UPDATE data_stores SET key_state = k.state,
    evidence = list_sort(list_distinct(list_concat(data_stores.evidence, k.evidence)))
FROM keys k WHERE k.provider = 'gcp' AND data_stores.key_id = k.key_id
"""
"""A key of Google Cloud is named by its resource name alone, by the cloud and by AI vendors, so normalizers know it."""

_TAGGED = """
UPDATE data_stores SET ephi = said.ephi FROM (
    SELECT store_id, source,
        CASE WHEN bool_or(lower(split_part(tag, '=', 2)) IN ('ephi', 'phi')) THEN true
            WHEN bool_and(lower(split_part(tag, '=', 2))
                IN ('de-identified', 'no-ephi', 'no-phi', 'public', 'synthetic')) THEN false END AS ephi
    FROM (SELECT store_id, source, unnest(tags) AS tag FROM data_stores)
    WHERE lower(split_part(tag, '=', 1)) IN ('data-classification', 'data_classification', 'dataclassification')
    GROUP BY store_id, source
) said
WHERE data_stores.store_id = said.store_id AND data_stores.source = said.source
"""

_PATTERN = "replace(match, '[', '[[]')"

_DECLARED = f"""
UPDATE data_stores SET
    ephi = coalesce(said.ephi, data_stores.ephi),
    sensitivity = said.sensitivity,
    evidence = list_sort(list_distinct(list_concat(data_stores.evidence, said.proof)))
FROM (
    SELECT s.store_id, s.source, bool_or(d.ephi) AS ephi,
        list_sort(list_distinct(flatten(list(d.sensitivity) FILTER (WHERE d.sensitivity IS NOT NULL)))) AS sensitivity,
        list_distinct(flatten(list(d.evidence))) AS proof
    FROM data_stores s JOIN declared_stores d ON s.store_id GLOB {_PATTERN}
    GROUP BY s.store_id, s.source
) said
WHERE data_stores.store_id = said.store_id AND data_stores.source = said.source
"""

_COPIED = """
UPDATE data_stores SET ephi = true, sensitivity = coalesce(data_stores.sensitivity, origin.sensitivity),
    evidence = list_sort(list_distinct(list_concat(data_stores.evidence, origin.evidence)))
FROM data_stores origin
WHERE data_stores.copy_of = origin.store_id AND origin.ephi AND data_stores.ephi IS DISTINCT FROM true
"""
"""Run once for each generation: a snapshot of a member of a cluster is a copy of a copy."""
_GENERATIONS = 3

_UNCLASSIFIED = """
UPDATE data_stores SET sensitivity = [] WHERE sensitivity IS NULL AND EXISTS (
    SELECT 1 FROM coverage WHERE listed_table = 'declared_stores' AND complete)
"""
"""Where the estate file was read, what it does not name has no sensitive class."""

_MATCHED = """
UPDATE declared_stores SET matched = CASE WHEN found.stores > 0 OR found.whole THEN found.stores END
FROM (
    SELECT d.match, count(s.store_id) AS stores, (
        SELECT coalesce(bool_and(complete), false) FROM coverage WHERE listed_table = 'data_stores'
    ) AS whole
    FROM declared_stores d LEFT JOIN data_stores s ON s.store_id GLOB replace(d.match, '[', '[[]')
    GROUP BY d.match
) found
WHERE declared_stores.match = found.match
"""

_BINDINGS = """
INSERT INTO bindings BY NAME
SELECT *, child_id || ' > ' || parent_id AS binding_id, 'observed' AS strength FROM (
    SELECT source, evidence, store_id AS child_id, key_id AS parent_id, 'store' AS child_kind, 'key' AS parent_kind
    FROM data_stores WHERE key_id IS NOT NULL AND key_id <> 'none'
    UNION ALL
    SELECT k.source, list_sort(list_distinct(list_concat(k.evidence, s.evidence))), k.key_id, s.store_id, 'key',
        'key_store'
    FROM keys k JOIN key_stores s ON s.store_id = k.key_store_id AND s.source = k.source
    UNION ALL
    SELECT s.source, list_sort(list_distinct(list_concat(s.evidence, m.evidence))), s.store_id, m.module_id,
        'key_store', 'module'
    FROM key_stores s JOIN modules m ON m.account = s.account AND m.region = s.region
        AND m.module_id = s.cluster_id
    UNION ALL
    SELECT k.source, list_sort(list_distinct(list_concat(k.evidence, m.evidence))), k.key_id, m.module_id, 'key',
        'module'
    FROM keys k JOIN modules m ON m.source = k.source AND m.kind IN ('key_service', 'token')
    -- A vault and a location have several modules: their normalizers tell which one a key is in.
    WHERE k.key_store_id = 'none' AND k.provider NOT IN ('azure', 'gcp')
    UNION ALL
    SELECT m.source, m.evidence, m.module_id, c.certificate_id, 'module', 'certificate'
    FROM modules m JOIN certificates c ON c.product = m.product AND c.number = m.certificate
    WHERE m.certificate > 0
)
"""

STATEMENTS: tuple[str, ...] = (
    _WITHOUT_KEY,
    _NAMED_KEY,
    _KEY_IN_FULL,
    *azure.STATEMENTS,
    _TAGGED,
    _DECLARED,
    *(_COPIED,) * _GENERATIONS,
    _UNCLASSIFIED,
    _MATCHED,
)
"""In this order. They read keys, declared_stores, coverage; they complete data_stores and declared_stores."""

BINDINGS = _BINDINGS
"""The edges of the hierarchy; last of all, when everything else is resolved."""
