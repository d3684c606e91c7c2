"""The command ``keygen``."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from cryptography.hazmat.primitives import serialization

from scanner.cli.keygen import PASSPHRASE, secret
from scanner.cli.main import run
from scanner.errors import UsageError


def opens(path: Path, passphrase: str | None) -> bool:
    try:
        serialization.load_pem_private_key(path.read_bytes(), passphrase.encode() if passphrase else None)
    except (TypeError, ValueError):
        return False
    return True


def test_a_key_is_encrypted_by_the_passphrase_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    path = tmp_path / "audit.key"
    assert run(["keygen", str(path)], traces=True) == 0
    assert opens(path, "correct horse")
    assert not opens(path, None)
    command = f"openssl pkey -pubin -in {path}.pub -outform DER | openssl dgst -sha256 -r"
    said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout.split()[0]
    assert capsys.readouterr().out.splitlines() == [
        f"private key  {path}",
        f"public key   {path}.pub",
        f"fingerprint  {said}",
    ]


def test_a_certificate_says_whose_key_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "audit.key"
    assert run(["keygen", str(path), "--no-passphrase", "--certificate", "Test Health"], traces=True) == 0
    assert f"certificate  {path}.crt" in capsys.readouterr().out.splitlines()
    command = f"openssl verify -CAfile {path}.crt {path}.crt && openssl x509 -in {path}.crt -noout -subject -pubkey"
    said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    assert f"{path}.crt: OK" in said
    assert "CN=TestHealth" in said.replace(" ", "")
    assert said.endswith((tmp_path / "audit.key.pub").read_text())


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb"])
def test_a_name_that_is_none_makes_no_key(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keygen", str(tmp_path / "k"), "--no-passphrase", "--certificate", name], traces=False) == 2
    assert "cannot stand in a certificate" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_no_passphrase_is_asked_for_when_none_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(PASSPHRASE, "not wanted")
    assert run(["keygen", str(tmp_path / "k"), "--no-passphrase", "-q"], traces=True) == 0
    assert opens(tmp_path / "k", None)
    assert capfd.readouterr() == ("", "")


def test_without_a_terminal_and_a_passphrase_no_key_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(PASSPHRASE, raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO("typed\n"))
    assert run(["keygen", str(tmp_path / "k")], traces=False) == 2
    error = "error: the passphrase is missing\nhint: set KEYAUDIT_PASSPHRASE, or run it in a terminal\n"
    assert capsys.readouterr().err == error
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "k"
    path.write_text("a key")
    assert run(["keygen", str(path), "--no-passphrase"], traces=False) == 2
    assert (
        capsys.readouterr().err == f"error: {path} exists already\nhint: name another file; no key is ever replaced\n"
    )
    assert path.read_text() == "a key"


class Terminal(io.StringIO):
    """What a person types into."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("confirm", [True, False])
def test_a_person_is_asked(monkeypatch: pytest.MonkeyPatch, confirm: bool) -> None:
    asked: list[tuple[str, object]] = []

    def prompt(text: str, **given: object) -> str:
        asked.append((text, given["hide_input"] and given["err"] and given["confirmation_prompt"]))
        return "typed"

    monkeypatch.delenv(PASSPHRASE, raising=False)
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(typer, "prompt", prompt)
    assert secret(PASSPHRASE, "passphrase", confirm=confirm) == "typed"
    assert asked == [("Passphrase", confirm)]


def test_nobody_is_asked_for_what_the_environment_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYAUDIT_PIN", "1234")
    assert secret("KEYAUDIT_PIN", "PIN") == "1234"
    monkeypatch.setenv("KEYAUDIT_PIN", "")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(UsageError, match="the PIN is missing"):
        secret("KEYAUDIT_PIN", "PIN")
