"""The versions of a key: which one counts, and what the history tells."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from scanner.model.ids import Json
from scanner.normalize.gcp.versions import attested, material, rows
from scanner.normalize.records import Records
from tests.normalize.gcp.answers import CRYPTO_KEY, KEY, VERSION, changed, key_records

DAY = {number: f"2026-0{number}-01T00:00:00Z" for number in range(1, 10)}


def a_version(number: int, state: str = "ENABLED", **fields: Json) -> dict[str, Any]:
    made: dict[str, Json] = {
        "name": f"{KEY}/cryptoKeyVersions/{number}",
        "state": state,
        "createTime": DAY[number],
        "generateTime": DAY[number],
    }
    return changed(VERSION, **{**made, **fields})


def read(*versions: dict[str, Any], primary: int | None = None, last: bool = True) -> tuple[Records, dict[str, Any]]:
    of_number = {one["name"].rpartition("/")[2]: one for one in versions}
    body = changed(CRYPTO_KEY, primary=of_number.get(str(primary)))
    return Records(key_records(*versions, key=body, last=last)), body


@pytest.mark.parametrize(
    ("states", "primary", "state"),
    [
        (["ENABLED"], 1, "active"),
        (["ENABLED", "DISABLED"], 2, "suspended"),
        (["ENABLED", "DESTROY_SCHEDULED"], 2, "deactivated"),
        (["DESTROYED"], 1, "destroyed"),
        (["SURPRISE"], 1, None),
        (["ENABLED", "DISABLED"], None, "active"),
        (["DESTROY_SCHEDULED", "DISABLED"], None, "suspended"),
        (["DESTROYED", "DESTROY_SCHEDULED"], None, "deactivated"),
        (["DESTROYED", "PENDING_IMPORT"], None, "pre_activation"),
        (["IMPORT_FAILED"], None, "pre_activation"),
        (["DESTROYED", "PENDING_EXTERNAL_DESTRUCTION"], None, "destroyed"),
        (["DISABLED", "SURPRISE"], None, None),
        ([], None, "pre_activation"),
    ],
)
def test_the_state_of_a_key(states: list[str], primary: int | None, state: str | None) -> None:
    unit, body = read(*(a_version(i, one) for i, one in enumerate(states, 1)), primary=primary)
    assert material(unit, KEY, body).state == state


def test_without_the_whole_list_only_an_enabled_version_tells_the_state() -> None:
    assert material(*_args(a_version(1, "DISABLED"), last=False)).state is None
    assert material(*_args(a_version(1), last=False)).state == "active"
    found = material(*_args(a_version(1), last=False))
    assert (found.current, found.rotation_count, found.since) == (None, None, None)


def _args(*versions: dict[str, Any], last: bool = True) -> tuple[Records, str, dict[str, Any]]:
    unit, body = read(*versions, last=last)
    return unit, KEY, body


def test_the_primary_version_is_the_material() -> None:
    unit, body = read(a_version(1), a_version(2, "DISABLED"), a_version(3), primary=3)
    found = material(unit, KEY, body)
    assert (found.rotation_count, found.since) == (2, datetime(2026, 3, 1))  # noqa: DTZ001 - as DuckDB keeps it
    assert found.rotated_at == found.since


def test_a_key_that_was_rolled_back_has_its_old_material() -> None:
    unit, body = read(a_version(1), a_version(2), primary=1)
    found = material(unit, KEY, body)
    assert (found.rotation_count, found.rotated_at) == (0, None)
    assert found.since == datetime(2026, 1, 1)  # noqa: DTZ001 - as above


@pytest.mark.parametrize(
    ("states", "current"),
    [
        (["ENABLED", "ENABLED", "DISABLED"], 2),
        (["DISABLED", "DESTROYED", "PENDING_GENERATION"], 2),
        (["PENDING_GENERATION"], 1),
        ([], None),
    ],
)
def test_without_a_primary_the_newest_usable_one_counts(states: list[str], current: int | None) -> None:
    unit, body = read(*(a_version(i, one) for i, one in enumerate(states, 1)))
    found = material(unit, KEY, body).current
    assert found is not None
    assert found.get("name") == (f"{KEY}/cryptoKeyVersions/{current}" if current else None)


def test_versions_that_never_had_material_are_no_rotation() -> None:
    unit, body = read(a_version(1, "GENERATION_FAILED"), a_version(2, "DESTROYED"), a_version(3), primary=3)
    assert material(unit, KEY, body).rotation_count == 1


def test_versions_are_in_the_order_of_their_numbers() -> None:
    versions = [changed(VERSION, name=f"{KEY}/cryptoKeyVersions/{number}") for number in (10, 9, "odd")]
    found = material(*_args(*versions))
    assert [str(one["name"]).rpartition("/")[2] for one in found.versions] == ["odd", "9", "10"]


def test_the_row_of_each_version() -> None:
    versions = [
        a_version(1, "DESTROYED", destroyTime=DAY[3], destroyEventTime=DAY[4], attestation=None),
        a_version(2, "DESTROY_SCHEDULED", destroyTime=DAY[9], importJob=f"{KEY}/j", importTime=DAY[5]),
        a_version(3),
        a_version(4, "PENDING_IMPORT", generateTime=None),
        a_version(5, "PENDING_GENERATION"),
        changed(a_version(6), state=None),
    ]
    unit, body = read(*versions, primary=3)
    made = rows(unit, KEY, material(unit, KEY, body))
    assert [row.version_id for row in made] == [f"{KEY}/cryptoKeyVersions/{number}" for number in range(1, 7)]
    assert [row.material_state for row in made] == [
        *("non_current", "non_current", "current", "pending", "pending"),
        None,
    ]
    assert [row.import_state for row in made] == ["none", "imported", "none", "pending_import", "none", "none"]
    assert [row.rotation_type for row in made] == ["none", None, None, None, None, None]
    assert [row.destroy_at and row.destroy_at.month for row in made] == [4, 9, None, None, None, None]
    assert [row.attested for row in made] == [False, True, True, True, True, True]
    assert made[1].created_at == datetime(2026, 5, 1)  # noqa: DTZ001 - as above
    assert all((row.expires, row.key_id, row.hsm_platform) == (False, KEY, "none") for row in made)


def test_the_first_one_is_known_when_all_are() -> None:
    unit, body = read(a_version(4), last=False)
    (row,) = rows(unit, KEY, material(unit, KEY, body))
    assert row.rotation_type is None
    assert row.import_state == "none"
    unit, body = read(a_version(4, importJob=7))
    assert rows(unit, KEY, material(unit, KEY, body))[0].import_state is None


@pytest.mark.parametrize(
    ("version", "told"),
    [
        (None, None),
        ({}, False),
        ({"protectionLevel": "SOFTWARE"}, False),
        ({"protectionLevel": "HSM"}, False),
        ({"protectionLevel": "HSM", "attestation": {"format": "CAVIUM_V2_COMPRESSED"}}, True),
        ({"protectionLevel": "HSM", "attestation": {"content": "x"}}, False),
        ({"protectionLevel": "SURPRISE"}, None),
    ],
)
def test_whether_the_modules_statement_is_there(version: dict[str, Json] | None, told: bool | None) -> None:
    assert attested(version) is told
