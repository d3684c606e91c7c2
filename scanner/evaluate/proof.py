"""Data keys, envelopes and self-tests for the report: counted in the database, with a few of each."""

from __future__ import annotations

from datetime import datetime

from scanner.evaluate.factdb import FactDb
from scanner.evaluate.store import naive_utc
from scanner.model.proof import Envelope, Proof, Proven, Registry

TABLES = ("data_keys", "envelopes", "selftests")
MOST_REGISTRIES = 20
MOST_ENVELOPES = 40
MOST_TESTS = 80

_REGISTRIES = """
SELECT registry_id, count(*), count(*) FILTER (state = 'active'), count(*) FILTER (NOT registered),
    count(DISTINCT tenant), max(date_diff('day', activated_at, $as_of)) FILTER (state = 'active'),
    CASE WHEN bool_and(value_count IS NOT NULL) THEN sum(value_count)::BIGINT END
FROM data_keys GROUP BY registry_id ORDER BY registry_id LIMIT $most
"""
_ENVELOPES = """
SELECT envelope_id, format, population, sampled, parsed, plaintext, nonces_repeated, binds_tenant, commits_to_key
FROM envelopes ORDER BY envelope_id, source LIMIT $most
"""
_TESTS = """
SELECT kind, target, coalesce(outcome, 'unknown'), coalesce(detail, ''), cases, calls FROM selftests
ORDER BY CASE outcome WHEN 'fail' THEN 0 WHEN 'pass' THEN 2 ELSE 1 END, kind, target, source LIMIT $most
"""
_OUTCOMES = """
SELECT count(*), count(*) FILTER (outcome = 'pass'), count(*) FILTER (outcome = 'fail') FROM selftests
"""


def proof(db: FactDb, as_of: datetime) -> Proof:
    """Return what the facts say of envelopes and self-tests. Ages are told as of ``as_of``."""
    registries = db.rows(_REGISTRIES, {"as_of": naive_utc(as_of), "most": MOST_REGISTRIES})
    envelopes = db.rows(_ENVELOPES, {"most": MOST_ENVELOPES})
    tests = db.rows(_TESTS, {"most": MOST_TESTS})
    ((count, passed, failed),) = db.rows(_OUTCOMES)
    return Proof(
        registries=tuple(Registry(*row) for row in registries),
        registries_omitted=db.counted("SELECT count(DISTINCT registry_id) FROM data_keys") - len(registries),
        envelopes=tuple(Envelope(*row) for row in envelopes),
        envelopes_omitted=db.counted("SELECT count(*) FROM envelopes") - len(envelopes),
        tests=tuple(Proven(*row) for row in tests),
        tests_omitted=count - len(tests),
        passed=passed,
        failed=failed,
        unknown=count - passed - failed,
    )
