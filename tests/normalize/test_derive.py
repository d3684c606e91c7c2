"""Related keys of several regions share their material: what the SQL makes of small tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from scanner.evaluate.store import read_facts, write_facts
from scanner.model.ids import Digest, SourceId
from scanner.model.tables import KeyFact
from scanner.normalize.derive import STATEMENTS

PRIMARY = "arn:aws:kms:us-east-1:111122223333:key/mrk-1"
REPLICA = "arn:aws:kms:us-west-2:111122223333:key/mrk-1"
THIRD = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1"
YEARS = {year: datetime(year, 1, 1) for year in range(2020, 2027)}  # noqa: DTZ001 - as DuckDB keeps them


def key(arn: str, year: int | None, **fields: object) -> KeyFact:
    """Return a related key that was never rotated, created in a year."""
    row = KeyFact(
        source=SourceId(":".join(["aws", *arn.split(":")[4:2:-1]])),
        evidence=(Digest(f"sha256:{arn.split(':')[3]}"),),
        key_id=arn,
        provider="aws",
        account="111122223333",
        region=arn.split(":")[3],
        multi_region=True,
        primary_key_id=PRIMARY,
        rotation_count=0,
        created_at=YEARS.get(year or 0),
        material_since=YEARS.get(year or 0) if arn == PRIMARY else None,
    )
    return replace(row, **fields)  # type: ignore[arg-type]  # any column


def since(folder: Path, *keys: KeyFact) -> dict[str, object]:
    write_facts(keys, folder / "facts", STATEMENTS, YEARS[2026])
    return {str(row["key_id"]): row["material_since"] for row in read_facts(folder / "facts", "keys")}


def test_a_replica_is_as_old_as_the_oldest_of_its_kin(tmp_path: Path) -> None:
    found = since(tmp_path, key(PRIMARY, 2022), key(REPLICA, 2025), key(THIRD, 2024))
    assert set(found.values()) == {YEARS[2022]}


def test_a_primary_that_was_a_replica_once_is_too(tmp_path: Path) -> None:
    assert set(since(tmp_path, key(PRIMARY, 2025), key(REPLICA, 2020)).values()) == {YEARS[2020]}


def test_without_the_primary_nobody_knows(tmp_path: Path) -> None:
    assert set(since(tmp_path, key(REPLICA, 2025), key(THIRD, 2024)).values()) == {None}


@pytest.mark.parametrize("unknown", [PRIMARY, REPLICA])
def test_without_a_date_of_each_nobody_knows(tmp_path: Path, unknown: str) -> None:
    keys = [key(arn, None if arn == unknown else 2023) for arn in (PRIMARY, REPLICA)]
    assert set(since(tmp_path, *keys).values()) == {None}


def test_a_rotation_says_it_better(tmp_path: Path) -> None:
    rotated = {"rotation_count": 1, "material_since": YEARS[2026]}
    found = since(tmp_path, key(PRIMARY, 2022, **rotated), key(REPLICA, 2025, **rotated))
    assert set(found.values()) == {YEARS[2026]}


def test_an_unread_history_stays_unknown(tmp_path: Path) -> None:
    found = since(tmp_path, key(PRIMARY, 2022), key(REPLICA, 2025, rotation_count=None))
    assert found == {PRIMARY: YEARS[2022], REPLICA: None}


def test_other_keys_stay_as_they_are(tmp_path: Path) -> None:
    single = key(THIRD, 2024, multi_region=False, primary_key_id="none", material_since=YEARS[2024])
    unknown = key(REPLICA, 2021, multi_region=None, primary_key_id=None)
    nameless = key(f"{REPLICA}2", 2021, primary_key_id=None)
    found = since(tmp_path, key(PRIMARY, 2022), single, unknown, nameless)
    assert found == {PRIMARY: YEARS[2022], THIRD: YEARS[2024], REPLICA: None, f"{REPLICA}2": None}


def test_another_family_is_another(tmp_path: Path) -> None:
    other = f"{PRIMARY}2"
    found = since(tmp_path, key(PRIMARY, 2022), key(other, 2020, primary_key_id=other, material_since=YEARS[2020]))
    assert found == {PRIMARY: YEARS[2022], other: YEARS[2020]}


def test_the_proof_is_kept(tmp_path: Path) -> None:
    since(tmp_path, key(PRIMARY, 2022), key(REPLICA, 2025))
    proof = {str(row["key_id"]): row["evidence"] for row in read_facts(tmp_path / "facts", "keys")}
    assert proof == {PRIMARY: ["sha256:us-east-1"], REPLICA: ["sha256:us-east-1", "sha256:us-west-2"]}
