"""Real tokens of SoftHSM 2 for the tests, made once a process in a folder of its own."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pkcs11
import pytest

from scanner.demo.hsm import CONFIGURATION, Token, TokenKey, library, tokens
from scanner.demo.world import load_world
from scanner.model.estate import Pkcs11Source, SecretRef

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
MODULE = library()
(REFERENCE,) = load_world().tokens
"""The token of the reference estate."""
SECOND = Token(
    label="second & last",
    keys=[
        TokenKey(label="signing", kind="EC", uses=["sign"], age_days=10),
        TokenKey(label="both", uses=["wrap", "encrypt"], age_days=10, exportable=True),
    ],
)
WRONG = Token(label="wrong-pin")
"""For wrong PINs: SoftHSM counts them."""


@functools.cache
def values() -> Mapping[str, str]:
    """Return the variables of the tests' tokens."""
    folder = Path(tempfile.mkdtemp(prefix="keyaudit-hsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tokens([REFERENCE, SECOND, WRONG], folder, NOW) as made:
        return dict(made)


@contextmanager
def softhsm() -> Iterator[Mapping[str, str]]:
    """Point SoftHSM at the tests' tokens, and give their variables."""
    made = values()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CONFIGURATION, made[CONFIGURATION])
        yield made


@contextmanager
def session(token: Token, *, rw: bool = True) -> Iterator[Any]:
    """Open a session of the user, to look or to change things behind the scanner's back. Only within softhsm()."""
    loaded = pkcs11.lib(MODULE)
    try:
        with loaded.get_token(token_label=token.label).open(rw=rw, user_pin=values()[token.pin_variable]) as opened:
            yield opened
    finally:
        loaded.finalize()


def a_source(token: Token = REFERENCE, **given: Any) -> Pkcs11Source:  # noqa: ANN401 - any field of the source
    """Return a token as an estate names it."""
    fields: dict[str, Any] = {
        "name": "root-hsm",
        "module": MODULE,
        "token": token.label,
        "pin": SecretRef("env", token.pin_variable),
    }
    return Pkcs11Source(**{**fields, **given})
