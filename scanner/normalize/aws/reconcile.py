"""What only the keys and the audit log together can tell: fixed SQL over the fact tables. Pure functions of their rows.

A key tells of its creation, of each rotation, of a scheduled deletion and of its last use. Each must have left an
event.

* Times: an event is that of a key's date when the two are at most 10 minutes apart. A rotation on demand may be told by
  its request alone, which comes up to a day before the rotation is done.
* A scheduled deletion has no date of its own: AWS KMS tells when the key will go, 7 to 30 days after the request. A day
  more on both sides allows for rounding.
* The last use is found by its event id, never by its time.
* Related multi-Region keys rotate together: AWS KMS writes RotateKey where the primary is (in the regions of replicas
  it writes SynchronizeMultiRegionKey, which names no rotation). So a rotation is expected of the primary alone, and
  looked for in the regions of all related keys, since another one may have been the primary then. A replica is made by
  ReplicateKey in the primary's region and CreateKey in its own: one of the two is enough.
* "Not found" is said only where the log was read to its end, in every region that may have the event, and reaches that
  far; everything else is not known.
"""

from __future__ import annotations

_TOLERANCE = "INTERVAL 10 MINUTE"
_ON_DEMAND = "INTERVAL 1 DAY"
_LONGEST_WINDOW = "INTERVAL 31 DAY"
_SHORTEST_WINDOW = "INTERVAL 6 DAY"

TRAIL_SELECTORS = """
UPDATE audit_trails SET
    records_key_management = owned.records_key_management,
    records_key_use = owned.records_key_use,
    excludes_key_events = owned.excludes_key_events,
    evidence = list_sort(list_distinct(list_concat(audit_trails.evidence, owned.evidence)))
FROM (
    -- What a trail records is one setting of the trail: any region of its owner tells it, its own region best.
    SELECT * FROM audit_trails
    WHERE account = owner_account AND (records_key_management IS NOT NULL OR records_key_use IS NOT NULL)
    QUALIFY row_number() OVER (PARTITION BY trail_id ORDER BY (region = home_region) DESC NULLS LAST, source) = 1
) owned
WHERE audit_trails.trail_id = owned.trail_id
    AND audit_trails.records_key_management IS NULL AND audit_trails.records_key_use IS NULL
"""
"""What a trail of an Organization records is told by the account that owns it."""

SCOPES = """
UPDATE audit_scopes SET
    key_management_recorded = CASE WHEN seen.managed THEN true WHEN seen.complete AND seen.unmanaged THEN false END,
    key_use_recorded = CASE WHEN seen.used THEN true WHEN seen.complete AND seen.unused THEN false END,
    evidence = list_sort(list_distinct(list_concat(audit_scopes.evidence, seen.proof)))
FROM (
    SELECT scope.scope_id, scope.source,
        coalesce(bool_or(covered.complete), false) AS complete,
        -- count() leaves out what is not known; a scope without a trail has one row without one.
        count(*) FILTER (WHERE trail.logging AND trail.records_key_management) > 0 AS managed,
        count(*) FILTER (WHERE trail.logging AND trail.records_key_use) > 0 AS used,
        count(trail.trail_id) = count(*) FILTER (WHERE NOT (trail.logging AND trail.records_key_management))
            AS unmanaged,
        count(trail.trail_id) = count(*) FILTER (WHERE NOT (trail.logging AND trail.records_key_use)) AS unused,
        coalesce(flatten(list(trail.evidence) FILTER (WHERE trail.evidence IS NOT NULL)), []) AS proof
    FROM audit_scopes scope
    LEFT JOIN audit_trails trail ON trail.source = scope.source
    LEFT JOIN coverage covered ON covered.source = scope.source AND covered.listed_table = 'audit_trails'
        AND covered.parent_id = scope.source
    GROUP BY scope.scope_id, scope.source
) seen
WHERE audit_scopes.scope_id = seen.scope_id AND audit_scopes.source = seen.source
"""
"""Whether key events are recorded in an account and region: by at least one trail that is logging."""

_TOLD = """
told AS (
    SELECT source, evidence, key_id, name, key_id || '#CreateKey' AS id, 'CreateKey' AS event, created_at AS
        occurred_at, 'none' AS event_id, created_at AS earliest, created_at AS latest,
        CASE WHEN multi_region_role = 'replica' THEN 'primary' ELSE 'own' END AS reach
    FROM own WHERE created_at IS NOT NULL
    UNION ALL
    SELECT own.source, list_concat(own.evidence, v.evidence), own.key_id, own.name,
        v.version_id || '#' || CASE v.rotation_type WHEN 'on_demand' THEN 'RotateKeyOnDemand' ELSE 'RotateKey' END,
        CASE v.rotation_type WHEN 'automatic' THEN 'RotateKey' WHEN 'on_demand' THEN 'RotateKeyOnDemand' END,
        v.created_at, 'none', v.created_at, v.created_at, 'related'
    FROM key_versions v JOIN own ON own.key_id = v.key_id AND own.source = v.source
    WHERE v.rotation_type IS DISTINCT FROM 'none' AND v.material_state IS DISTINCT FROM 'pending'
        AND own.multi_region_role IS DISTINCT FROM 'replica'
    UNION ALL
    SELECT source, evidence, key_id, name, key_id || '#ScheduleKeyDeletion', 'ScheduleKeyDeletion', NULL,
        'none', deletion_at - {longest}, deletion_at - {shortest}, 'own'
    FROM own WHERE deletion_scheduled
    UNION ALL
    SELECT source, evidence, key_id, name, key_id || '#use', 'use', last_used_at,
        last_used_event_id, last_used_at, last_used_at, 'own'
    FROM own WHERE ever_used AND last_used_event_id IS DISTINCT FROM 'none'
)"""

_PLACES = """
related AS (
    SELECT key_id, source, key_id AS other, source AS place, primary_key_id AS leader, location_count, multi_region
    FROM own
    UNION
    SELECT mine.key_id, mine.source, theirs.key_id, theirs.source, mine.primary_key_id, mine.location_count,
        mine.multi_region
    FROM own mine JOIN keys theirs ON theirs.primary_key_id = mine.primary_key_id
    WHERE mine.multi_region AND theirs.multi_region
),
places AS (
    SELECT told.id, told.source, related.other, related.place, related.multi_region, related.location_count
    FROM told JOIN related ON related.key_id = told.key_id AND related.source = told.source
    WHERE related.other = told.key_id OR told.reach = 'related' OR (told.reach = 'primary' AND related.other = leader)
),
log AS (
    SELECT places.id, places.source,
        CASE WHEN count(*) = count(scope.events_read_from) THEN max(scope.events_read_from) END AS since,
        CASE WHEN count(*) = count(scope.events_read_until) THEN min(scope.events_read_until) END AS until,
        bool_and(coalesce(scope.events_complete, false)) AS complete,
        count(DISTINCT places.other) AS places, any_value(places.multi_region) AS multi,
        any_value(places.location_count) AS locations,
        list_sort(list_distinct(coalesce(flatten(list(scope.evidence) FILTER (WHERE scope.evidence IS NOT NULL)), [])))
            AS proof
    FROM places LEFT JOIN audit_scopes scope ON scope.source = places.place
    GROUP BY places.id, places.source
)"""

_MATCHED = """
candidates AS (
    SELECT told.id, told.source, told.occurred_at AS wanted, e.event_id, e.occurred_at AS happened, e.evidence
    FROM told
    JOIN places ON places.id = told.id AND places.source = told.source
    JOIN key_events e ON e.source = places.place AND e.key_id = places.other
    WHERE e.outcome = 'success' AND CASE told.event
        WHEN 'CreateKey' THEN abs(epoch(e.occurred_at) - epoch(told.occurred_at)) <= epoch({tolerance})
            AND e.name = CASE WHEN places.other = told.key_id THEN 'CreateKey' ELSE 'ReplicateKey' END
        WHEN 'RotateKey' THEN
            e.name = 'RotateKey' AND abs(epoch(e.occurred_at) - epoch(told.occurred_at)) <= epoch({tolerance})
        WHEN 'RotateKeyOnDemand' THEN
            e.name = 'RotateKey' AND abs(epoch(e.occurred_at) - epoch(told.occurred_at)) <= epoch({tolerance})
            OR e.name = 'RotateKeyOnDemand' AND e.occurred_at
                BETWEEN told.occurred_at - {on_demand} AND told.occurred_at + {tolerance}
        WHEN 'ScheduleKeyDeletion' THEN e.name = 'ScheduleKeyDeletion'
            AND (told.earliest IS NULL OR e.occurred_at BETWEEN told.earliest AND told.latest)
        END
    UNION ALL
    SELECT told.id, told.source, told.occurred_at, e.event_id, e.occurred_at, e.evidence
    FROM told JOIN key_events e ON e.source = told.source AND e.event_id = told.event_id
    WHERE told.event = 'use'
),
matched AS (
    SELECT id, source, event_id, evidence FROM candidates
    -- The nearest to the date that the key tells; of several requests without one, the last.
    QUALIFY row_number() OVER (PARTITION BY id, source
        ORDER BY abs(epoch(happened) - epoch(wanted)) NULLS LAST, happened DESC, event_id) = 1
)"""

_EXPECTED = """
INSERT INTO expected_events BY NAME
WITH own AS (SELECT * FROM keys WHERE provider = 'aws' AND managed_by = 'customer'),
{told},
{places},
{matched},
judged AS (
    SELECT told.*, log.proof, matched.event_id AS match_id, matched.evidence AS match_evidence,
        listed.complete AS looked_up, listed.evidence AS lookup,
        CASE told.event
            WHEN 'use' THEN told.event_id IS NOT NULL AND coalesce(listed.complete, false)
            ELSE log.complete AND CASE told.reach
                WHEN 'own' THEN true
                WHEN 'primary' THEN log.places = 2
                ELSE NOT coalesce(log.multi, true) OR log.places = log.locations
            END
        END AS whole,
        CASE
            WHEN told.earliest - {tolerance} >= log.since AND told.latest + {tolerance} <= log.until THEN true
            WHEN told.latest < log.since OR told.earliest > log.until THEN false
            -- On the edge of what was read, where an event may lie on either side.
            WHEN told.occurred_at IS NOT NULL AND log.since IS NOT NULL AND log.until IS NOT NULL THEN false
        END AS covered
    FROM told
    LEFT JOIN log ON log.id = told.id AND log.source = told.source
    LEFT JOIN matched ON matched.id = told.id AND matched.source = told.source
    LEFT JOIN coverage listed ON told.event = 'use' AND listed.source = told.source
        AND listed.listed_table = 'key_events' AND listed.parent_id = told.key_id
)
SELECT source,
    list_sort(list_distinct(list_concat(evidence, coalesce(match_evidence, list_concat(
        coalesce(CASE WHEN event = 'use' THEN lookup END, []), coalesce(proof, [])))))) AS evidence,
    CASE WHEN event = 'use' OR occurred_at IS NULL THEN id
        ELSE id || '#' || strftime(occurred_at, '%Y-%m-%dT%H:%M:%SZ') END
        AS expectation_id,
    key_id, name, event, occurred_at, event_id, covered AS in_window,
    CASE WHEN match_id IS NOT NULL THEN true WHEN covered AND whole AND event IS NOT NULL THEN false END AS found,
    match_id AS found_event_id
FROM judged
"""

EXPECTED_EVENTS = _EXPECTED.format(
    told=_TOLD.format(longest=_LONGEST_WINDOW, shortest=_SHORTEST_WINDOW),
    places=_PLACES,
    matched=_MATCHED.format(tolerance=_TOLERANCE, on_demand=_ON_DEMAND),
    tolerance=_TOLERANCE,
)
"""What must be in the log, because the keys tell of it, and whether it is."""

EXPECTED_COVERAGE = """
INSERT INTO coverage BY NAME
SELECT source, evidence, 'expected_events ' || parent_id AS coverage_id, 'expected_events' AS listed_table, parent_id,
    -- A key that was not read whole may have more to tell.
    complete AND NOT EXISTS (
        SELECT 1 FROM keys k
        WHERE k.source = listed.source AND k.managed_by IS DISTINCT FROM 'provider'
            AND k.state IS DISTINCT FROM 'destroyed'
            AND (k.managed_by IS NULL OR k.created_at IS NULL OR k.rotation_count IS NULL OR k.ever_used IS NULL)
    ) AS complete,
    (SELECT count(*) FROM expected_events e WHERE e.source = listed.source) AS row_count
FROM coverage listed WHERE listed_table = 'keys' AND starts_with(source, 'aws:')
"""

ANALYZERS = """
UPDATE access_analyzers SET
    watched = CASE WHEN wide.same THEN true END,
    evidence = list_sort(list_distinct(list_concat(access_analyzers.evidence, wide.proof)))
FROM (
    -- Two accounts that see one trail of an Organization are of that Organization. Nothing else here shows it.
    SELECT here.source, coalesce(bool_or(mine.trail_id IS NOT NULL AND theirs.trail_id IS NOT NULL), false) AS same,
        list_sort(list_distinct(coalesce(flatten(list(there.evidence)), []))) AS proof
    FROM access_analyzers here
    JOIN access_analyzers there ON there.region = here.region AND there.account <> here.account
        AND there.organization_wide
    LEFT JOIN audit_trails mine ON mine.account = here.account AND mine.organization
    LEFT JOIN audit_trails theirs ON theirs.account = there.account AND theirs.organization
        AND theirs.trail_id = mine.trail_id
    GROUP BY here.source
) wide
WHERE access_analyzers.source = wide.source AND access_analyzers.watched IS DISTINCT FROM true
"""
"""An analyzer of an Organization watches its other accounts too, and is not listed there."""

STATEMENTS: tuple[str, ...] = (TRAIL_SELECTORS, SCOPES, EXPECTED_EVENTS, EXPECTED_COVERAGE, ANALYZERS)
"""In this order. They read keys, key_versions, key_events, coverage; they write the tables that each names."""
