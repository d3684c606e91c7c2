"""Sealing a package: what is checked before a secret is asked for. `test_package.py` makes packages by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.cli.packaging import Wanted, seals
from scanner.errors import KeyauditError, UsageError


def unasked() -> str:
    raise AssertionError("nothing is asked for")


def test_nothing_wanted_is_nothing_checked() -> None:
    given = seals(Wanted(passphrase=unasked, pin=unasked))
    assert (given.stamp, given.certified) == (None, None)


def test_what_is_wrong_is_told_before_anything_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not the URL of a timestamp authority"):
        seals(Wanted(timestamp="ftp://tsa", passphrase=unasked, pin=unasked))
    with pytest.raises(KeyauditError, match=r"nothing\.pem"):
        seals(Wanted(sign="file:x", sign_pdf=tmp_path / "nothing.pem", passphrase=unasked, pin=unasked))


def test_a_key_is_not_opened_yet() -> None:
    given = seals(Wanted(sign="file:/nowhere", timestamp="https://tsa.example.com", passphrase=unasked, pin=unasked))
    assert given.wanted.sign == "file:/nowhere"
    assert given.stamp is not None
