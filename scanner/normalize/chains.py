"""The key hierarchy as a graph: what data keys hang on, what the estate declares, and where each store's ways end.

Fixed SQL over the fact tables. A data key names its key-encryption key; the keys of the scan tell which one that is. An
edge that no API tells is declared in the estate file. From each store every way upwards is walked to its end: a module,
or a key that hangs on nothing. What is above a key that was not read is not known, and so is what the way ends in.
"""

from __future__ import annotations

_ALL_KEYS = "(SELECT coalesce(bool_and(complete), false) FROM coverage WHERE listed_table = 'keys')"

_ALL_DECLARED = "(SELECT coalesce(bool_and(complete), false) FROM coverage WHERE listed_table = 'declared_edges')"

_WRAPPED_BY = f"""
UPDATE data_keys SET
    key_id = coalesce(named.key_id, CASE WHEN named.absent THEN 'none' END),
    key_state = coalesce(named.state, CASE WHEN named.absent THEN 'none' END),
    key_managed_by = coalesce(named.managed_by, CASE WHEN named.absent THEN 'none' END),
    key_strength_bits = named.strength_bits,
    evidence = list_sort(list_distinct(list_concat(evidence, coalesce(named.proof, []))))
FROM (
    WITH names AS (
        SELECT key_id AS ref, key_id, managed_by, state, strength_bits, evidence FROM keys
        UNION ALL
        SELECT split_part(key_id, ':key/', 1) || ':' || unnest(aliases), key_id, managed_by, state, strength_bits,
            evidence
        FROM keys WHERE provider = 'aws'
        UNION ALL
        SELECT split_part(key_id, ':key/', 2), key_id, managed_by, state, strength_bits, evidence
        FROM keys WHERE provider = 'aws'
        UNION ALL
        -- An alias without its account and region names a key only where a single one has it.
        SELECT alias, min(key_id), min(managed_by), min(state), min(strength_bits), min(evidence)
        FROM (SELECT unnest(aliases) AS alias, * FROM keys WHERE provider = 'aws')
        GROUP BY alias HAVING count(*) = 1
    )
    SELECT d.data_key_id, d.source, n.key_id, n.state, n.managed_by, n.strength_bits, n.evidence AS proof,
        CASE WHEN starts_with(d.key_ref, 'arn:') THEN (
            SELECT coalesce(bool_and(complete), false) FROM coverage WHERE listed_table = 'keys'
                AND coverage.source = 'aws:' || split_part(d.key_ref, ':', 5) || ':' || split_part(d.key_ref, ':', 4))
        ELSE {_ALL_KEYS} END AS absent
    FROM data_keys d LEFT JOIN names n ON n.ref = d.key_ref
    WHERE d.key_ref IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY d.data_key_id, d.source ORDER BY n.key_id NULLS LAST) = 1
) named
WHERE data_keys.data_key_id = named.data_key_id AND data_keys.source = named.source
"""
"""A reference that no key answers to is of no key where all keys of its place were read, and else not known."""

_PATTERN = "replace({}, '[', '[[]')"
_CHILDREN = """
SELECT key_id AS id, 'key' AS kind FROM keys UNION SELECT data_key_id, 'data_key' FROM data_keys
UNION SELECT store_id, 'store' FROM data_stores
"""
_PARENTS = "SELECT key_id AS id, 'key' AS kind FROM keys UNION SELECT module_id, 'module' FROM modules"

_DECLARED = f"""
INSERT INTO bindings BY NAME
SELECT d.source, d.evidence, c.id || ' > ' || p.id || ' (declared)' AS binding_id, c.id AS child_id,
    p.id AS parent_id, c.kind AS child_kind, p.kind AS parent_kind, 'declared' AS strength
FROM declared_edges d
JOIN ({_CHILDREN}) c ON c.id GLOB {_PATTERN.format("d.child")}
JOIN ({_PARENTS}) p ON p.id GLOB {_PATTERN.format("d.parent_ref")}
WHERE c.id <> p.id
QUALIFY row_number() OVER (PARTITION BY d.source, c.id, p.id ORDER BY d.edge_id) = 1
"""

_MATCHED = f"""
UPDATE declared_edges SET
    children = CASE WHEN found.children > 0 OR found.whole THEN found.children END,
    parents = CASE WHEN found.parents > 0 OR found.whole THEN found.parents END
FROM (
    SELECT d.edge_id,
        (SELECT count(*) FROM ({_CHILDREN}) c WHERE c.id GLOB {_PATTERN.format("d.child")}) AS children,
        (SELECT count(*) FROM ({_PARENTS}) p WHERE p.id GLOB {_PATTERN.format("d.parent_ref")}) AS parents,
        (SELECT coalesce(bool_and(complete), false) FROM coverage
            WHERE listed_table IN ('keys', 'data_stores', 'data_keys')) AS whole
    FROM declared_edges d
) found
WHERE declared_edges.edge_id = found.edge_id
"""

_UNDER_KEY = """
INSERT INTO bindings BY NAME
SELECT source, evidence, data_key_id || ' > ' || key_id AS binding_id, data_key_id AS child_id, key_id AS parent_id,
    'data_key' AS child_kind, 'key' AS parent_kind, 'observed' AS strength
FROM data_keys WHERE key_id <> 'none'
"""

_OK = """
m.certificate_status = 'active' AND m.standard = 'FIPS 140-3' AND m.level >= 3
    AND (m.sunset_at >= $as_of OR m.sunset_at IS NULL)
"""

_CHAINS = f"""
INSERT INTO key_chains BY NAME
WITH RECURSIVE
edges AS (
    SELECT child_id, parent_id, min(child_kind) AS child_kind, min(parent_kind) AS parent_kind,
        max(CASE strength WHEN 'proven' THEN 3 WHEN 'observed' THEN 2 WHEN 'declared' THEN 1 ELSE 0 END) AS strength,
        list_sort(list_distinct(flatten(list(evidence)))) AS evidence
    FROM bindings WHERE parent_kind <> 'certificate' GROUP BY child_id, parent_id
),
-- UNION keeps each pair once, so a circle ends.
reach(store_id, node) AS (
    SELECT child_id, parent_id FROM edges WHERE child_kind = 'store'
    UNION
    SELECT reach.store_id, edges.parent_id FROM reach JOIN edges ON edges.child_id = reach.node
),
above(node, key) AS (
    SELECT child_id, parent_id FROM edges WHERE child_kind <> 'store' AND parent_kind IN ('key', 'data_key')
    UNION
    SELECT above.node, edges.parent_id FROM above JOIN edges ON edges.child_id = above.key
    WHERE edges.parent_kind IN ('key', 'data_key')
),
circular AS (SELECT DISTINCT node FROM above WHERE node = key),
modules_ AS (
    SELECT module_id, min(kind) AS kind,
        CASE WHEN bool_or(NOT ({_OK})) THEN false WHEN bool_or(({_OK}) IS NULL) THEN NULL ELSE true END AS ok,
        list_sort(list_distinct(flatten(list(evidence)))) AS evidence
    FROM modules m GROUP BY module_id
),
-- What the estate says hangs on something that was not read: the edge could not be drawn.
undrawn AS (
    SELECT DISTINCT n.node FROM (SELECT node FROM reach UNION SELECT store_id FROM data_stores) n
    JOIN declared_edges d ON d.parents IS NULL AND n.node GLOB {_PATTERN.format("d.child")}
),
nodes AS (
    SELECT n.node, m.module_id IS NOT NULL AS module, m.kind, m.ok, c.node IS NOT NULL AS circular,
        e.child_id IS NULL AS top, k.key_id IS NOT NULL OR d.data_key_id IS NOT NULL AS key,
        -- The top of a way is known when it is a module, or a key that is known to hang on nothing.
        (m.module_id IS NOT NULL OR e.child_id IS NOT NULL OR d.key_id = 'none' OR d.registered = false)
            AND o.node IS NULL AS known,
        coalesce(m.evidence, []) AS evidence
    FROM (SELECT DISTINCT node FROM reach) n
    LEFT JOIN modules_ m ON m.module_id = n.node
    LEFT JOIN (SELECT DISTINCT key_id FROM keys) k ON k.key_id = n.node
    LEFT JOIN (SELECT data_key_id, min(key_id) AS key_id, bool_or(registered) AS registered FROM data_keys
        GROUP BY data_key_id) d ON d.data_key_id = n.node
    LEFT JOIN (SELECT DISTINCT child_id FROM edges) e ON e.child_id = n.node
    LEFT JOIN circular c ON c.node = n.node
    LEFT JOIN undrawn o ON o.node = n.node
),
ways AS (
    SELECT r.store_id, count(*) FILTER (n.key) AS keys, bool_and(coalesce(n.known, false)) AS known,
        bool_or(n.circular) AS cycles,
        list_sort(list(n.node) FILTER (n.module)) AS modules,
        list_sort(list(n.node) FILTER (n.top AND NOT n.module)) AS loose_ends,
        bool_or(n.module AND n.ok = false) AS any_bad, bool_or(n.module AND n.ok IS NULL) AS any_unknown,
        bool_or(n.module AND n.ok AND n.kind IN ('hsm_cluster', 'token')) AS own_tier,
        bool_or(n.module AND n.ok IS NULL AND (n.kind IN ('hsm_cluster', 'token') OR n.kind IS NULL)) AS maybe_own,
        list_distinct(flatten(list(n.evidence))) AS evidence
    FROM reach r JOIN nodes n USING (node) GROUP BY r.store_id
),
weakest AS (
    SELECT store_id, ['unknown', 'declared', 'observed', 'proven'][1 + min(strength)] AS weakest,
        list_distinct(flatten(list(evidence))) AS evidence
    FROM (
        SELECT child_id AS store_id, strength, evidence FROM edges WHERE child_kind = 'store'
        UNION ALL
        SELECT reach.store_id, edges.strength, edges.evidence FROM reach JOIN edges ON edges.child_id = reach.node
    ) GROUP BY store_id
),
-- Which data keys a table hangs on is known when the values of every encrypted column were counted by data key.
counted AS (
    SELECT store_id, bool_and(population IS NOT NULL) AS counted FROM envelopes WHERE kind = 'column' GROUP BY store_id
),
stores AS (
    SELECT s.*, w.store_id IS NOT NULL AS hangs,
        -- Without an edge: known when the store is known to hang on no key.
        CASE WHEN w.store_id IS NOT NULL THEN w.known AND (s.key_id IS NOT NULL OR coalesce(c.counted, false))
            ELSE coalesce(s.key_id = 'none', false) END AND o.node IS NULL AND {_ALL_DECLARED} AS walked,
        w.keys, w.modules, w.loose_ends, w.cycles, w.any_bad, w.any_unknown, w.own_tier, w.maybe_own,
        coalesce(w.evidence, []) AS of_modules, e.weakest, coalesce(e.evidence, []) AS of_edges
    FROM data_stores s LEFT JOIN ways w USING (store_id) LEFT JOIN weakest e USING (store_id)
    LEFT JOIN undrawn o ON o.node = s.store_id
    LEFT JOIN counted c ON c.store_id = s.store_id
)
SELECT source, store_id, kind, ephi, sensitivity, walked AS known,
    list_sort(list_distinct(list_concat(list_concat(evidence, of_modules), of_edges))) AS evidence,
    CASE WHEN hangs THEN keys WHEN walked THEN 0 END AS keys,
    CASE WHEN hangs THEN coalesce(modules, []) WHEN walked THEN [] END AS modules,
    CASE WHEN hangs THEN coalesce(loose_ends, []) WHEN walked THEN [] END AS loose_ends,
    CASE WHEN hangs THEN cycles WHEN walked THEN false END AS cycles,
    CASE
        WHEN any_bad THEN false
        WHEN NOT walked OR any_unknown THEN NULL
        ELSE len(coalesce(modules, [])) > 0 AND len(coalesce(loose_ends, [])) = 0 AND NOT coalesce(cycles, false)
    END AS active_level_3,
    CASE WHEN own_tier THEN true WHEN NOT walked OR maybe_own THEN NULL ELSE false END AS hsm_tier,
    -- What is declared or not known decides; that nothing weaker is there is known of what was walked.
    CASE WHEN weakest IN ('declared', 'unknown') THEN weakest
        WHEN walked THEN CASE WHEN hangs THEN weakest ELSE 'none' END END AS weakest
FROM stores
"""
"""An edge, a module or a certificate that is not known leaves what hangs on it not known."""

RESOLVE: tuple[str, ...] = (_WRAPPED_BY,)
"""Completes ``data_keys`` from ``keys``; before the edges are drawn."""

WALK: tuple[str, ...] = (_UNDER_KEY, _DECLARED, _MATCHED, _CHAINS)
"""Completes ``bindings`` and ``declared_edges``, fills ``key_chains``; after the edges that APIs tell."""
