"""What is read of the canary tenants, and only that."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from scanner.envelope.rows import OpenError
from scanner.model.observation import GapReason
from scanner.selftest.interface import CannotRunError
from tests.selftest.audited import AUDIO, NOTE, TENANTS, Audited


@pytest.fixture
def audited(dsn: str, connection: psycopg.Connection[Any]) -> Audited:
    return Audited(dsn, connection)


def test_rows_of_other_tenants_are_not_read(audited: Audited) -> None:
    audited.execute("UPDATE audited.calls SET note = 'plain', form = 'plain', audio = 'plain' WHERE tenant = 'real'")
    path = audited.path()
    assert {one.tenant for one in path.canaries().values} == set(TENANTS)
    assert len(audited.path(sample=1).canaries().values) == 2 * 3


def test_reading_happens_in_read_only_transactions(audited: Audited) -> None:
    audited.execute("ALTER TABLE audited.calls RENAME TO stored")
    audited.execute(
        "CREATE FUNCTION audited.meddle() RETURNS bigint LANGUAGE sql AS "
        "'UPDATE audited.stored SET note = NULL RETURNING id'"
    )
    audited.execute(
        "CREATE VIEW audited.calls AS SELECT coalesce(audited.meddle(), s.id) AS id, tenant, dek, note, nonce, form, "
        "audio FROM audited.stored s"
    )
    with pytest.raises(CannotRunError, match="cannot execute UPDATE in a read-only transaction"):
        audited.path().canaries()


def test_values_are_read_with_what_they_are_bound_to(audited: Audited) -> None:
    found = audited.path(NOTE).canaries()
    [first, *_] = found.values
    assert (str(first), first.tenant, first.data_key) == ("note of row 0", "canary-a", "dek-canary-a")
    assert first.bound() == b"note|canary-a|0"
    assert first.open(audited.plain["dek-canary-a"]) == b"made-up note"
    assert found.population == 6
    assert found.counts == {"dek-canary-a": 3, "dek-canary-b": 3}
    assert {key: one.context for key, one in found.data_keys.items()} == {
        f"dek-{tenant}": {"tenant": tenant} for tenant in TENANTS
    }


def test_values_under_a_data_key_are_counted_over_all_tenants(audited: Audited) -> None:
    audited.add_row(100, "real", "dek-canary-a")
    assert audited.path().canaries().counts == {"dek-canary-a": 8, "dek-canary-b": 6}


def test_a_message_opens_whole_or_not_at_all(audited: Audited) -> None:
    [first, *_] = audited.path(AUDIO).canaries().values
    header = first.header()
    key = audited.service.unwrap(header.keys[0].key, header.keys[0].wrapped, dict(header.context))
    assert first.open_message(key) == b"made-up sound" * 20
    with pytest.raises(OpenError, match="cut off"):
        first.open_message(key, first.ciphertext[:-1])
    with pytest.raises(OpenError, match="the version is 9"):
        first.open_message(key, b"\x09")


def test_without_canary_tenants_nothing_is_read(audited: Audited) -> None:
    with pytest.raises(CannotRunError, match="add `canary_tenants: ") as caught:
        audited.path(tenants=()).canaries()
    assert caught.value.reason is GapReason.NOT_ALLOWED
