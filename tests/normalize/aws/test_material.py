"""Versions of a key's material; what they make of the key is in `key_answers.yaml`."""

from __future__ import annotations

from datetime import datetime

import pytest

from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact, KeyVersionFact
from scanner.normalize.aws.kms import normalize
from scanner.normalize.aws.material import region_role, spec_of
from tests.normalize.builders import KEY, described, listed, missed, observed, rows

CREATED = datetime(2025, 1, 2, 3, 4, 5)  # noqa: DTZ001 - as DuckDB keeps it
ROTATED = datetime(2025, 6, 1)  # noqa: DTZ001


def history(*entries: Json, last: bool = True, page: int = 0) -> Record:
    return observed("kms:ListKeyRotations", {"Rotations": list(entries)}, subject=KEY, last=last, page=page)


def versions(*answers: Record, **fields: Json) -> list[KeyVersionFact]:
    return rows(list(normalize([listed(KEY), described(**fields), *answers])), KeyVersionFact)


def test_each_material_is_a_version() -> None:
    first, second = sorted(
        versions(
            history(
                {"KeyMaterialId": "aa", "KeyMaterialState": "NON_CURRENT"},
                {
                    "KeyMaterialId": "bb",
                    "KeyMaterialState": "CURRENT",
                    "RotationDate": "2025-06-01T00:00:00Z",
                    "RotationType": "AUTOMATIC",
                },
            )
        ),
        key=lambda v: v.version_id,
    )
    assert (first.version_id, first.material_state, first.rotation_type) == (f"{KEY}#aa", "non_current", "none")
    assert (first.created_at, first.import_state, first.expires) == (CREATED, "none", False)
    assert (second.version_id, second.material_state, second.rotation_type) == (f"{KEY}#bb", "current", "automatic")
    assert (second.created_at, second.expires_at) == (ROTATED, None)


def test_imported_material_has_a_state_and_may_expire() -> None:
    entry: Json = {
        "KeyMaterialId": "aa",
        "KeyMaterialDescription": "from the HSM",
        "KeyMaterialState": "CURRENT",
        "ImportState": "PENDING_IMPORT",
        "ExpirationModel": "KEY_MATERIAL_EXPIRES",
        "ValidTo": "2025-06-01T00:00:00Z",
    }
    (version,) = versions(history(entry), Origin="EXTERNAL")
    assert (version.import_state, version.expires, version.expires_at) == ("pending_import", True, ROTATED)


@pytest.mark.parametrize("state", ["PENDING_ROTATION", "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"])
def test_material_that_waits_is_not_in_use(state: str) -> None:
    (version,) = versions(history({"KeyMaterialId": "aa", "KeyMaterialState": state}), Origin="EXTERNAL")
    assert (version.material_state, version.created_at) == ("pending", None)


@pytest.mark.parametrize(
    ("entry", "column"),
    [
        ({"KeyMaterialState": "MELTED"}, "material_state"),
        ({"KeyMaterialState": 5}, "material_state"),
        ({"ImportState": "LOST"}, "import_state"),
        ({"ImportState": 5}, "import_state"),
        ({"RotationType": "BY_HAND"}, "rotation_type"),
        ({"RotationType": 5}, "rotation_type"),
        ({"ExpirationModel": "SOMETIME"}, "expires"),
        ({"ExpirationModel": 5}, "expires"),
        ({"RotationDate": 5}, "created_at"),
        ({"RotationDate": "2025-06-01"}, "created_at"),
        ({"ValidTo": 5}, "expires_at"),
        ({}, "created_at"),  # without a state nobody knows whether it waits
    ],
)
def test_what_an_entry_does_not_say_is_not_known(entry: dict[str, Json], column: str) -> None:
    (version,) = versions(history({"KeyMaterialId": "aa", **entry}))
    assert getattr(version, column) is None


@pytest.mark.parametrize(
    ("entry", "suffix"),
    [
        ({"KeyMaterialId": "aa", "RotationDate": "2025-06-01T00:00:00Z"}, "aa"),
        ({"RotationDate": "2025-06-01T00:00:00Z"}, "2025-06-01T00:00:00"),
        ({"KeyMaterialState": "PENDING_ROTATION"}, "PENDING_ROTATION"),
    ],
)
def test_a_version_is_called_by_its_material_its_date_or_its_state(entry: Json, suffix: str) -> None:
    assert versions(history(entry))[0].version_id == f"{KEY}#{suffix}"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([history({"KeyMaterialId": "a"}, last=False), history({"KeyMaterialId": "b"}, page=1)], (True, 2)),
        ([history({"KeyMaterialId": "a"}, last=False)], (False, 1)),
        ([history({"KeyMaterialId": "a"}, "b")], (False, 1)),
        ([history()], (True, 0)),
        ([observed("kms:ListKeyRotations", {}, subject=KEY, error="UnsupportedOperationException")], (True, 0)),
        ([missed("kms:ListKeyRotations", subject=KEY)], None),
        ([], None),
    ],
)
def test_whether_versions_were_listed_to_the_end(answers: list[Record], expected: tuple[bool, int] | None) -> None:
    covered = rows(list(normalize([listed(KEY), described(), *answers])), CoverageFact)
    found = [(row.complete, row.row_count) for row in covered if row.coverage_id == f"key_versions {KEY}"]
    assert found == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (None, None),
        ({}, None),
        ({"KeySpec": "RSA_2048"}, "RSA_2048"),
        ({"CustomerMasterKeySpec": "RSA_2048"}, "RSA_2048"),
        ({"KeySpec": "RSA_2048", "CustomerMasterKeySpec": "RSA_2048"}, "RSA_2048"),
        ({"KeySpec": "RSA_2048", "CustomerMasterKeySpec": "RSA_4096"}, None),
        ({"KeySpec": 5, "CustomerMasterKeySpec": "RSA_4096"}, None),
    ],
)
def test_the_spec_has_two_names_that_must_agree(metadata: dict[str, Json] | None, expected: str | None) -> None:
    assert spec_of(metadata) == expected


def test_one_region_needs_its_flag() -> None:
    assert region_role(KEY, {"MultiRegion": False}) == "none"
    assert region_role(KEY, {}) is None
    assert region_role(KEY, None) is None
