"""Text, instants and JSON: what the database holds, and that it comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.history.db.columns import compact, escape, fingerprint, instant_text, unescape
from tests.history.scans import HOSTILE


@given(st.text(st.characters(exclude_categories=())) | st.text("\x00\x1a0a\ud800"))
def test_every_text_comes_back_and_no_database_has_trouble_with_it(text: str) -> None:
    held = escape(text)
    assert unescape(held) == text
    assert "\x00" not in held
    held.encode()


def test_what_is_plain_stays_as_it_is() -> None:
    assert escape("arn:aws:kms:é") == "arn:aws:kms:é"
    assert escape("a\x00\x1a\udfff") == "a\x1a0000\x1a001a\x1adfff"


def test_a_fingerprint_tells_texts_apart_by_where_they_end() -> None:
    assert len({fingerprint(*texts) for texts in ((), ("",), ("ab",), ("a", "b"), ("", "ab"), ("ab", ""))}) == 6
    assert len(fingerprint("\ud800", HOSTILE)) == 32


INSTANTS = [
    (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "2026-01-02T03:04:05.000006Z"),
    (datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=5))), "2026-01-01T19:00:00.000000Z"),
    (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000000Z"),
    (datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "9999-12-31T23:59:59.999999Z"),
]


@pytest.mark.parametrize(("moment", "text"), INSTANTS)
def test_instants_have_one_width(moment: datetime, text: str) -> None:
    assert instant_text(moment) == text
    assert datetime.fromisoformat(text) == moment


def test_json_is_the_same_for_the_same_value() -> None:
    assert compact({"b": [1, None], "a": "é\x00"}) == r'{"a":"\u00e9\u0000","b":[1,null]}'
