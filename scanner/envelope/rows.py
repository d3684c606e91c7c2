"""Seal and open values of database rows: AES-256-GCM with a random nonce of 96 bits and a tag of 128 (SP 800-38D).

The tag follows the ciphertext. What a value is bound to, its additional authenticated data (AAD), is a template of the
layout filled from the row.
"""

from __future__ import annotations

import os
import string
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


class OpenError(Exception):
    """An envelope did not open: another key, another binding, or it was changed. Which, cannot be told."""


class Sealed(NamedTuple):
    """An encrypted value."""

    nonce: bytes
    ciphertext: bytes
    """With its tag."""


@lru_cache(maxsize=64)
def _template(template: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns of a template, and the literal text before, between and after them."""
    names: list[str] = []
    literals = [""]
    for literal, name, _, _ in string.Formatter().parse(template):
        literals[-1] += literal
        if name is not None:
            names.append(name)
            literals.append("")
    if "" in literals[1:-1]:
        raise ValueError(f"the template {template!r} has two columns side by side: what it binds is ambiguous")
    return tuple(names), tuple(literals)


def aad(template: str, row: Mapping[str, object]) -> bytes:
    """Return the AAD of a row: the template with the row's values in place of its columns, as UTF-8.

    Text stands as it is, whole numbers in decimal, UUIDs in their lower-case form with hyphens. No two rows with
    different values have the same AAD: raises ValueError for a template with two columns side by side, and for a value
    that could be mistaken for what follows it (``a|b`` before ``|``). Raises ValueError, too, for a column that the row
    does not have, and for NULL and any other type, of which there is no one text.
    """
    return aads(template, 1, {name: [value] for name, value in row.items()})[0]


def aads(template: str, count: int, columns: Mapping[str, object]) -> list[bytes]:
    """Return the AAD of ``count`` rows, as :func:`aad` does, but fast.

    A column is a list of the rows' values, or one value that they all have: tenant and data key, mostly. Raises
    ValueError as :func:`aad`, and for a list of another length.
    """
    names, literals = _template(template)
    lists: list[list[object]] = []
    parts = [literals[0]]
    for place, (name, literal) in enumerate(zip(names, literals[1:], strict=True), 1):
        if name not in columns:
            raise ValueError(f"the row has no column {name!r}, which the template names")
        given = columns[name]
        values = given if isinstance(given, list) else [given]
        _check(name, values, literal if place < len(names) else "")
        if values is given:
            lists.append(values)
            parts.append(literal)
        else:
            parts[-1] += f"{given}{literal}"
    if any(len(values) != count for values in lists):
        raise ValueError(f"a column does not have {count} values")
    if not lists:
        return [parts[0].encode()] * count
    if len(lists) == 1:
        head, tail = parts
        return [f"{head}{value}{tail}".encode() for value in lists[0]]
    form = "%s".join(part.replace("%", "%%") for part in parts)
    return [(form % values).encode() for values in zip(*lists, strict=True)]


_TEXTS = frozenset((str, int, UUID))


def _check(name: str, values: list[object], end: str) -> None:
    """Raise ValueError when a value has no text of its own, or could run into ``end``, which follows it."""
    # Not isinstance: a truth value is an int.
    kinds = set(map(type, values))
    for kind in kinds - _TEXTS:
        raise ValueError(f"column {name} is {kind.__name__}: only text, whole numbers and UUIDs can bind")
    if kinds == {int} and end[:1] not in "-0123456789":
        return
    if end and end[0] in "".join(map(str, values)) and any(f"{one}{end}".find(end) != len(str(one)) for one in values):
        raise ValueError(f"column {name} holds {end!r}, which ends it in the template: what it binds is ambiguous")


class RowCipher:
    """Seals and opens values under one data key: the fast way for many of them."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes | bytearray) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if len(key) != KEY_BYTES:
            raise ValueError(f"a data key of AES-256 has {KEY_BYTES} bytes, not {len(key)}")
        self._cipher = AESGCM(key)

    def seal(self, plaintext: bytes, bound: bytes) -> Sealed:
        """Encrypt one value that is bound to ``bound``."""
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(nonce, self._cipher.encrypt(nonce, plaintext, bound))

    def open(self, sealed: Sealed, bound: bytes) -> bytes:
        """Return the plaintext. Raises OpenError."""
        from cryptography.exceptions import InvalidTag

        if len(sealed.nonce) != NONCE_BYTES or len(sealed.ciphertext) < TAG_BYTES:
            raise OpenError("the value is too short, or its nonce is not of 96 bits")
        try:
            return self._cipher.decrypt(sealed.nonce, sealed.ciphertext, bound)
        except InvalidTag:
            raise OpenError("the value does not open") from None

    def seal_rows(
        self, template: str, plaintexts: Sequence[bytes], columns: Mapping[str, object]
    ) -> list[tuple[bytes, bytes]]:
        """Encrypt many values; ``columns`` as in :func:`aads`. Return their (nonce, ciphertext with tag)."""
        count = len(plaintexts)
        random = os.urandom(NONCE_BYTES * count)
        nonces = [random[at : at + NONCE_BYTES] for at in range(0, len(random), NONCE_BYTES)]
        bound = aads(template, count, columns)
        return list(zip(nonces, map(self._cipher.encrypt, nonces, plaintexts, bound), strict=True))

    def open_rows(
        self, template: str, sealed: Sequence[tuple[bytes, bytes]], columns: Mapping[str, object]
    ) -> list[bytes]:
        """Return many plaintexts, of (nonce, ciphertext with tag); ``columns`` as in :func:`aads`.

        Raises OpenError when one of them does not open; which one, :meth:`open` tells.
        """
        from cryptography.exceptions import InvalidTag

        nonces, ciphertexts = [nonce for nonce, _ in sealed], [ciphertext for _, ciphertext in sealed]
        if any(len(nonce) != NONCE_BYTES for nonce in nonces):
            raise OpenError("a nonce is not of 96 bits")
        try:
            return list(map(self._cipher.decrypt, nonces, ciphertexts, aads(template, len(sealed), columns)))
        except InvalidTag:
            raise OpenError("a value does not open") from None


def split(value: bytes) -> Sealed:
    """Take apart a value that begins with its nonce. Raises OpenError when it is too short."""
    if len(value) < NONCE_BYTES + TAG_BYTES:
        raise OpenError("the value is shorter than a nonce and a tag")
    return Sealed(value[:NONCE_BYTES], value[NONCE_BYTES:])
