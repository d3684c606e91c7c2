"""What the scanner needs of a token, in words."""

from __future__ import annotations

import pytest

from scanner.collect.pkcs11.operations import OPERATIONS, USER
from scanner.collect.pkcs11.permissions import rights


@pytest.mark.parametrize("login", [True, False])
def test_what_is_called_is_told_in_words(*, login: bool) -> None:
    text = rights(one for one in OPERATIONS if login or USER not in one.permissions)
    assert "C_GetTokenInfo: which token" in text
    assert ("C_Login as CKU_USER" in text) == login
    assert all(line.startswith("#") for line in text.splitlines())


def test_nothing_needs_nothing() -> None:
    assert rights([]) == ""
