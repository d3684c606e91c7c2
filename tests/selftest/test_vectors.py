"""The known answers are whole: right lengths, and by a second implementation where Python has one."""

from __future__ import annotations

import hashlib
import hmac

from scanner.selftest import vectors as v


def test_hashes_agree_with_the_standard_library() -> None:
    assert hashlib.sha256(v.SHA256_MESSAGE).digest() == v.SHA256_DIGEST
    assert hmac.digest(v.HMAC_KEY, v.HMAC_MESSAGE, "sha256") == v.HMAC_TAG


def test_hkdf_agrees_with_rfc_5869_written_out() -> None:
    secret = hmac.digest(v.HKDF_SALT, v.HKDF_SECRET, "sha256")
    blocks, last = b"", b""
    for number in (1, 2):
        last = hmac.digest(secret, last + v.HKDF_INFO + bytes([number]), "sha256")
        blocks += last
    assert blocks[: len(v.HKDF_OUTPUT)] == v.HKDF_OUTPUT


def test_the_rsa_key_is_consistent() -> None:
    n, d, p, q = (int.from_bytes(part) for part in (v.OAEP_N, v.OAEP_D, v.OAEP_P, v.OAEP_Q))
    assert p * q == n
    assert pow(pow(12345, d, n), v.OAEP_E, n) == 12345
    assert n.bit_length() == 2048


def test_lengths_are_those_of_the_algorithms() -> None:
    assert (len(v.GCM_KEY), len(v.GCM_IV), len(v.GCM_TAG), len(v.GCM_AAD)) == (32, 12, 16, 16)
    assert (len(v.KW_KEY), len(v.KW_WRAPPED) - len(v.KW_PLAINTEXT)) == (32, 8)
    assert (len(v.KWP_KEY), len(v.KWP_PLAINTEXT), len(v.KWP_WRAPPED)) == (24, 20, 32)
    assert {len(part) for part in (v.ECDSA_X, v.ECDSA_Y, v.ECDSA_R, v.ECDSA_S)} == {32}
