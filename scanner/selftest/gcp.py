"""Google Cloud KMS under self-test: key service, life cycle of canaries, and the way in.

What Cloud KMS lacks is made up for here, and said: it makes no data keys (32 bytes of this machine's random generator
are wrapped, as Google's guide to envelope encryption does it), and it moves none from key to key (rewrapping unwraps
and wraps, so that the data key passes through this machine).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scanner.collect.ask import Outside
from scanner.collect.gcp.login import Login
from scanner.model.estate import GcpSelftest, GcpSource
from scanner.model.observation import GapReason
from scanner.selftest.gcp_line import SCOPES, KeyGate, Line, base_of, client, crc32c
from scanner.selftest.interface import Call, CannotRunError, Context, DataKey, KeyDescription, RefusedError, wipe
from scanner.selftest.waiting import wait_until

STATES = {
    "PENDING_GENERATION": "pre_activation",
    "PENDING_IMPORT": "pre_activation",
    "ENABLED": "active",
    "DISABLED": "suspended",
    "DESTROY_SCHEDULED": "deactivated",
    "DESTROYED": "destroyed",
}
"""State of the primary version to the SP 800-57 key state."""


def bound(context: Context) -> bytes:
    """Return a context as additional authenticated data: canonical JSON, or nothing for none."""
    if not context:
        return b""
    return json.dumps(dict(context), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


class GcpKeys:
    """Cloud KMS as a :class:`~scanner.selftest.interface.KeyService`."""

    provider = "gcp"
    binds_context = True

    def __init__(self, line: Line) -> None:
        self.line = line

    @property
    def calls(self) -> Sequence[Call]:
        """Every call made so far."""
        return tuple(self.line.calls)

    def describe(self, key: str) -> KeyDescription:
        """Return what Cloud KMS says of a key; only a symmetric key can be tested."""
        told = self.line.call("get_crypto_key", {"name": key})
        if told.purpose.name != "ENCRYPT_DECRYPT" or not told.primary.name:
            raise CannotRunError(f"{key} is no symmetric encryption key with a primary version: name another")
        return KeyDescription(key, STATES.get(told.primary.state.name, ""), told.primary.name)

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        """Return a new data key of 32 bytes: random here, wrapped there."""
        plain = bytearray(os.urandom(32))
        return DataKey(plain, self.wrap(key, plain, context))

    def wrap(self, key: str, plaintext: bytes | bytearray, context: Context) -> bytes:
        """Return ``plaintext`` wrapped. Its checksums must be right on both ways."""
        aad = bound(context)
        answer = self.line.call(
            "encrypt",
            {
                "name": key,
                "plaintext": bytes(plaintext),
                "plaintext_crc32c": crc32c(plaintext),
                "additional_authenticated_data": aad,
                "additional_authenticated_data_crc32c": crc32c(aad),
            },
        )
        wrapped = bytes(answer.ciphertext)
        checked = answer.verified_plaintext_crc32c and answer.verified_additional_authenticated_data_crc32c
        if not checked or not wrapped or crc32c(wrapped) != answer.ciphertext_crc32c:
            raise CannotRunError("the checksums of what Cloud KMS encrypted are wrong or missing", GapReason.MALFORMED)
        return wrapped

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        """Return the plain key."""
        aad = bound(context)
        answer = self.line.call(
            "decrypt",
            {
                "name": key,
                "ciphertext": wrapped,
                "ciphertext_crc32c": crc32c(wrapped),
                "additional_authenticated_data": aad,
                "additional_authenticated_data_crc32c": crc32c(aad),
            },
        )
        plain = bytearray(answer.plaintext)
        if crc32c(plain) != answer.plaintext_crc32c:
            wipe(plain)
            raise CannotRunError("the checksum of what Cloud KMS decrypted is wrong or missing", GapReason.MALFORMED)
        return plain

    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        """Return it wrapped under ``to_key``. Cloud KMS does not do that: the plain key passes through here."""
        plain = self.unwrap(key, wrapped, context)
        try:
            return self.wrap(to_key, plain, context)
        finally:
            wipe(plain)


class GcpLifecycle:
    """The life cycle of canaries, as a :class:`~scanner.selftest.interface.KeyLifecycle`: of their primary version."""

    def __init__(self, keys: GcpKeys) -> None:
        self._keys = keys
        self._line = keys.line

    def rotate(self, key: str) -> None:
        """Make a new version, wait until it has its material, and make it the primary one."""
        made = self._line.call("create_crypto_key_version", {"parent": key, "crypto_key_version": {}}).name
        self._await(
            made, "made", lambda: self._line.call("get_crypto_key_version", {"name": made}).state.name == "ENABLED"
        )
        number = made.rpartition("/")[2]
        self._line.call("update_crypto_key_primary_version", {"name": key, "crypto_key_version_id": number})
        self._await(key, "rotated", lambda: self._keys.describe(key).material_id == made)

    def disable(self, key: str) -> None:
        """Disable the primary version, and wait until it is."""
        self._set(key, "DISABLED")
        self._await(key, "disabled", lambda: self._keys.describe(key).state == "suspended")

    def enable(self, key: str) -> None:
        """Enable the primary version, whether the run is stopped or not."""
        self._set(key, "ENABLED", always=True)

    def schedule_deletion(self, key: str) -> None:
        """Schedule the destruction of the primary version, as late as the key has it, and wait until it is pending."""
        self._line.call("destroy_crypto_key_version", {"name": self._keys.describe(key).material_id})
        self._await(key, "pending destruction", lambda: self._keys.describe(key).state == "deactivated")

    def cancel_deletion(self, key: str) -> None:
        """Restore the primary version and enable it, whether the run is stopped or not."""
        try:
            self._line.call("restore_crypto_key_version", {"name": self._primary(key)}, always=True)
        except RefusedError as error:
            if error.code != "FAILED_PRECONDITION":  # not pending: there is nothing to restore
                raise
        self.enable(key)

    def _primary(self, key: str) -> str:
        return str(self._line.call("get_crypto_key", {"name": key}, always=True).primary.name)

    def _set(self, key: str, state: str, *, always: bool = False) -> None:
        version = {"name": self._primary(key), "state": state}
        request = {"crypto_key_version": version, "update_mask": {"paths": ["state"]}}
        self._line.call("update_crypto_key_version", request, always=always)

    def _await(self, what: str, done: str, is_done: Callable[[], bool]) -> None:
        wait_until(self._line.outside, what, done, is_done)


@dataclass(slots=True, kw_only=True)
class Access:
    """Everything of one key of Cloud KMS that self-tests use."""

    keys: GcpKeys
    principal: str
    """E-mail address of who uses it; empty: the credential does not tell."""
    key: str
    """Resource name."""
    second_key: str
    """Resource name, or empty."""
    lifecycle: GcpLifecycle
    close: Callable[[], None]
    """Give up the connections."""


def connect(source: GcpSource, test: GcpSelftest, outside: Outside, calls: list[Call] | None = None) -> Access:
    """Log in as the estate says, and see that the keys can be tested. Raises CallError, RefusedError, CannotRunError.

    ``calls``: where every call is kept.
    """
    named = frozenset({test.key, test.second_key} - {""})
    if test.second_key == test.key:
        raise CannotRunError("`second_key` is the same key as `key`: name another", GapReason.NOT_ALLOWED)
    login, base = Login(SCOPES), base_of(source.endpoint_url)
    gate = KeyGate(base, named, named if test.canary else frozenset())
    made = client(login, source.endpoint_url, gate)
    close: Callable[[], None] = made.transport.close
    keys = GcpKeys(Line(client=made, outside=outside, calls=[] if calls is None else calls))
    try:
        for key in sorted(named):
            keys.describe(key)
    except (RefusedError, CannotRunError):
        close()
        raise
    return Access(
        keys=keys,
        principal=str(login.who()["principal"]),
        key=test.key,
        second_key=test.second_key,
        lifecycle=GcpLifecycle(keys),
        close=close,
    )
