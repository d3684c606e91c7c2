"""Azure Key Vault and Managed HSM under self-test: key service, life cycle of canaries, and the way in.

What Azure lacks is made up for here, and said: it makes no data keys (32 bytes of this machine's random generator are
wrapped), it moves none from key to key (rewrapping unwraps and wraps, so that the data key passes through this
machine), and wrapping has no additional authenticated data, so that no context is bound.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from scanner.collect.ask import Outside
from scanner.collect.azure.accounts import principal_of
from scanner.collect.azure.transport import TOKEN, Hub
from scanner.collect.interface import CallError
from scanner.model.estate import AzureSelftest, AzureSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.selftest.azure_line import (
    DELETE,
    DELETED,
    DISABLED,
    GET,
    GONE,
    RECOVER,
    ROTATE,
    UNWRAP,
    UPDATE,
    WRAP,
    KeyGate,
    Line,
    client,
    enabling,
    patiently,
)
from scanner.selftest.azure_place import LOOKUPS, body_of, find
from scanner.selftest.interface import Call, CannotRunError, Context, DataKey, KeyDescription, RefusedError, wipe
from scanner.selftest.waiting import CHANGE_SECONDS, POLL_SECONDS, wait_until

KEY_NAME = "[0-9A-Za-z-]{1,127}"
ALGORITHMS: Mapping[str, str] = {
    "RSA": "RSA-OAEP-256",
    "RSA-HSM": "RSA-OAEP-256",
    "oct": "A256KW",
    "oct-HSM": "A256KW",
}
"""Type of a key to how it wraps here. A symmetric key of another size refuses, which is told."""
_KID = re.compile(f"https://[^/]+/keys/({KEY_NAME})/([0-9A-Za-z]{{1,64}})")


@dataclass(frozen=True, slots=True)
class Named:
    """A key under test: what the estate and its vault call it."""

    name: str
    algorithm: str


class AzureKeys:
    """Keys of one vault or managed HSM as a :class:`~scanner.selftest.interface.KeyService`.

    A wrapped key does not say which version of the key wrapped it, and whoever wraps has to keep that beside it. It is
    kept here for as long as this object lives; what is not known, such as what was tampered with, is given to the
    version that wrapped last.
    """

    provider = "azure"
    binds_context = False

    def __init__(self, line: Line, place: str = "") -> None:
        self.line = line
        self._place = place
        self._keys: dict[str, Named] = {}
        self._current: dict[str, str] = {}
        self._wrapped: dict[tuple[str, bytes], str] = {}

    @property
    def calls(self) -> Sequence[Call]:
        """Every call made so far."""
        return tuple(self.line.calls)

    def find(self, name: str) -> str:
        """Return the id of a key by its name. Raises CannotRunError where it cannot be tested."""
        try:
            told = self.line.call(GET, name)
        except RefusedError as error:
            if error.code != DISABLED:
                raise
            raise CannotRunError(f"{name} is disabled: enable it, or name another key") from error
        web = _part(told, "key")
        algorithm = ALGORITHMS.get(str(web.get("kty")))
        may = web.get("key_ops")
        missing = {"wrapKey", "unwrapKey"} - {str(one) for one in (may if isinstance(may, list) else [])}
        if algorithm is None:
            raise CannotRunError(f"{name} is a key of type {web.get('kty')}, which wraps no keys: name another")
        if missing:
            raise CannotRunError(f"{name} does not allow {' and '.join(sorted(missing))}: name another key")
        spelled, version = _of_kid(web.get("kid"), name)
        key = f"{self._place or f'https://{self.line.host}'}/keys/{spelled}"
        self._keys[key] = Named(name, algorithm)
        self._current[key] = version
        return key

    def describe(self, key: str) -> KeyDescription:
        """Return what the vault says of a key. Some refuse to tell of one that is disabled, and say so."""
        try:
            told = self.line.call(GET, self.name(key))
        except RefusedError as error:
            if error.code != DISABLED:
                raise
            return KeyDescription(key, "suspended", self._current[key])
        self._current[key] = _of_kid(_part(told, "key").get("kid"), self.name(key))[1]
        return KeyDescription(key, self._state(_part(told, "attributes")), self._current[key])

    def recoverable(self, key: str) -> bool:
        """Tell whether the key can be recovered after it was deleted, by the recovery level that the vault tells."""
        level = _part(self.line.call(GET, self.name(key)), "attributes").get("recoveryLevel")
        return isinstance(level, str) and "Recoverable" in level

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        """Return a new data key of 32 bytes: random here, wrapped there."""
        plain = bytearray(os.urandom(32))
        return DataKey(plain, self.wrap(key, plain, context))

    def wrap(self, key: str, plaintext: bytes | bytearray, context: Context) -> bytes:
        """Return ``plaintext`` wrapped under the current version. The context is bound to nothing."""
        del context
        version = self._current[key]
        told = self._use(WRAP, key, version, plaintext)
        wrapped = _value(told, "wrapKey")
        if _of_kid(told.get("kid"), self.name(key))[1] != version:
            raise CannotRunError("the vault wrapped under another version than it was asked for", GapReason.MALFORMED)
        self._wrapped[key, sha256(wrapped).digest()] = version
        self._wrapped[key, b""] = version
        return wrapped

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        """Return the plain key."""
        del context
        last = self._wrapped.get((key, b""), self._current[key])
        version = self._wrapped.get((key, sha256(wrapped).digest()), last)
        return bytearray(_value(self._use(UNWRAP, key, version, wrapped), "unwrapKey"))

    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        """Return it wrapped under ``to_key``. Azure does not do that: the plain key passes through here."""
        plain = self.unwrap(key, wrapped, context)
        try:
            return self.wrap(to_key, plain, context)
        finally:
            wipe(plain)

    def name(self, key: str) -> str:
        """Return what the vault calls a key."""
        return self._keys[key].name

    def current(self, key: str) -> str:
        """Return the version of a key that was current when it was last looked at."""
        return self._current[key]

    def _use(self, operation: str, key: str, version: str, value: bytes | bytearray) -> dict[str, Json]:
        text = base64.urlsafe_b64encode(value).rstrip(b"=").decode()
        body: dict[str, Json] = {"alg": self._keys[key].algorithm, "value": text}
        return self.line.call(operation, self._keys[key].name, version, body)

    def _state(self, attributes: Mapping[str, Json]) -> str:
        if attributes.get("enabled") is not True:
            return "suspended"
        now = self.line.outside.now().timestamp()
        starts, ends = attributes.get("nbf"), attributes.get("exp")
        if isinstance(starts, int) and starts > now:
            return "pre_activation"
        return "deactivated" if isinstance(ends, int) and ends <= now else "active"


class AzureLifecycle:
    """The life cycle of canaries, as a :class:`~scanner.selftest.interface.KeyLifecycle`. Nothing is ever purged."""

    def __init__(self, keys: AzureKeys) -> None:
        self._keys = keys
        self._line = keys.line

    def rotate(self, key: str) -> None:
        """Make a new version, and wait until it is the current one."""
        before = self._keys.current(key)
        self._line.call(ROTATE, self._keys.name(key))
        self._await(key, "rotated", lambda: self._keys.describe(key).material_id != before)

    def disable(self, key: str) -> None:
        """Disable the current version, and wait until it is."""
        self._line.call(UPDATE, self._keys.name(key), self._keys.current(key), enabling(False))
        self._await(key, "disabled", lambda: self._keys.describe(key).state == "suspended")

    def enable(self, key: str) -> None:
        """Enable the current version, whether the run is stopped or not."""
        self._line.call(UPDATE, self._keys.name(key), self._keys.current(key), enabling(True), always=True)

    def schedule_deletion(self, key: str) -> None:
        """Delete the key where it can be recovered, and wait until it is deleted. The vault sets when it is purged."""
        if not self._keys.recoverable(key):
            raise CannotRunError(
                f"{key} could not be recovered: its vault has no soft delete, so that it is not deleted",
                GapReason.NOT_ALLOWED,
            )
        name = self._keys.name(key)
        self._line.call(DELETE, name)
        self._await(key, "deleted", lambda: self._there(DELETED, name))

    def cancel_deletion(self, key: str) -> None:
        """Recover the key, wait until it is back, and enable it, whether the run is stopped or not."""
        name, until = self._keys.name(key), self._line.outside.monotonic() + CHANGE_SECONDS
        while True:
            # Asked for again each time: while it is being deleted there is nothing to recover yet.
            self._there(RECOVER, name, always=True)
            if self._there(GET, name, always=True):
                break
            if self._line.outside.monotonic() >= until:
                raise CannotRunError(f"{key} is not recovered after {CHANGE_SECONDS:g} s", GapReason.LIMIT)
            self._line.sleep(POLL_SECONDS)
        self.enable(key)

    def _there(self, operation: str, name: str, *, always: bool = False) -> bool:
        """Tell whether what is asked about is there; one that is disabled is."""
        try:
            self._line.call(operation, name, always=always)
        except RefusedError as error:
            if error.code == GONE:
                return False
            if error.code != DISABLED:
                raise
        return True

    def _await(self, key: str, what: str, done: Callable[[], bool]) -> None:
        wait_until(self._line.outside, key, what, done)


@dataclass(slots=True, kw_only=True)
class Access:
    """Everything of the keys of one vault that self-tests use."""

    keys: AzureKeys
    principal: str
    """Who uses it, as its token says, and by which credential."""
    key: str
    """ARM id; the key's address where the caller may not list vaults."""
    second_key: str
    """The same, or empty."""
    lifecycle: AzureLifecycle
    close: Callable[[], None]
    """Give up the connections."""


def connect(source: AzureSource, test: AzureSelftest, outside: Outside, calls: list[Call] | None = None) -> Access:
    """Log in as the estate says, and see that the keys can be tested. Raises CallError, RefusedError, CannotRunError.

    ``calls``: where every call is kept.
    """
    if test.second_key.lower() == test.key.lower():
        raise CannotRunError("`second_key` is the same key as `key`: name another", GapReason.NOT_ALLOWED)
    hub = Hub(source, LOOKUPS)
    suffix = hub.cloud.hsm_suffix if test.managed_hsm else hub.cloud.vault_suffix
    host = hub.cloud.vault_host(f"https://{test.vault.lower()}{suffix}")
    named = frozenset({test.key, test.second_key} - {""})
    if not host or not all(re.fullmatch(KEY_NAME, name) for name in named):
        detail = f"{test.vault!r} is no name of a vault, or {sorted(named)} are none of keys: correct the estate file"
        raise CallError(GapReason.MALFORMED, code="NoName", detail=detail)
    gate = KeyGate(host, named, named if test.canary else frozenset())
    lookup = hub.transport()
    try:
        principal = principal_of(patiently(TOKEN, lambda: body_of(lookup.send(TOKEN, {}).body), outside))
        place = find(lookup, source, test, outside)
    finally:
        lookup.close()
    made = client(hub, gate, hub.cloud.vault_scope(host))
    keys = AzureKeys(Line(client=made, host=host, outside=outside, calls=[] if calls is None else calls), place)
    try:
        key = keys.find(test.key)
        second = keys.find(test.second_key) if test.second_key else ""
    except (RefusedError, CannotRunError):
        made.close()
        raise
    return Access(
        keys=keys, principal=principal, key=key, second_key=second, lifecycle=AzureLifecycle(keys), close=made.close
    )


def _part(told: Mapping[str, Json], name: str) -> dict[str, Json]:
    part = told.get(name)
    if not isinstance(part, dict):
        raise CannotRunError(f"the answer of Key Vault has no object `{name}`", GapReason.MALFORMED)
    return part


def _of_kid(kid: Json, name: str) -> tuple[str, str]:
    """Return name and version of a key from its address, which must be that of the key that was asked for."""
    found = _KID.fullmatch(kid) if isinstance(kid, str) else None
    if found is None or found[1].lower() != name.lower():
        raise CannotRunError(f"the answer of Key Vault is not about the key {name}", GapReason.MALFORMED)
    return found[1], found[2]


def _value(told: Mapping[str, Json], operation: str) -> bytes:
    value = told.get("value")
    try:
        read = base64.urlsafe_b64decode(f"{value}{'=' * (-len(value) % 4)}") if isinstance(value, str) else b""
    except ValueError:
        read = b""
    if not read:
        raise CannotRunError(f"the answer of Key Vault to {operation} has no `value`", GapReason.MALFORMED)
    return read
