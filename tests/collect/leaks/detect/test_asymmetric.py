"""Private keys in every wrapping, and what only begins like one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from scanner.collect.leaks.detect.asymmetric import (
    base64_key,
    container,
    der_key,
    fingerprint,
    is_container,
    openssh,
    pem,
)
from scanner.collect.leaks.detect.window import Found, Rejected, Window

KEY = ec.generate_private_key(ec.SECP256R1())
PLAIN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"a password")
PKCS8, SEC1 = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
TEXT = KEY.private_bytes(serialization.Encoding.PEM, PKCS8, PLAIN).decode()
DER = KEY.private_bytes(serialization.Encoding.DER, PKCS8, PLAIN)
SPKI = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
SHOWN = hashlib.sha256(SPKI).hexdigest()


def only(text: str) -> Found | Rejected | None:
    return next(iter(pem(Window.of(text.encode()))), None)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("\n", "\\n"),
        TEXT.replace("\n", "\\\\n"),
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n", "\n    "),
        TEXT.replace("\n", "\n> "),
        " + \n".join(f'"{line}\\n"' for line in TEXT.splitlines()),
        KEY.private_bytes(serialization.Encoding.PEM, SEC1, PLAIN).decode(),
    ],
)
def test_a_key_is_the_same_in_every_wrapping(text: str) -> None:
    one = only(text)
    assert isinstance(one, Found)
    assert (one.kind, one.bits, one.fingerprint, one.encrypted) == ("private_key", 256, SHOWN, False)
    assert one.secret.hex() == SHOWN


def test_a_plus_at_the_begin_of_a_line_is_of_the_key() -> None:
    text = next(one for one in _keys() if any(line.startswith("+") for line in one.splitlines()))
    one = only(" + \n".join(f'"{line}\\n"' for line in text.splitlines()))
    assert isinstance(one, Found)


def _keys() -> Iterator[str]:
    while True:
        yield ec.generate_private_key(ec.SECP521R1()).private_bytes(serialization.Encoding.PEM, PKCS8, PLAIN).decode()


@pytest.mark.parametrize(
    "text",
    [
        KEY.private_bytes(serialization.Encoding.PEM, PKCS8, LOCKED).decode(),
        KEY.private_bytes(serialization.Encoding.PEM, SEC1, LOCKED).decode(),
        ed25519.Ed25519PrivateKey.generate()
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, LOCKED)
        .decode(),
    ],
)
def test_a_key_with_a_passphrase_is_told_apart(text: str) -> None:
    one = only(text)
    assert isinstance(one, Found)
    assert (one.encrypted, one.fingerprint) == (True, "")


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE KEY-----\nabcd\n-----END PRIVATE KEY-----",
        TEXT.replace(TEXT[60:90], "... cut out ..."),
        TEXT.replace(TEXT[60:90], "%" * 30),
        "-----BEGIN PRIVATE KEY-----\n" + "QUJD" * 40 + "\n-----END PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "QUJD" * 40 + "\n-----END OPENSSH PRIVATE KEY-----",
    ],
)
def test_what_is_no_key_inside_is_a_placeholder(text: str) -> None:
    one = only(text)
    assert isinstance(one, Rejected)
    assert one.why == "placeholder"


@pytest.mark.parametrize(
    "text", ["a private key", "-----BEGIN PRIVATE KEY-----\nabc", "-----BEGIN EC PRIVATE KEY-----" + TEXT[27:]]
)
def test_a_begin_without_its_end_is_nothing(text: str) -> None:
    assert only(text) is None


def test_of_two_begins_the_second_can_be_a_key() -> None:
    found = list(pem(Window.of(f"-----BEGIN PRIVATE KEY-----\n{TEXT}".encode())))
    assert [isinstance(one, Found) for one in found] == [True]


def test_a_marked_key_is_marked() -> None:
    assert [one.why for one in pem(Window.of(f"# dummy\n{TEXT}".encode())) if isinstance(one, Rejected)] == ["marked"]
    text = base64.b64encode(DER).decode() + " # dummy"
    one = base64_key(Window.of(text.encode()), 0, len(text) - 8)
    assert isinstance(one, Rejected)


@pytest.mark.parametrize(("first", "found"), [(0x95, True), (0xC5, True), (0x99, False)])
def test_openpgp_is_told_by_its_first_packet(first: int, found: bool) -> None:
    body = base64.encodebytes(bytes([first]) + bytes(range(90))).decode()
    text = f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: x\n\n{body}=abcd\n-----END PGP PRIVATE KEY BLOCK-----"
    assert [one.kind for one in pem(Window.of(text.encode())) if isinstance(one, Found)] == ["pgp_private_key"] * found


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (DER, "private_key"),
        (TEXT.encode(), "private_key"),
        (pkcs12.serialize_key_and_certificates(b"a", KEY, None, None, PLAIN), "pkcs12"),
        (KEY.private_bytes(serialization.Encoding.DER, PKCS8, LOCKED), "private_key"),
        (SPKI, None),
        (b"-----BEGIN CERTIFICATE-----\n" + b"x" * 60, None),
        (b"0\x82\x01\x00" + bytes(80), None),
    ],
)
def test_base64_of_a_key_is_opened(data: bytes, kind: str | None) -> None:
    text = base64.b64encode(data)
    one = base64_key(Window.of(text), 0, len(text))
    assert (one.kind if isinstance(one, Found) else one) == kind


def test_base64_that_is_none_is_nothing() -> None:
    text = b"MI" + b"A" * 59 + b"=="
    assert base64_key(Window.of(text), 0, 61) is None
    assert base64_key(Window.of(b"QUJD" * 30), 0, 120) is None


def test_a_container_says_whether_it_is_open() -> None:
    locked = pkcs12.serialize_key_and_certificates(b"a", KEY, None, None, LOCKED)
    assert is_container(locked)
    one = container(locked, 0, len(locked))
    assert one is not None
    assert one.encrypted
    plain = pkcs12.serialize_key_and_certificates(b"a", KEY, None, None, PLAIN)
    two = container(plain, 0, len(plain))
    assert two is not None
    assert (two.encrypted, two.fingerprint) == (False, SHOWN)


def test_a_container_of_certificates_alone_is_no_key() -> None:
    empty = pkcs12.serialize_java_truststore([pkcs12.PKCS12Certificate(_certificate(), b"a")], PLAIN)
    assert container(empty, 0, len(empty)) is None


def _certificate() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(KEY, hashes.SHA256())
    )


@pytest.mark.parametrize(
    "der", [b"", b"\x31" + bytes(40), b"\x30\x10" + bytes(16), b"\x30\x82\x01\x00\x02" + bytes(40)]
)
def test_der_of_another_shape_is_no_key(der: bytes) -> None:
    assert der_key(der, 0, len(der)) is None


def test_an_openssh_key_of_a_kind_that_is_not_known_is_still_one() -> None:
    body = b"openssh-key-v1\0\0\0\0\4none\0\0\0\4none\0\0\0\0\0\0\0\1" + bytes(60)
    one = openssh(body, 0, len(body))
    assert one is not None
    assert (one.fingerprint, one.encrypted) == ("", False)


def test_a_key_of_an_algorithm_that_is_not_known_is_still_one() -> None:
    der = DER.replace(bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06072a8648ce3d0209"))
    one = der_key(der, 0, len(der))
    assert one is None or one.fingerprint == ""


def test_what_has_no_public_half_has_no_fingerprint() -> None:
    class Odd:
        def public_key(self) -> object:
            raise ValueError

    assert fingerprint(Odd()) == ""
    assert fingerprint(KEY) == SHOWN
