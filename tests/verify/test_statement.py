"""Who is trusted, and what is said when nobody is. What is refused is in `tampered_seals.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as rsa_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from scanner.errors import UsageError
from scanner.verify.archive import Archive
from scanner.verify.manifest import read_manifest
from scanner.verify.statement import Signed, TrustedKey, check_statement, load_key, pae
from tests.packages import as_json, entries, envelope_of, fingerprint, key, package, public_pem, scan_files, zipped
from tests.packages import pae as as_published
from tests.verify.tampered_seals import GOOD, LISTING, PAYLOAD


def trusted(folder: Path, name: str = "operator") -> TrustedKey:
    path = folder / f"{name}.pub"
    path.write_bytes(public_pem(key(name)))
    return load_key(path)


def check(folder: Path, data: bytes, *keys: TrustedKey) -> Signed | None:
    path = folder / "package.zip"
    path.write_bytes(data)
    with Archive(path) as archive:
        return check_statement(archive, read_manifest(archive), keys)


def test_the_encoding_is_the_published_one() -> None:
    assert pae(b"{}") == as_published(b"{}") == b"DSSEv1 28 application/vnd.in-toto+json 2 {}"


def test_a_trusted_key_is_named(tmp_path: Path) -> None:
    signed = check(tmp_path, package(), trusted(tmp_path, "other"), trusted(tmp_path))
    assert signed is not None
    assert signed.signed_by == fingerprint(key().public_key())


def test_one_of_two_signers_is_enough(tmp_path: Path) -> None:
    both = [*envelope_of(PAYLOAD, key("other"))["signatures"], *GOOD["signatures"]]
    files = {**scan_files(), "manifest.json": LISTING, "manifest.dsse.json": as_json({**GOOD, "signatures": both})}
    signed = check(tmp_path, zipped(entries(files)), trusted(tmp_path))
    assert signed is not None
    assert (signed.signed_by, len(signed.keys)) == (fingerprint(key().public_key()), 2)


def test_without_a_trusted_key_nobody_signed(tmp_path: Path) -> None:
    signed = check(tmp_path, package(signer=key("mallory")))
    assert signed is not None
    assert (signed.signed_by, signed.keys) == ("", (fingerprint(key("mallory").public_key()),))
    assert check(tmp_path, package(signer=None)) is None


def test_only_a_public_key_of_p256_is_taken(tmp_path: Path) -> None:
    spki = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    wrong = {
        "p384": generate_private_key(SECP384R1()).public_key().public_bytes(*spki),
        "rsa": rsa_key(65537, 2048).public_key().public_bytes(*spki),
        "private": key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "nothing": b"",
    }
    for name, data in wrong.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UsageError, match=name):
            load_key(tmp_path / name)
    with pytest.raises(UsageError, match="No such file"):
        load_key(tmp_path / "missing.pub")
