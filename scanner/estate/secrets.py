"""Secrets by reference: from the environment, a file that only its owner can read, or the system's keyring."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol, cast

from scanner.errors import ConfigError, MissingExtraError, Place
from scanner.model.estate import SecretRef
from scanner.model.ids import Json
from scanner.yamlfile import Document, Path_

KEYRING_SERVICE = "keyaudit"

MOST_BYTES = 64 * 1024
"""Of a file with a secret."""

_PLAIN = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bsk-[A-Za-z0-9_-]{20,}"
    r"|\bgh[opsur]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\bAIza[A-Za-z0-9_-]{35}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."
    r"|://[^\s/:@]*:[^\s/@]+@"
)
_AWS_SECRET = re.compile(
    r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[0-9])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])"
    r"[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
)
"""A secret access key of AWS: 40 characters of base64."""
_PATH = re.compile(r"(?<!\S)[\"']?(?:[~.]{0,2}/[^\s/]+/\S*|arn:\S+)")
"""Paths and ARNs, which can look the same."""


class _Keyring(Protocol):
    def get_password(self, service: str, username: str) -> str | None: ...


def refuse_plain_secrets(document: Document, raw: bytes) -> None:
    """Raise ConfigError at the line of anything that looks like a secret, in a comment too. It is not repeated."""
    for place, text in [*_lines(document.path, raw), *_texts(document, document.data, ())]:
        if _PLAIN.search(text) or _AWS_SECRET.search(_PATH.sub(" ", text)):
            raise ConfigError(
                "this looks like a secret in plain text",
                place=place,
                hint="refer to it instead: {env: NAME}, {file: PATH} or {keyring: NAME}; and replace the secret",
            )


def _lines(name: str, raw: bytes) -> Iterator[tuple[Place, str]]:
    for number, line in enumerate(raw.decode("utf-8").split("\n"), start=1):
        yield Place(name, number), line


def _texts(document: Document, value: Json, path: Path_) -> Iterator[tuple[Place, str]]:
    """Yield the texts that may go over several lines of the file, or be written with escapes."""
    if isinstance(value, str):
        yield document.place(path), value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield document.place((*path, key)), key
            yield from _texts(document, item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _texts(document, item, (*path, i))


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
        with path.open("rb") as file:
            # Of the open file: the path may name another by the time that it is read.
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise ConfigError(f"others can read the secret in {path}", hint=f"chmod 600 {shlex.quote(str(path))}")
            raw = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(
            f"cannot read the secret in {path}: {why}",
            hint="a path that is not absolute counts from the folder in which keyaudit is started",
        ) from None
    if len(raw) > MOST_BYTES:
        raise ConfigError(f"the secret in {path} is larger than {MOST_BYTES} bytes", hint="is it the right file?")
    try:
        text = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ConfigError(f"the secret in {path} is not UTF-8 text", hint="is it the right file?") from None
    if not text:
        raise ConfigError(f"the secret in {path} is empty", hint="write the secret into it, as one line of text")
    return text


def _from_keyring(name: str) -> str:
    try:
        keyring = cast("_Keyring", importlib.import_module("keyring"))
        failures = importlib.import_module("keyring.errors")
    except ImportError:
        raise MissingExtraError("the keyring package is not installed", hint="pip install keyring") from None
    try:
        value = keyring.get_password(KEYRING_SERVICE, name)
    except failures.KeyringError as error:
        raise ConfigError(f"the keyring gives nothing: {error}", hint="unlock it, or use {file: PATH}") from None
    if not value:
        raise ConfigError(
            f"the keyring has no entry {name!r} of {KEYRING_SERVICE!r}",
            hint=f"keyring set {KEYRING_SERVICE} {shlex.quote(name)}",
        )
    return value
