"""Keyed hashes tell values apart, and nothing else."""

from __future__ import annotations

from scanner.collect.hashes import Hashes


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
