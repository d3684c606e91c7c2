"""Which key ``--sign`` opens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scanner.errors import MissingExtraError, UsageError
from scanner.package.keyfile import write_key
from scanner.package.signers import open_signer


def nobody() -> str:
    raise AssertionError("nobody is to be asked")


def test_a_file_may_be_named_from_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    public = write_key(tmp_path / "key", None)
    signer = open_signer("file:~/key", passphrase=nobody, pin=nobody)
    assert signer.public_key == public


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("", "names no key"),
        ("audit.key", "names no key"),
        ("file:", "names no key"),
        ("gcpkms:x", "names no key"),
        ("awskms:alias/x", "no ARN"),
        ("awskms:arn:aws:s3:::bucket", "no ARN"),
        ("pkcs11:", "names no private key"),
    ],
)
def test_what_names_no_key_is_refused(spec: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        open_signer(spec, passphrase=nobody, pin=nobody)


def test_without_the_extra_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "scanner.package.tokens", raising=False)
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(MissingExtraError, match="python-pkcs11 is not installed"):
        open_signer("pkcs11:token=t;object=k?module-path=/m.so", passphrase=nobody, pin=nobody)
