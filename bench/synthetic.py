"""A synthetic fact folder of any size: plausible keys, policies and grants, the same ones every time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from scanner.evaluate.store import FORMAT
from scanner.model.facts import columns_of
from scanner.model.tables import TABLES

AS_OF = "2026-06-15 12:00:00"

_KIND = {  # per cent of the keys: (below, spec, algorithm, bits, strength, key type, usage)
    "SYMMETRIC_DEFAULT": (82, "AES", 256, 256, "symmetric_key_wrapping", "encrypt"),
    "HMAC_256": (88, "HMAC", 256, 256, "symmetric_authentication", "mac"),
    "RSA_2048": (92, "RSA", 2048, 112, "private_signature", "sign"),
    "RSA_3072": (96, "RSA", 3072, 128, "private_key_transport", "encrypt"),
    "ECC_NIST_P256": (100, "EC", 256, 128, "private_signature", "sign"),
}


def _by_kind(place: int) -> str:
    whens = " ".join(f"WHEN kind < {kind[0]} THEN {kind[place]!r}" for kind in _KIND.values())
    return f"CASE {whens} END"


def _spec() -> str:
    return "CASE " + " ".join(f"WHEN kind < {kind[0]} THEN '{name}'" for name, kind in _KIND.items()) + " END"


def _dice(salt: int) -> str:
    """Return SQL for a number from 0 to 99 that depends on the row and the salt alone."""
    return f"(hash(i, {salt}) % 100)::INT"


def _unless(percent: int, salt: int, value: str) -> str:
    """Return SQL that is NULL for some per cent of the rows: what a denied read leaves."""
    return f"CASE WHEN {_dice(salt)} >= {percent} THEN {value} END"


def _days_ago(most: int, salt: int) -> str:
    return f"TIMESTAMP '{AS_OF}' - to_days((hash(i, {salt}) % {most})::INT)"


def _digests(count: int) -> str:
    return "[" + ", ".join(f"'sha256:' || sha256(concat(i, ' ', {n}))" for n in range(count)) + "]"


_BASE = """
    SELECT i, 'arn:aws:kms:' || region || ':' || account || ':key/' || id AS arn, account, region,
        'aws:' || account || ':' || region AS source, kind, customer, supported
    FROM (
        SELECT range AS i, format('{:012d}', 111122223333 + hash(range, 1) % 4) AS account,
            ['us-east-1', 'us-west-2'][1 + (hash(range, 2) % 2)::INT] AS region, md5(range::VARCHAR)::UUID AS id,
            (hash(range, 3) % 100)::INT AS kind, hash(range, 4) % 100 < 92 AS customer,
            hash(range, 5) % 100 < 90 AS supported
        FROM range($rows)
    )
"""

_STATE = f"CASE WHEN {_dice(10)} < 90 THEN 'active' WHEN {_dice(10)} < 96 THEN 'suspended' ELSE 'deactivated' END"
_CUSTOMER = "CASE WHEN customer THEN 'customer' ELSE 'provider' END"
_ALIAS = "'alias/tenant-' || i"

KEYS: Mapping[str, str] = {
    "source": "source",
    "evidence": _digests(9),
    "key_id": "arn",
    "provider": "'aws'",
    "account": "account",
    "region": "region",
    "name": _ALIAS,
    "aliases": f"[{_ALIAS}]",
    "managed_by": _unless(1, 11, _CUSTOMER),
    "key_type": _by_kind(4),
    "provider_spec": _spec(),
    "algorithm": _by_kind(1),
    "curve": "CASE WHEN kind >= 96 THEN 'P-256' ELSE 'none' END",
    "length_bits": _by_kind(2),
    "strength_bits": _by_kind(3),
    "approved_algorithm": "true",
    "quantum_vulnerable": "kind >= 88",
    "usage": _by_kind(5),
    "usage_count": "1",
    "state": _unless(1, 11, _STATE),
    "provider_state": f"CASE WHEN {_dice(10)} < 90 THEN 'Enabled' ELSE 'Disabled' END",
    "origin": f"CASE WHEN {_dice(12)} < 97 THEN 'provider' WHEN {_dice(12)} < 99 THEN 'imported' "
    "ELSE 'external_store' END",
    "key_store_id": "'none'",
    "external_key_ref": "'none'",
    "created_at": _days_ago(2000, 13),
    "expires": f"{_dice(12)} BETWEEN 97 AND 98",
    "expires_at": f"CASE WHEN {_dice(12)} BETWEEN 97 AND 98 THEN TIMESTAMP '{AS_OF}' + to_days({_dice(14)}) END",
    "deletion_scheduled": f"{_dice(10)} >= 96",
    "deletion_at": f"CASE WHEN {_dice(10)} >= 96 THEN TIMESTAMP '{AS_OF}' + to_days(({_dice(15)} * 30) // 100) END",
    "deletion_window_days": f"CASE WHEN {_dice(10)} >= 98 THEN 7 + {_dice(16)} % 24 END",
    "multi_region": f"{_dice(17)} < 30",
    "multi_region_role": f"CASE WHEN {_dice(17)} < 30 THEN 'primary' ELSE 'none' END",
    "primary_key_id": f"CASE WHEN {_dice(17)} < 30 THEN arn ELSE 'none' END",
    "location_count": f"CASE WHEN {_dice(17)} < 30 THEN 2 ELSE 1 END",
    "rotation_supported": "supported AND kind < 82",
    "rotation_enabled": _unless(2, 18, f"supported AND kind < 82 AND {_dice(19)} < 85"),
    "rotation_period_days": _unless(2, 18, f"CASE WHEN supported AND kind < 82 THEN 365 + 10 * {_dice(20)} END"),
    "next_rotation_at": _unless(2, 18, f"TIMESTAMP '{AS_OF}' + to_days({_dice(21)})"),
    "rotation_count": f"{_dice(22)} % 6",
    "last_rotated_at": _days_ago(900, 23),
    "material_since": _unless(2, 24, _days_ago(900, 23)),
    "current_material_id": "sha256(concat(i, ' material'))",
    "ever_used": _unless(2, 25, f"{_dice(26)} < 95"),
    "last_used_at": f"CASE WHEN {_dice(26)} < 95 THEN {_days_ago(300, 27)} END",
    "last_used_operation": "'Decrypt'",
    "last_used_event_id": "md5(concat(i, ' event'))::UUID::VARCHAR",
    "use_tracked_since": f"TIMESTAMP '{AS_OF}' - to_days(400)",
    "tags": _unless(
        2,
        28,
        f"CASE WHEN {_dice(29)} < 60 THEN ['data-classification=ephi', 'owner=platform', 'tenant=' || i] "
        f"WHEN {_dice(29)} < 90 THEN ['data-classification=internal', 'owner=platform', 'tenant=shared'] "
        "ELSE ['cost=voice'] END",
    ),
    "tag_keys": _unless(
        2, 28, f"CASE WHEN {_dice(29)} < 90 THEN ['data-classification', 'owner', 'tenant'] ELSE ['cost'] END"
    ),
}

KEY_POLICIES: Mapping[str, str] = {
    "source": "source",
    "evidence": _digests(2),
    "key_id": "arn",
    "account": "account",
    "name": _ALIAS,
    "managed_by": _unless(1, 11, _CUSTOMER),
    "public": _unless(2, 30, f"{_dice(31)} < 1"),
    "public_actions": _unless(2, 30, f"CASE WHEN {_dice(31)} < 1 THEN ['Decrypt'] ELSE [] END"),
    "organization_wide": _unless(2, 30, "false"),
    "cross_accounts": _unless(2, 30, f"CASE WHEN {_dice(32)} < 3 THEN ['999988887777'] ELSE [] END"),
    "service_principals": _unless(2, 30, "['s3.amazonaws.com']"),
    "admin_principals": _unless(2, 30, "['arn:aws:iam::' || account || ':role/key-admin']"),
    "use_principals": _unless(2, 30, "['arn:aws:iam::' || account || ':role/voice-app']"),
    "admin_and_use": _unless(
        2, 30, f"CASE WHEN {_dice(33)} < 2 THEN ['arn:aws:iam::' || account || ':role/ops'] ELSE [] END"
    ),
    "delegates_to_iam": _unless(2, 30, "true"),
    "uses_not_principal": _unless(2, 30, "false"),
    "uses_not_action": _unless(2, 30, f"{_dice(34)} < 1"),
    "attestation_conditions": _unless(2, 30, "[]"),
}

KEY_GRANTS: Mapping[str, str] = {
    "source": "source",
    "evidence": _digests(1),
    "grant_id": "sha256(concat(i, ' grant'))",
    "key_id": "arn",
    "account": "account",
    "name": "''",
    "grantee": f"CASE WHEN {_dice(41)} < 70 THEN 'rds.amazonaws.com' ELSE 'arn:aws:iam::999988887777:role/partner' END",
    "grantee_account": f"CASE WHEN {_dice(41)} < 70 THEN 'none' ELSE '999988887777' END",
    "grantee_is_service": _unless(1, 42, f"{_dice(41)} < 70"),
    "cross_account": _unless(1, 42, f"{_dice(41)} >= 95"),
    "operations": "['CreateGrant', 'Decrypt', 'GenerateDataKey']",
    "decrypts": "true",
    "context_bound": "false",
    "retiring_principal": "'none'",
    "can_regrant": f"{_dice(43)} < 10",
    "created_at": _days_ago(700, 44),
}

COVERAGE_OF_SCOPES = """
    SELECT source, [source] AS evidence, kind || ' ' || source AS coverage_id, kind AS listed_table,
        source AS parent_id,
        true AS complete, 1 AS row_count
    FROM (SELECT DISTINCT source FROM keys), (VALUES ('keys'), ('key_policies'), ('key_stores')) kinds(kind)
"""

COVERAGE_OF_GRANTS = """
    SELECT source, evidence[1:1] AS evidence, 'key_grants ' || key_id AS coverage_id, 'key_grants' AS listed_table,
        key_id AS parent_id, hash(key_id) % 100 > 1 AS complete, 1 AS row_count
    FROM keys WHERE managed_by = 'customer'
"""


def write_synthetic_facts(folder: Path, rows: int) -> None:
    """Write every fact table with ``rows`` keys: sorted and complete as ``write_facts`` leaves them."""
    folder.mkdir(parents=True)
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(folder.parent / "spill")}) as db:
        selects = {
            "keys": f"SELECT {_listed(KEYS)} FROM ({_BASE})",
            "key_policies": f"SELECT {_listed(KEY_POLICIES)} FROM ({_BASE})",
            "key_grants": f"SELECT {_listed(KEY_GRANTS)} FROM ({_BASE}) WHERE customer AND {_dice(40)} < 40",
        }
        for table in TABLES:
            columns = columns_of(table)
            db.execute(f'CREATE TABLE "{table.table}" ({", ".join(f"{c.name} {c.sql_type}" for c in columns)})')
            if table.table in selects:
                db.execute(f'INSERT INTO "{table.table}" BY NAME {selects[table.table]}', {"rows": rows})
            if table.table == "coverage":
                db.execute(f"INSERT INTO coverage BY NAME {COVERAGE_OF_SCOPES}")
                db.execute(f"INSERT INTO coverage BY NAME {COVERAGE_OF_GRANTS}")
        for table in TABLES:
            target = str(folder / f"{table.table}.parquet").replace("'", "''")
            db.execute(f'COPY (SELECT * FROM "{table.table}" ORDER BY "{table.key}", source) TO \'{target}\' {FORMAT}')


def _listed(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{value} AS {name}" for name, value in columns.items())
