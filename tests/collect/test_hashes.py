"""Keyed hashes tell values apart, and nothing else."""

from __future__ import annotations

import pytest

from scanner.collect.hashes import Hashes, of_fingerprint


def test_equal_values_have_equal_hashes_under_one_key_alone() -> None:
    one, other = Hashes(), Hashes()
    assert one.of("row", "1") == one.of("row", b"1")
    assert one.of("row", "1") != other.of("row", "1")
    assert one.name == Hashes(one.key).name != other.name


def test_parts_do_not_run_together() -> None:
    hashes = Hashes(b"k" * 32)
    assert len({hashes.of("ab", "c"), hashes.of("a", "bc"), hashes.of("abc"), hashes.of("", "abc")}) == 4


def test_the_key_is_not_shown_and_any_name_has_a_hash() -> None:
    hashes = Hashes(b"k" * 32)
    assert "kkk" not in repr(hashes)
    assert len(hashes.of("bad\udcff")) == 32


SHA = "0123456789abcdef" * 4


@pytest.mark.parametrize("told", [SHA, SHA.upper(), f"\\x{SHA}", f" {SHA}\n"])
def test_a_fingerprint_has_one_hash_in_each_form_and_is_not_told(told: str) -> None:
    found = of_fingerprint(Hashes(b"k" * 32), told)
    assert found == of_fingerprint(Hashes(b"k" * 32), SHA) != of_fingerprint(Hashes(), SHA)
    assert found is not None
    assert found not in SHA


@pytest.mark.parametrize("told", [None, "", "abc", SHA[1:], f"{SHA}0", "g" * 64])
def test_what_is_no_fingerprint_has_none(told: str | None) -> None:
    assert of_fingerprint(Hashes(), told) is None
