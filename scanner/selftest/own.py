"""Self-tests of the cryptographic module that this program itself computes with.

ST-MOD-01 runs known answers, ST-MOD-02 says which module it is. What the other self-tests show rests on both. That a
module answers right does not make it a validated one: no certificate is claimed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography import __version__ as cryptography_version
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.backends.openssl.backend import backend
from cryptography.hazmat.primitives import hashes, hmac, keywrap
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from scanner.selftest import vectors as v
from scanner.selftest.interface import CannotRunError, Outcome, Test

MODULE = "own"
"""Identifier of the module in facts."""
Case = Callable[[], bool]
"""True: the known answer came out, or what must be refused was refused."""

_TEXT = re.compile(r"(?P<name>[A-Za-z][A-Za-z-]*)\s+v?(?P<version>[0-9]+\.[0-9]+(?:\.[0-9]+)?[a-z]?)\b")


@dataclass(frozen=True, slots=True)
class Library:
    """What the module says of itself."""

    text: str
    """The library's own words: `OpenSSL 3.5.4 30 Sep 2025`."""
    binding: str
    """The package around it, with its version."""
    fips: bool | None
    """Its FIPS provider is loaded; None: it does not say."""


def library() -> Library:
    """Return what the library under the package cryptography says of itself."""
    # The package tells it nowhere in public; a version that stops to tell makes this unknown.
    fips = getattr(backend, "_fips_enabled", None)
    text = str(backend.openssl_version_text())
    return Library(text, f"cryptography {cryptography_version}", fips if isinstance(fips, bool) else None)


def own_tests(cases: Mapping[str, Case] | None = None, tell: Callable[[], Library] = library) -> tuple[Test, ...]:
    """Return ST-MOD-01 over the known answers (or ``cases``), and ST-MOD-02."""
    chosen = KNOWN_ANSWERS if cases is None else cases
    return (
        Test("ST-MOD-01", "known answers of published standards", False, lambda: known_answers(chosen)),
        Test("ST-MOD-02", "which module computes", False, lambda: which_module(tell())),
    )


def known_answers(cases: Mapping[str, Case]) -> Outcome:
    """Run known answers. Raises CannotRunError when the module lacks an algorithm."""
    wrong, lacking = [], []
    for name, case in cases.items():
        try:
            right = case()
        except UnsupportedAlgorithm:
            lacking.append(name)
            continue
        except (InvalidTag, keywrap.InvalidUnwrap, ValueError):
            right = False
        if not right:
            wrong.append(name)
    if wrong:
        return Outcome(passed=False, detail=f"wrong: {', '.join(wrong)}", cases=len(cases))
    if lacking:
        raise CannotRunError(f"the library does not offer {', '.join(lacking)}: install another build of cryptography")
    return Outcome(passed=True, detail=f"{len(cases)} known answers right: {', '.join(cases)}", cases=len(cases))


def which_module(told: Library) -> Outcome:
    """Name the module. Raises CannotRunError when it does not say which it is."""
    match = _TEXT.match(told.text)
    if match is None:
        raise CannotRunError(f"the library does not tell its version: {told.text[:80]!r}")
    words = {True: "is loaded", False: "is not loaded", None: "may be loaded or not: it does not say"}
    return Outcome(
        passed=True,
        detail=f"{told.text}, through {told.binding}; a FIPS provider {words[told.fips]}",
        cases=1,
        figures={
            "name": match["name"],
            "version": match["version"],
            # By major and minor version, as certificates of libraries are given.
            "product": f"{match['name'].lower()}-{'.'.join(match['version'].split('.')[:2])}",
            "binding": told.binding,
            "fips_provider": told.fips,
        },
    )


def _gcm() -> bool:
    made = AESGCM(v.GCM_KEY).encrypt(v.GCM_IV, v.GCM_PLAINTEXT, v.GCM_AAD)
    opened = AESGCM(v.GCM_KEY).decrypt(v.GCM_IV, v.GCM_CIPHERTEXT + v.GCM_TAG, v.GCM_AAD)
    return made == v.GCM_CIPHERTEXT + v.GCM_TAG and opened == v.GCM_PLAINTEXT


def refuses_wrong_tags(open_: Callable[[bytes, bytes], bytes]) -> bool:
    """Tell whether AES-GCM refuses one bit changed in each byte of the tag, and other associated data.

    ``open_`` takes ciphertext with tag, and the associated data; it raises InvalidTag.
    """
    wrong = [(v.GCM_TAG[:i] + bytes([v.GCM_TAG[i] ^ 1]) + v.GCM_TAG[i + 1 :], v.GCM_AAD) for i in range(16)]
    for tag, aad in [*wrong, (v.GCM_TAG, v.GCM_AAD + b"x")]:
        try:
            open_(v.GCM_CIPHERTEXT + tag, aad)
        except InvalidTag:
            continue
        return False
    return True


def _gcm_refuses() -> bool:
    return refuses_wrong_tags(lambda data, aad: AESGCM(v.GCM_KEY).decrypt(v.GCM_IV, data, aad))


def _kw() -> bool:
    made = keywrap.aes_key_wrap(v.KW_KEY, v.KW_PLAINTEXT)
    return made == v.KW_WRAPPED and keywrap.aes_key_unwrap(v.KW_KEY, v.KW_WRAPPED) == v.KW_PLAINTEXT


def _kwp() -> bool:
    made = keywrap.aes_key_wrap_with_padding(v.KWP_KEY, v.KWP_PLAINTEXT)
    opened = keywrap.aes_key_unwrap_with_padding(v.KWP_KEY, v.KWP_WRAPPED)
    return made == v.KWP_WRAPPED and opened == v.KWP_PLAINTEXT


def refuses_wrong_wraps(unwrap: Callable[[bytes, bytes], bytes]) -> bool:
    """Tell whether AES-KW refuses one bit changed in each byte. ``unwrap`` raises InvalidUnwrap."""
    for i in range(len(v.KW_WRAPPED)):
        changed = v.KW_WRAPPED[:i] + bytes([v.KW_WRAPPED[i] ^ 1]) + v.KW_WRAPPED[i + 1 :]
        try:
            unwrap(v.KW_KEY, changed)
        except keywrap.InvalidUnwrap:
            continue
        return False
    return True


def _sha256() -> bool:
    made = hashes.Hash(hashes.SHA256())
    made.update(v.SHA256_MESSAGE)
    return made.finalize() == v.SHA256_DIGEST


def _hmac() -> bool:
    made = hmac.HMAC(v.HMAC_KEY, hashes.SHA256())
    made.update(v.HMAC_MESSAGE)
    return made.finalize() == v.HMAC_TAG


def _hkdf() -> bool:
    made = HKDF(hashes.SHA256(), len(v.HKDF_OUTPUT), v.HKDF_SALT, v.HKDF_INFO)
    return made.derive(v.HKDF_SECRET) == v.HKDF_OUTPUT


def _oaep() -> bool:
    n, d, p, q, dp, dq, qi = (
        int.from_bytes(part) for part in (v.OAEP_N, v.OAEP_D, v.OAEP_P, v.OAEP_Q, v.OAEP_DP, v.OAEP_DQ, v.OAEP_QI)
    )
    key = rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, rsa.RSAPublicNumbers(v.OAEP_E, n)).private_key()
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    return key.decrypt(v.OAEP_CIPHERTEXT, oaep) == v.OAEP_MESSAGE


def _ecdsa() -> bool:
    x, y, r, s = (int.from_bytes(part) for part in (v.ECDSA_X, v.ECDSA_Y, v.ECDSA_R, v.ECDSA_S))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    return verifies_only_the_message(
        lambda message: key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    )


def verifies_only_the_message(verify: Callable[[bytes], object]) -> bool:
    """Tell whether a signature holds for its message, and for no other. ``verify`` raises InvalidSignature."""
    try:
        verify(v.ECDSA_MESSAGE)
    except InvalidSignature:
        return False
    try:
        verify(v.ECDSA_MESSAGE + b"x")
    except InvalidSignature:
        return True
    return False


KNOWN_ANSWERS: Mapping[str, Case] = {
    "AES-256-GCM": _gcm,
    "AES-256-GCM refuses wrong tags": _gcm_refuses,
    "AES-KW": _kw,
    "AES-KW refuses changed wraps": lambda: refuses_wrong_wraps(keywrap.aes_key_unwrap),
    "AES-KWP": _kwp,
    "SHA-256": _sha256,
    "HMAC-SHA-256": _hmac,
    "HKDF-SHA-256": _hkdf,
    "RSA-OAEP-SHA-256": _oaep,
    "ECDSA P-256 verify": _ecdsa,
}
