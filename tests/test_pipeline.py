"""The stages joined: whole scans of a simulated AWS, as a user would run them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import a_key, a_world, estate_text, scan, simulated

NEWER = """
readings:
  today: {date: 2026-06-14, source: a reading of the user}
certificates:
  - products: [aws-kms]
    certificate: 9999
    reading: today
    module: A newer module
    standard: FIPS 140-3
    level: 3
    status: active
    sunset: 2031-01-01
"""
OF_MODULES = ("--control", "KM-FIP-02", "--control", "KM-FIP-09")


def test_the_users_own_table_of_certificates_counts(tmp_path: Path) -> None:
    table = tmp_path / "newer.yaml"
    table.write_text(NEWER, encoding="utf-8")
    with simulated(a_world(a_key("one"))) as aws:
        text = estate_text(aws.url)
        shipped = scan(tmp_path / "shipped", text, *OF_MODULES, "--as-of", "2026-12-01T00:00:00Z")
        newer = scan(
            tmp_path / "newer", f"certificates: {table}\n{text}", *OF_MODULES, "--as-of", "2026-12-01T00:00:00Z"
        )
    assert (shipped.control("KM-FIP-02"), shipped.control("KM-FIP-09")) == ("fail", "fail")
    assert newer.control("KM-FIP-02") == "pass"
    assert newer.query("SELECT certificate FROM modules WHERE kind = 'key_service'") == [(9999,)]
    assert (newer.folder / "certificates.yaml").read_text(encoding="utf-8") == NEWER


def test_a_table_of_certificates_that_is_wrong_is_told_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "newer.yaml"
    table.write_text(NEWER.replace("level: 3", "level: 9"), encoding="utf-8")
    with simulated(a_world(a_key("one"))) as aws:
        result = scan(tmp_path, f"certificates: {table}\n{estate_text(aws.url)}", *OF_MODULES)
        assert aws.requests == []
    assert result.code == 2
    assert f"{table}:10" in capsys.readouterr().err
    assert not (result.folder / "scan.json").exists()


def test_clean_keys_pass(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"), a_key("two"))) as aws:
        result = scan(tmp_path, estate_text(aws.url))
    assert result.code == 0
    assert result.results["totals"]["fail"] == result.results["totals"]["unknown"] == 0
    assert result.results["totals"]["pass"] > 10
