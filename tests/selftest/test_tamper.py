"""Every part of a value is changed, and no change opens."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from scanner.envelope.rows import OpenError
from scanner.selftest.tamper import flips, tampered_messages, tampered_rows, two_keys
from tests.selftest.audited import AUDIO, FORM, NOTE, Audited


@pytest.fixture
def audited(dsn: str, connection: psycopg.Connection[Any]) -> Audited:
    return Audited(dsn, connection)


@pytest.mark.parametrize("column", [NOTE, FORM])
def test_every_part_of_a_value_is_changed(audited: Audited, column: str) -> None:
    [value, *_] = audited.path(column).canaries().values
    key = bytearray(audited.plain["dek-canary-a"])
    changes = list(tampered_rows(value, key))
    counts = {part: [name for name, _ in changes].count(part) for part, _ in changes}
    assert counts == {
        "nonce": 12,
        "ciphertext": len(value.open(key)),
        "tag": 16,
        "AAD": len(value.bound()),
        "length": 5,
    }
    for _, attempt in changes:
        with pytest.raises(OpenError):
            attempt()


def test_every_part_of_a_message_is_changed(audited: Audited) -> None:
    [value, *_] = audited.path(AUDIO).canaries().values
    header = value.header()
    key = audited.service.unwrap(header.keys[0].key, header.keys[0].wrapped, dict(header.context))
    changes = list(tampered_messages(value, key))
    assert [part for part, _ in changes].count("header") == header.length
    assert {part for part, _ in changes} == {"header", "body", "length"}
    for _, attempt in changes:
        with pytest.raises(OpenError):
            attempt()
    assert not two_keys(value, key)


def test_two_keys_open_a_value_of_the_format(audited: Audited) -> None:
    [value, *_] = audited.path(NOTE).canaries().values
    assert two_keys(value, bytearray(audited.plain["dek-canary-a"]))


@pytest.mark.parametrize(("length", "most", "places"), [(0, 4, []), (1, 4, [0]), (3, 4, [0, 1, 2]), (9, 3, [0, 4, 8])])
def test_one_bit_is_flipped_at_a_time(length: int, most: int, places: list[int]) -> None:
    changed = list(flips(bytes(length), most))
    assert [[n for n, byte in enumerate(one) if byte] for one in changed] == [[place] for place in places]
    assert all(sum(one).bit_count() == 1 for one in changed)
