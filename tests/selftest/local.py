"""A key service in memory that does what a real one does: AES-GCM with the context as AAD. And broken ones."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanner.selftest.interface import Call, Context, DataKey, KeyDescription, RefusedError

FIRST, SECOND = "arn:aws:kms:us-east-1:111122223333:key/first", "arn:aws:kms:us-east-1:111122223333:key/second"


class LocalKeys:
    """Holds keys by name. Also a KeyLifecycle."""

    provider = "own"
    binds_context = True

    def __init__(self, keys: Mapping[str, bytes] | None = None) -> None:
        self.keys = dict(keys or {FIRST: os.urandom(32), SECOND: os.urandom(32)})
        self.disabled: set[str] = set()
        self.was_disabled: list[str] = []

    @property
    def calls(self) -> Sequence[Call]:
        return ()

    def _key(self, key: str) -> AESGCM:
        if key not in self.keys:
            raise RefusedError("NotFoundException")
        if key in self.disabled:
            raise RefusedError("DisabledException")
        return AESGCM(self.keys[key])

    def describe(self, key: str) -> KeyDescription:
        self._key(key)
        return KeyDescription(key_id=key, state="active", material_id="")

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        plain = bytearray(os.urandom(32))
        return DataKey(plaintext=plain, wrapped=self.wrap(key, plain, context))

    def wrap(self, key: str, plaintext: bytes | bytearray, context: Context) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._key(key).encrypt(nonce, plaintext, self.bound(context))

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        try:
            return bytearray(self._key(key).decrypt(wrapped[:12], wrapped[12:], self.bound(context)))
        except (InvalidTag, ValueError):  # ValueError: too short to be anything
            raise RefusedError("InvalidCiphertextException") from None

    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        return self.wrap(to_key, self.unwrap(key, wrapped, context), context)

    def bound(self, context: Context) -> bytes:
        return json.dumps(dict(context), sort_keys=True).encode()

    def rotate(self, key: str) -> None:
        raise NotImplementedError

    def disable(self, key: str) -> None:
        self.disabled.add(key)
        self.was_disabled.append(key)

    def enable(self, key: str) -> None:
        self.disabled.discard(key)

    def schedule_deletion(self, key: str) -> None:
        raise NotImplementedError

    def cancel_deletion(self, key: str) -> None:
        raise NotImplementedError


class IgnoresContext(LocalKeys):
    """Binds nothing to what it wraps."""

    def bound(self, context: Context) -> bytes:
        return b""


class RewrapsAnotherKey(LocalKeys):
    """Wraps a new key in place of the one that it was given."""

    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        return self.generate_data_key(to_key, context).wrapped


class DisablesNothing(LocalKeys):
    """Says that it disabled a key, which goes on to work."""

    def disable(self, key: str) -> None:
        self.was_disabled.append(key)


class Meddles(LocalKeys):
    """Does something else whenever it rewraps."""

    def __init__(self, meddle: Callable[[], None]) -> None:
        super().__init__()
        self.meddle = meddle

    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        self.meddle()
        return super().rewrap(key, wrapped, context, to_key)


class Refuses(LocalKeys):
    """Refuses every call of one kind."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self.operation = operation

    def refuse(self, operation: str) -> None:
        if operation == self.operation:
            raise RefusedError("AccessDeniedException", operation)

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        self.refuse("generate_data_key")
        return super().generate_data_key(key, context)

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        self.refuse("unwrap")
        return super().unwrap(key, wrapped, context)

    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        self.refuse("rewrap")
        return super().rewrap(key, wrapped, context, to_key)

    def disable(self, key: str) -> None:
        self.refuse("disable")
        super().disable(key)

    def enable(self, key: str) -> None:
        self.refuse("enable")
        super().enable(key)
