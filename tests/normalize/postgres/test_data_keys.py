"""The registry to rows: what it says of each data key, how values use it, and which keys it lacks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from scanner.model.envelope import DataKeyFact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact
from scanner.normalize.postgres.data_keys import STATES, Registry, data_keys
from scanner.normalize.postgres.usage import column
from tests.normalize.builders import missed, rows
from tests.normalize.postgres.answers import BODY, KEK, REGISTRY, STORE, a_key, keys, unit, use, used

WHOLE = Registry(REGISTRY, tells_activation=True, tells_retirement=True)
SMALL = Registry(REGISTRY, tells_activation=False, tells_retirement=False)


def read(*records: Record, registry: Registry = WHOLE) -> tuple[list[DataKeyFact], list[CoverageFact]]:
    index = unit(*records)
    found = list(data_keys(index, registry, [column(index, BODY, STORE, names_keys=True)], "voice"))
    return rows(found, DataKeyFact), rows(found, CoverageFact)


def one(registry: Registry = WHOLE, /, **given: Json) -> DataKeyFact:
    ((row,), _) = read(keys(a_key("a", **given)), used(use("a")), registry=registry)
    return row


def test_a_registered_key_that_is_used() -> None:
    row = one()
    assert (row.data_key_id, row.registry_id, row.account, row.registered) == (f"{REGISTRY}/a", REGISTRY, "voice", True)
    assert (row.tenant, row.tenants, row.tenant_count, row.value_count) == ("t-1", ("t-1",), 1, 3)
    assert (row.key_ref, row.wrapped, row.wrapped_bytes, row.wrap_algorithm) == (KEK, True, 184, "kms")
    assert (row.algorithm, row.length_bits, row.strength_bits, row.state) == ("AES", 256, 256, "active")
    assert (row.created_at, row.activated_at) == (datetime(2026, 1, 1), datetime(2026, 1, 2))  # noqa: DTZ001 - no zone
    assert (row.retires, row.retired_at, row.writes, row.last_write_at) == (False, None, True, datetime(2026, 5, 1))  # noqa: DTZ001 - no zone
    assert (row.key_id, row.key_state, len(row.evidence)) == (None, None, 2)


TOLD: list[tuple[dict[str, Json], str, Any]] = [
    ({"length": 32}, "wrapped", False),
    ({"length": 16}, "wrapped", False),
    ({"length": 24}, "wrapped", False),
    ({"length": 24, "wrap_algorithm": "AES-KW"}, "wrapped", None),
    ({"length": 40, "wrap_algorithm": "aes-kw"}, "wrapped", True),
    ({"length": 5}, "wrapped", None),
    ({"length": None}, "wrapped", True),
    ({"length": None}, "wrapped_bytes", 0),
    ({"length": 0}, "wrapped", True),
    ({"length": "184"}, "wrapped", None),
    ({"length": 44, "form": "text"}, "wrapped", None),
    ({"length": 44, "form": "text"}, "wrapped_bytes", None),
    ({"wrap_algorithm": " AES-GCM "}, "wrap_algorithm", "aes-gcm"),
    ({"wrap_algorithm": None}, "wrap_algorithm", None),
    ({"fingerprint": "ab12"}, "fingerprint", "ab12"),
    ({"fingerprint": None}, "fingerprint", None),
    ({}, "fingerprint", None),
    ({"algorithm": "AES_128"}, "strength_bits", 128),
    ({"algorithm": "A192GCM"}, "length_bits", 192),
    ({"algorithm": "aes256"}, "length_bits", 256),
    ({"algorithm": "AES-2560"}, "length_bits", None),
    ({"algorithm": "ChaCha20"}, "algorithm", None),
    ({"algorithm": None}, "algorithm", None),
    ({"state": " Retired "}, "state", "deactivated"),
    ({"state": "revoked"}, "state", "deactivated"),
    ({"state": "compromised"}, "state", "compromised"),
    ({"state": "destroyed"}, "state", "destroyed"),
    ({"state": "in use"}, "state", None),
    ({"state": None}, "state", None),
    ({"retired": "2026-04-01T00:00:00.000Z"}, "retires", True),
    ({"activated": None}, "activated_at", datetime(2026, 1, 1)),  # noqa: DTZ001 - no zone
    ({"activated": "soon"}, "activated_at", None),
    ({"kek": None}, "key_ref", None),
]


@pytest.mark.parametrize(("given", "name", "expected"), TOLD)
def test_what_the_registry_says_of_a_key(given: dict[str, Json], name: str, expected: Any) -> None:  # noqa: ANN401 - a value
    assert getattr(one(WHOLE, **given), name) == expected


def test_what_the_registry_does_not_tell() -> None:
    row = one(SMALL, activated=None)
    assert (row.activated_at, row.retires, row.retired_at) == (datetime(2026, 1, 1), None, None)  # noqa: DTZ001 - no zone


def test_the_states_are_those_of_sp_800_57() -> None:
    assert set(STATES.values()) == {
        *("pre_activation", "active", "suspended", "deactivated", "compromised", "destroyed"),
    }


def test_a_key_that_only_values_name_is_not_registered() -> None:
    found, (coverage,) = read(keys(a_key("a")), used(use("gone", 7)))
    unused, orphan = found
    assert (orphan.data_key_id, orphan.registered, orphan.value_count, orphan.key_ref) == (
        f"{REGISTRY}/gone",
        False,
        7,
        None,
    )
    assert (unused.value_count, unused.tenants, unused.writes, unused.last_write_at) == (0, (), False, None)
    assert (coverage.parent_id, coverage.complete, coverage.row_count) == (REGISTRY, True, 2)


@pytest.mark.parametrize("gone", [missed("postgres:DataKeys", subject=REGISTRY), keys(a_key("a"), a_key(None))])
def test_an_incomplete_registry_may_have_the_key(gone: Record) -> None:
    found, (coverage,) = read(gone, used(use("b")))
    assert {row.data_key_id: row.registered for row in found}[f"{REGISTRY}/b"] is None
    assert not coverage.complete


def test_without_the_use_it_is_not_known_and_there_may_be_more_keys() -> None:
    (row,), (coverage,) = read(keys(a_key("a")), missed("postgres:Usage", subject=BODY))
    assert (row.tenants, row.tenant_count, row.value_count, row.writes) == (None, None, None, None)
    assert not coverage.complete


def test_a_database_without_columns_that_name_keys_tells_no_use() -> None:
    index = unit(keys(a_key("a")), used(use(None), place=BODY))
    row, coverage = data_keys(index, WHOLE, [column(index, BODY, STORE, names_keys=False)], "voice")
    assert isinstance(row, DataKeyFact)
    assert isinstance(coverage, CoverageFact)
    assert (row.value_count, coverage.complete) == (None, True)


def test_two_rows_of_one_id_tell_nothing_but_that_it_is_there() -> None:
    (row,), _ = read(keys(a_key("a"), page=0, last=False), keys(a_key("a", kek="other"), page=1), used(use("a")))
    assert (row.registered, row.key_ref, row.state, row.value_count, len(row.evidence)) == (True, None, None, 3, 3)


def test_what_was_not_asked_has_no_listing() -> None:
    assert read() == ([], [])
