"""Key files: who can read them, and that none is ever replaced."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from scanner.errors import UsageError
from scanner.package.keyfile import Named, certificate_path, public_path, write_key


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_a_key_is_for_its_owner_alone_and_its_public_half_for_all(tmp_path: Path, passphrase: str | None) -> None:
    path = tmp_path / "audit.key"
    made = write_key(path, passphrase)
    assert path.stat().st_mode & 0o777 == 0o600
    assert public_path(path) == tmp_path / "audit.key.pub"
    private = serialization.load_pem_private_key(path.read_bytes(), passphrase.encode() if passphrase else None)
    public = serialization.load_pem_public_key(public_path(path).read_bytes())
    assert private.public_key() == public == made
    assert (b"ENCRYPTED" in path.read_bytes()) is bool(passphrase)


def test_a_certificate_is_the_keys_own_for_five_years(tmp_path: Path) -> None:
    now = datetime(2026, 6, 15, 12, tzinfo=UTC)
    made = write_key(tmp_path / "audit.key", None, Named("Test Health", now))
    path = certificate_path(tmp_path / "audit.key")
    assert path.stat().st_mode & 0o777 == 0o644
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    certificate.verify_directly_issued_by(certificate)
    assert certificate.public_key() == made
    assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == (
        now,
        datetime(2031, 6, 15, 12, tzinfo=UTC),
    )
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.key_cert_sign
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_two_keys_are_not_alike(tmp_path: Path) -> None:
    assert write_key(tmp_path / "a", None) != write_key(tmp_path / "b", None)


@pytest.mark.parametrize("taken", ["audit.key", "audit.key.pub", "audit.key.crt"])
def test_nothing_is_replaced(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).symlink_to("elsewhere")
    with pytest.raises(UsageError, match=f"{taken} exists already"):
        write_key(tmp_path / "audit.key", None)
    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory"):
        write_key(tmp_path / "nowhere" / "audit.key", None)
