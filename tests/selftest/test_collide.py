"""One ciphertext that two keys open."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanner.selftest.collide import collide

FIRST, SECOND, NONCE = bytes(range(32)), bytes(32), b"nonce-of-12b"


@pytest.mark.parametrize("bound", [b"", b"a", b"x" * 16, b"notes|tenant-a|17|0b7e5a6a-7f2f-4b0f-9d55"])
def test_two_keys_open_one_ciphertext_each_to_something_else(bound: bytes) -> None:
    ciphertext = collide(FIRST, SECOND, NONCE, bound)
    one, other = (AESGCM(key).decrypt(NONCE, ciphertext, bound) for key in (FIRST, SECOND))
    assert len(one) == 16
    assert one != other
    with pytest.raises(InvalidTag):
        AESGCM(b"k" * 32).decrypt(NONCE, ciphertext, bound)


def test_there_must_be_two_keys() -> None:
    with pytest.raises(ValueError, match="equal"):
        collide(FIRST, FIRST, NONCE, b"")
