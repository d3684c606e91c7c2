"""A key service in memory that does what a good one does, with its life cycle and audit log; and broken ones."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanner.selftest.bench import Bench
from scanner.selftest.interface import Call, CannotRunError, Context, DataKey, DeniedError, KeyDescription, RefusedError
from tests.collect.fakes import Clock

T = TypeVar("T")
FIRST, SECOND = "vault:first", "vault:second"
BLOB = 2 + 12 + 32 + 16
AT = "2026-06-15T12:00:00.000Z"


class Vault:
    """Holds keys, each with its generations of material. The wrapped form is version, generation, nonce, AES-GCM."""

    provider = "vault"
    binds_context = True

    def __init__(self) -> None:
        self.materials = {FIRST: [os.urandom(32)], SECOND: [os.urandom(32)]}
        self.states = {FIRST: "active", SECOND: "active"}
        self.made: list[Call] = []
        self._lock = threading.Lock()

    @property
    def calls(self) -> Sequence[Call]:
        return tuple(self.made)

    def describe(self, key: str) -> KeyDescription:
        self._note("describe")
        return KeyDescription(key, self.states[key], str(len(self.materials[key])))

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        self._noted("generate", lambda: self._usable(key))
        plain = os.urandom(32)
        return DataKey(bytearray(plain), self._seal(key, plain, context))

    def wrap(self, key: str, plaintext: bytes | bytearray, context: Context) -> bytes:
        return self._noted("wrap", lambda: self._seal(self._usable(key), bytes(plaintext), context))

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        return self._noted("unwrap", lambda: self._open(self._usable(key), wrapped, context))

    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        return self._noted("rewrap", lambda: self._seal(to_key, bytes(self._open(key, wrapped, context)), context))

    def rotate(self, key: str) -> None:
        self.materials[key].append(os.urandom(32))

    def disable(self, key: str) -> None:
        self.states[key] = "suspended"

    def enable(self, key: str) -> None:
        self.states[key] = "active"

    def schedule_deletion(self, key: str) -> None:
        self.states[key] = "deactivated"

    def cancel_deletion(self, key: str) -> None:
        self.states[key] = "active"

    def _noted(self, operation: str, work: Callable[[], T]) -> T:
        try:
            made = work()
        except RefusedError as error:
            self._note(operation, error.code)
            raise
        self._note(operation)
        return made

    def _note(self, operation: str, code: str = "") -> None:
        with self._lock:
            self.made.append(Call(operation, f"request-{len(self.made)}", code, AT))

    def _usable(self, key: str) -> str:
        """Return the key. Raises RefusedError when it may not be used."""
        if self.states[key] != "active":
            raise RefusedError(f"Key{self.states[key].title()}")
        return key

    def _seal(self, key: str, plain: bytes, context: Context) -> bytes:
        nonce, head = os.urandom(12), bytes([1, len(self.materials[key]) - 1])
        return head + nonce + AESGCM(self.materials[key][-1]).encrypt(nonce, plain, self._bound(head, context))

    def _open(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        try:
            head, nonce, sealed = wrapped[:2], wrapped[2:14], wrapped[14:]
            material = AESGCM(self.materials[key][head[1]])
            return bytearray(material.decrypt(nonce, sealed, self._bound(head, context)))
        except (InvalidTag, ValueError, IndexError):
            raise RefusedError("InvalidCiphertext") from None

    def _bound(self, head: bytes, context: Context) -> bytes:
        return head + json.dumps(dict(context), sort_keys=True).encode()


class Stranger(Vault):
    """The same service as a principal without rights meets it."""

    def _usable(self, key: str) -> str:
        raise DeniedError("AccessDenied")


class IgnoresContext(Vault):
    def _bound(self, head: bytes, context: Context) -> bytes:
        return head


class ReadsNamesInCapitals(Vault):
    def _bound(self, head: bytes, context: Context) -> bytes:
        return super()._bound(head, {name.lower(): value for name, value in context.items()})


class AcceptsAFlip(Vault):
    """Looks at the version, and binds nothing of it."""

    def _open(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        return super()._open(key, b"\1" + wrapped[1:] if wrapped else wrapped, context)


class AcceptsTruncation(Vault):
    """Remembers what it made, and finishes it."""

    def __init__(self) -> None:
        super().__init__()
        self.known: list[bytes] = []

    def _seal(self, key: str, plain: bytes, context: Context) -> bytes:
        self.known.append(super()._seal(key, plain, context))
        return self.known[-1]

    def _open(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        whole = [one for one in self.known if len(wrapped) == BLOB - 1 and one.startswith(wrapped)]
        return super()._open(key, whole[0] if whole else wrapped, context)


class AcceptsMore(Vault):
    def _open(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        return super()._open(key, wrapped[:BLOB], context)


class AcceptsNothing(Vault):
    def _open(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        return super()._open(key, wrapped, context) if wrapped else bytearray(32)


class AnyKeyWillDo(Vault):
    def _open(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        return super()._open(FIRST, wrapped, context)


class WorksDisabled(Vault):
    def _usable(self, key: str) -> str:
        return super()._usable(key) if self.states[key] == "deactivated" else key


class WorksPending(Vault):
    def _usable(self, key: str) -> str:
        return super()._usable(key) if self.states[key] == "suspended" else key


class WrapsDisabled(Vault):
    """Refuses to open, and goes on to wrap."""

    def wrap(self, key: str, plaintext: bytes | bytearray, context: Context) -> bytes:
        return self._seal(key, bytes(plaintext), context)


class RewrapsAnother(Vault):
    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        return self._seal(to_key, os.urandom(32), context)


class RewrapsNothing(Vault):
    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        return wrapped


class OneMaterial(Vault):
    """Its keys share their material, so that the old one still opens what was rewrapped."""

    def __init__(self) -> None:
        super().__init__()
        self.materials[SECOND] = list(self.materials[FIRST])


class Repeats(Vault):
    """Makes the same data key again and again."""

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        plain = bytes(32)
        return DataKey(bytearray(plain), self._seal(key, plain, context))


class RepeatsWrapped(Vault):
    """Wraps with a nonce that is not fresh."""

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        return DataKey(bytearray(os.urandom(32)), b"always the same")


class TellsThePlainKey(Vault):
    def _seal(self, key: str, plain: bytes, context: Context) -> bytes:
        return super()._seal(key, plain, context) + plain

    def _open(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        return super()._open(key, wrapped[:BLOB], context)


class GivesAnother(Vault):
    def _open(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        opened = super()._open(key, wrapped, context)
        opened[0] ^= 1
        return opened


class ShortKeys(Vault):
    def generate_data_key(self, key: str, context: Context) -> DataKey:
        return DataKey(bytearray(16), self._seal(key, bytes(16), context))


class OpensNothing(Vault):
    def _open(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        raise RefusedError("InvalidCiphertext")


class KeepsItsMaterial(Vault):
    def rotate(self, key: str) -> None:
        """Do nothing."""


class LosesItsMaterial(Vault):
    def rotate(self, key: str) -> None:
        super().rotate(key)
        self.materials[key][0] = os.urandom(32)


class BreaksNewMaterial(Vault):
    """Wraps with the new material, and opens with the old."""

    def _seal(self, key: str, plain: bytes, context: Context) -> bytes:
        made = super()._seal(key, plain, context)
        return bytes([1, 0]) + made[2:]


class SecondCannotOpen(Vault):
    def _open(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        if key == SECOND:
            raise RefusedError("InvalidCiphertext")
        return super()._open(key, wrapped, context)


class Log:
    """An audit log that has every call, but those of the operations that it drops."""

    def __init__(self, *drops: str) -> None:
        self.drops = drops
        self.waited: list[float] = []

    def missing(self, calls: Sequence[Call], wait_seconds: float) -> Sequence[Call]:
        self.waited.append(wait_seconds)
        return [call for call in calls if call.operation in self.drops]


def a_bench(service: Vault | None = None, clock: Clock | None = None, **given: Any) -> Bench:  # noqa: ANN401 - any field
    """Return a bench over a vault, with all that the tests can use."""
    vault, clock = service or Vault(), clock or Clock()
    fields: dict[str, Any] = {
        "service": vault,
        "key": FIRST,
        "second_key": SECOND,
        "canary": True,
        "lifecycle": vault,
        "stranger": Stranger,
        "audit": Log(),
        "wait": clock.wait,
        "monotonic": lambda: clock.seconds,
        "threads": 2,
    }
    return Bench(**{**fields, **given})


def cannot(*_: object) -> Any:  # noqa: ANN401 - never returns
    """Fail as a service that is not reached does."""
    raise CannotRunError("no line")
