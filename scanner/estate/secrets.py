"""Secrets by reference: from the environment, a file that only its owner can read, or the system's keyring."""

from __future__ import annotations

import importlib
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol, cast

from scanner.errors import ConfigError, MissingExtraError
from scanner.model.estate import SecretRef
from scanner.model.ids import Json
from scanner.yamlfile import Document, Path_

KEYRING_SERVICE = "keyaudit"

_PLAIN = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[0-9])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
    r"|\bsk-[A-Za-z0-9_-]{20,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."
    r"|://[^\s/:@]+:[^\s/@]+@"
)


class _Keyring(Protocol):
    def get_password(self, service: str, username: str) -> str | None: ...


def refuse_plain_secrets(document: Document) -> None:
    """Raise ConfigError at the line of anything that looks like a secret. The value is not repeated."""
    for path, text in _texts(document.data, ()):
        if _PLAIN.search(text):
            raise ConfigError(
                "this looks like a secret in plain text",
                place=document.place(path),
                hint="refer to it instead: {env: NAME}, {file: PATH} or {keyring: NAME}; and replace the secret",
            )


def _texts(value: Json, path: Path_) -> Iterator[tuple[Path_, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _texts(item, (*path, i))


def resolve(ref: SecretRef, environ: Mapping[str, str]) -> str:
    """Return the secret that ``ref`` names. Raises ConfigError, or MissingExtraError without the keyring package."""
    if ref.kind == "env":
        value = environ.get(ref.name)
        if not value:
            raise ConfigError(f"the environment variable {ref.name} is not set", hint="set it and run again")
        return value
    if ref.kind == "file":
        return _from_file(Path(ref.name))
    return _from_keyring(ref.name)


def _from_file(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise ConfigError(f"others can read the secret in {path}", hint=f"chmod 600 {path}")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read the secret in {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"the secret in {path} is not UTF-8 text") from None
    return text.removesuffix("\n").removesuffix("\r")


def _from_keyring(name: str) -> str:
    try:
        keyring = cast("_Keyring", importlib.import_module("keyring"))
    except ImportError:
        raise MissingExtraError("the keyring package is not installed", hint="pip install keyring") from None
    value = keyring.get_password(KEYRING_SERVICE, name)
    if value is None:
        raise ConfigError(f"the keyring has no entry {name!r} of {KEYRING_SERVICE!r}")
    return value
