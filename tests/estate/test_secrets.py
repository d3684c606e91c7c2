"""Secrets by reference: from the environment, a private file, or the keyring, and never in a message."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import ModuleType

import pytest

from scanner.errors import ConfigError, MissingExtraError
from scanner.estate.secrets import KEYRING_SERVICE, MOST_BYTES, refuse_plain_secrets, resolve
from scanner.model.estate import SecretRef
from scanner.yamlfile import parse
from tests.cli.system import as_nobody


def from_file(path: Path) -> str:
    return resolve(SecretRef("file", str(path)), {})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my secret"
    path.write_text("hunter2\n")
    path.chmod(0o600)
    return path


def test_a_variable_gives_its_value() -> None:
    assert resolve(SecretRef("env", "PIN"), {"PIN": "hunter2"}) == "hunter2"


@pytest.mark.parametrize("environ", [{}, {"PIN": ""}])
def test_a_variable_that_is_not_set_is_told_by_name(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="the environment variable PIN is not set") as caught:
        resolve(SecretRef("env", "PIN"), environ)
    assert caught.value.hint == "set it and run again"


@pytest.mark.parametrize(
    ("raw", "secret"),
    [
        (b"hunter2", "hunter2"),
        (b"hunter2\n", "hunter2"),
        (b"hunter2\r\n", "hunter2"),
        (b" hunter 2 \n", " hunter 2 "),
        (b"a\nb\n", "a\nb"),
    ],
)
def test_a_file_gives_its_text_without_the_last_line_end(file: Path, raw: bytes, secret: str) -> None:
    file.write_bytes(raw)
    assert from_file(file) == secret


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o622, 0o601])
def test_a_file_that_others_can_reach_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(ConfigError, match="others can read the secret in") as caught:
        from_file(file)
    assert caught.value.hint == f"chmod 600 '{file}'"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"hunter2\xff", "is not UTF-8 text"),
        (b"hunter2" * MOST_BYTES, "is larger than 65536 bytes"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused_without_its_content(file: Path, raw: bytes, why: str) -> None:
    file.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        from_file(file)
    assert str(caught.value) == f"the secret in {file} {why}"
    assert caught.value.hint
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_a_file_that_cannot_be_read_is_told(file: Path, tmp_path: Path) -> None:
    file.chmod(0o600)
    with as_nobody(), pytest.raises(ConfigError, match=r"cannot read the secret in .*: Permission denied"):
        from_file(file)
    with pytest.raises(ConfigError, match=r"cannot read the secret in .*: No such file") as caught:
        from_file(tmp_path / "nope")
    assert "counts from the folder" in caught.value.hint
    tmp_path.chmod(0o700)
    with pytest.raises(ConfigError, match=r"cannot read the secret in .*: Is a directory"):
        from_file(tmp_path)
    with pytest.raises(ConfigError, match="cannot read the secret in"):
        from_file(Path("a\0b"))


class KeyringError(Exception):
    """As in the keyring package."""


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str | None]:
    """A keyring with these entries; the entry ``locked`` cannot be read."""
    entries: dict[tuple[str, str], str | None] = {}

    def get_password(service: str, name: str) -> str | None:
        if name == "locked":
            raise KeyringError("the vault is locked")
        return entries.get((service, name))

    for name, content in (("keyring", get_password), ("keyring.errors", KeyringError)):
        module = ModuleType(name)
        setattr(module, content.__name__, content)
        monkeypatch.setitem(sys.modules, name, module)
    return entries


def test_the_keyring_gives_an_entry(keyring: dict[tuple[str, str], str | None]) -> None:
    keyring[KEYRING_SERVICE, "audit"] = "hunter2"
    assert resolve(SecretRef("keyring", "audit"), {}) == "hunter2"


@pytest.mark.parametrize("value", [None, ""])
def test_an_entry_that_the_keyring_lacks_is_told(keyring: dict[tuple[str, str], str | None], value: str | None) -> None:
    keyring[KEYRING_SERVICE, "my audit"] = value
    with pytest.raises(ConfigError, match=r"the keyring has no entry 'my audit' of 'keyaudit'") as caught:
        resolve(SecretRef("keyring", "my audit"), {})
    assert caught.value.hint == "keyring set keyaudit 'my audit'"


def test_a_locked_keyring_is_told(keyring: dict[tuple[str, str], str | None]) -> None:
    with pytest.raises(ConfigError, match="the keyring gives nothing: the vault is locked") as caught:
        resolve(SecretRef("keyring", "locked"), {})
    assert caught.value.hint == "unlock it, or use {file: PATH}"


def test_without_the_keyring_package_the_hint_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MissingExtraError, match="the keyring package is not installed") as caught:
        resolve(SecretRef("keyring", "audit"), {})
    assert caught.value.hint == "pip install keyring"
    assert caught.value.exit_code == 2


def test_every_text_of_a_file_is_looked_at() -> None:
    for text in ("a: [b, {c: AKIAIOSFODNN7EXAMPLE}]", "a: [{AKIAIOSFODNN7EXAMPLE: 1}]", "a: 1 # AKIAIOSFODNN7EXAMPLE"):
        raw = f"x: 1\n{text}\n".encode()
        with pytest.raises(ConfigError, match=r"f.yaml:2: this looks like a secret"):
            refuse_plain_secrets(parse(raw, "f.yaml"), raw)
    harmless = b"a: [1, true, null, {b: c}]\n"
    refuse_plain_secrets(parse(harmless, "f.yaml"), harmless)
