"""What self-tests ask of a key service, and what they tell.

A provider joins by one file with a :class:`KeyService`; the tests themselves know no provider. Plaintext keys live in a
``bytearray`` that is overwritten after use. Python cannot promise more: the libraries underneath make copies of their
own, and memory may be swapped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from scanner.model.ids import Json
from scanner.model.observation import GapReason

Context = Mapping[str, str]
"""Encryption context, or additional authenticated data: bound to the wrapping, not secret."""


class RefusedError(Exception):
    """The key service refused: wrong context, tampered blob, disabled key, no rights. ``code`` is its own word."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail


class DeniedError(RefusedError):
    """It refused because the caller has no rights."""


class CannotRunError(Exception):
    """The test could not be run or could not tell: the outcome is unknown. The message says why and what to do."""

    def __init__(self, message: str, reason: GapReason = GapReason.UNSUPPORTED) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(slots=True)
class DataKey:
    """A fresh data key, plain and wrapped."""

    plaintext: bytearray = field(repr=False)
    wrapped: bytes = field(repr=False)

    def wipe(self) -> None:
        """Overwrite the plain key."""
        wipe(self.plaintext)


def wipe(secret: bytearray) -> None:
    """Overwrite key material with zeros."""
    secret[:] = bytes(len(secret))


@dataclass(frozen=True, slots=True)
class KeyDescription:
    """What a key service says of a key."""

    key_id: str
    """As facts call it: ARN, URI."""
    state: str
    """SP 800-57 key state."""
    material_id: str
    """Id of the current key material or version; empty: the service tells none."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was made to what is under test."""

    operation: str
    request_id: str
    """The provider's; empty where it has none."""
    code: str
    """Error code, or empty."""
    at: str
    """UTC, RFC 3339."""
    logged: bool = True
    """The audit log must hold it; false: it got no answer, or one before any key was looked at."""
    signer: str = ""
    """Id (not secret) of the credentials that it was made with, where the audit log tells it."""

    def to_json(self) -> dict[str, Json]:
        """Return it as it is recorded."""
        return {
            "operation": self.operation,
            "request_id": self.request_id,
            "code": self.code,
            "at": self.at,
            "logged": self.logged,
            "signer": self.signer,
        }


class KeyService(Protocol):
    """A service that holds key-encryption keys. Every method raises RefusedError, or CannotRunError."""

    @property
    def provider(self) -> str:
        """`aws`, `azure`, `gcp`, `pkcs11`."""
        ...

    @property
    def binds_context(self) -> bool:
        """The service binds a context to what it wraps; false: it has no such thing, which the tests say."""
        ...

    @property
    def calls(self) -> Sequence[Call]:
        """Every call made so far, in order."""
        ...

    def describe(self, key: str) -> KeyDescription:
        """Return what the service says of a key."""
        ...

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        """Return a new data key of 32 bytes under ``key``."""
        ...

    def wrap(self, key: str, plaintext: bytes | bytearray, context: Context) -> bytes:
        """Return ``plaintext`` wrapped under ``key``."""
        ...

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        """Return the plain key."""
        ...

    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        """Return what ``key`` wrapped under ``to_key``, with the same context."""
        ...


class KeyLifecycle(Protocol):
    """What only canaries may suffer. Every method raises RefusedError, or CannotRunError."""

    def rotate(self, key: str) -> None:
        """Give the key new material, and wait until it is current."""
        ...

    def disable(self, key: str) -> None:
        """Suspend the key, and wait until it is."""
        ...

    def enable(self, key: str) -> None:
        """Make it active again."""
        ...

    def schedule_deletion(self, key: str) -> None:
        """Schedule its deletion as late as the service allows."""
        ...

    def cancel_deletion(self, key: str) -> None:
        """Take that back, and enable it again."""
        ...


class AuditLog(Protocol):
    """The audit log that should hold every call."""

    def missing(self, calls: Sequence[Call], wait_seconds: float) -> Sequence[Call]:
        """Return the calls that are not in it after at most that long. Raises CannotRunError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An edge of the hierarchy that was proven: the child was opened with the parent."""

    child: str
    child_kind: str
    """`store`, `data_key`, `key`."""
    parent: str
    parent_kind: str
    """`data_key`, `key`, `module`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one test showed of one target."""

    passed: bool | None
    """None: it could not be told; ``detail`` says why."""
    detail: str
    cases: int
    edges: tuple[Edge, ...] = ()
    figures: Mapping[str, Json] = field(default_factory=dict)
    """What was counted: operations, failures, milliseconds of the longest pause. No secret."""


@dataclass(frozen=True, slots=True)
class Test:
    """One self-test."""

    __test__: ClassVar[bool] = False  # pytest takes what is called so for a class of its own

    id: str
    """`ST-KMS-03`."""
    title: str
    """What it does, in a sentence."""
    changes_state: bool
    """Runs only on what is marked as a canary."""
    run: Callable[[], Outcome]
    """Raises nothing but CannotRunError."""


def refusals(attempt: Callable[[bytes], object], blobs: Collection[bytes]) -> int:
    """Return how many of ``blobs`` are accepted: ``attempt`` raises RefusedError for what is refused."""
    accepted = 0
    for blob in blobs:
        try:
            attempt(blob)
        except RefusedError:
            continue
        accepted += 1
    return accepted
