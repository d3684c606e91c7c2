"""The stages joined: whole scans of a simulated AWS, as a user would run them."""

from __future__ import annotations

from pathlib import Path

from tests.support import a_key, a_world, estate_text, scan, simulated


def test_a_clean_account_passes(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"), a_key("two"))) as aws:
        result = scan(tmp_path, estate_text(aws.url))
    assert result.code == 0
    assert result.results["totals"]["fail"] == result.results["totals"]["unknown"] == 0
    assert result.results["totals"]["pass"] > 10
