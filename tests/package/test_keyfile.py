"""Key files: who can read them, and that none is ever replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from scanner.errors import UsageError
from scanner.package.keyfile import public_path, write_key


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


def test_two_keys_are_not_alike(tmp_path: Path) -> None:
    assert write_key(tmp_path / "a", None) != write_key(tmp_path / "b", None)


@pytest.mark.parametrize("taken", ["audit.key", "audit.key.pub"])
def test_nothing_is_replaced(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).symlink_to("elsewhere")
    with pytest.raises(UsageError, match=f"{taken} exists already"):
        write_key(tmp_path / "audit.key", None)
    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory"):
        write_key(tmp_path / "nowhere" / "audit.key", None)
