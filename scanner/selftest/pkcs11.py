"""A token for self-tests: the session on it, and its keys as a key service.

Everything that is made is a session object (CKA_TOKEN false), so that nothing stays on the token. The session is opened
for reading and writing: PKCS #11 allows session objects in a read-only one, but not every module does. Keys are wrapped
by AES key wrap (SP 800-38F) as C_GetMechanismList offers it. AWS CloudHSM and YubiHSM 2 have ways of their own instead;
there what needs it cannot be run, and says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import pkcs11
from pkcs11.attributes import AttributeMapper
from pkcs11.constants import Attribute, ObjectClass
from pkcs11.exceptions import PKCS11Error
from pkcs11.mechanisms import KeyType, Mechanism

from scanner.collect.interface import CallError
from scanner.collect.pkcs11.attributes import PRIVATE, SECRET, text
from scanner.collect.pkcs11.errors import code_of, understand
from scanner.collect.pkcs11.library import LOCK, Held, Load
from scanner.collect.pkcs11.naming import Identity, key_uris, token_uri
from scanner.model.estate import Pkcs11Source
from scanner.model.observation import GapReason
from scanner.selftest.interface import Call, CannotRunError, Context, DataKey, KeyDescription, RefusedError

T = TypeVar("T")
WRAPS = (Mechanism.AES_KEY_WRAP_PAD, Mechanism.AES_KEY_WRAP)
"""The first one that the token offers is used."""
KEY_BITS = 256
_BROKEN = frozenset(
    {
        *("DeviceError", "DeviceMemory", "DeviceRemoved", "HostMemory", "TokenNotPresent", "TokenNotRecognised"),
        *("SessionClosed", "SessionHandleInvalid", "SessionCount", "UserNotLoggedIn", "PinExpired", "SlotIDInvalid"),
        *("MechanismInvalid", "FunctionNotSupported", "OperationActive", "UnwrappingKeyHandleInvalid"),
        *("TemplateIncomplete", "TemplateInconsistent", "SessionReadOnly", "TokenWriteProtected"),
    }
)
"""Failures that are not about what was given to the token."""


def bad_input(code: str) -> bool:
    """Tell whether a failure can be about what was given: SoftHSM calls a tampered blob a general error."""
    return code not in _BROKEN


class ReadableNames(AttributeMapper):
    """Decodes labels of any bytes; and of values, where ``values`` is off, nothing but their length."""

    def __init__(self, *, values: bool) -> None:
        super().__init__()
        self.register_handler(Attribute.LABEL, str.encode, text)
        if not values:
            self.register_handler(Attribute.VALUE, bytes, len)


class TokenSession:
    """A session of the user on a token that nobody else of this process holds, until :meth:`close`.

    Raises CannotRunError without a PIN, or where the token cannot be had.
    """

    VALUES = False
    """It may read values: of session objects that it made itself."""

    def __init__(
        self, source: Pkcs11Source, pin: str | None, now: Callable[[], datetime], load: Load = pkcs11.lib
    ) -> None:
        if pin is None:
            detail = f"add `pin:` to the source {source.name}: its keys are used only after a login"
            raise CannotRunError(detail, GapReason.NOT_ALLOWED)
        self._label, self._pin, self._now = source.token, pin, now
        self._session: Any = None
        self._logged_in = False
        self._keys: dict[str, tuple[Any, str]] = {}
        self.calls: list[Call] = []
        with _explained():
            self._held = Held(source.module, source.token, load)

    @property
    def provider(self) -> str:
        """`pkcs11`."""
        return "pkcs11"

    @property
    def module_id(self) -> str:
        """The token as facts call it."""
        serial = self.ask("C_GetTokenInfo", lambda: self._held.token().serial)
        return token_uri(self._label, text(bytes(serial)).strip())

    def close(self) -> None:
        """End the session, and with it every object that was made; and give the token back."""
        with LOCK:
            self._leave()
            self._held.close()

    def ask(self, operation: str, work: Callable[[], T], refuses: Callable[[str], bool] = lambda _: False) -> T:
        """Do one thing with the token. Raises RefusedError for codes that ``refuses`` takes, else CannotRunError."""
        code = ""
        try:
            with LOCK:
                return work()
        except PKCS11Error as error:
            code, problem = code_of(error), understand(error)
        finally:
            at = self._now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            self.calls.append(Call(f"pkcs11:{operation}", "", code, at))
        if refuses(code):
            raise RefusedError(code)
        raise CannotRunError(f"{operation}: {problem.detail} ({code})", problem.reason)

    def session(self, *, login: bool = True) -> Any:  # noqa: ANN401 - a session of python-pkcs11
        """Return the session, with a login or without one: while one is logged in, all are, so there is one."""
        if self._session is None or self._logged_in != login:
            self._leave()
            mapper, pin = ReadableNames(values=self.VALUES), self._pin if login else None
            name = "C_Login" if login else "C_OpenSession"
            with _explained():
                self._session = self.ask(name, lambda: self._held.open(pin, rw=login, mapper=mapper))
            self._logged_in = login
        return self._session

    def secret_key(self, label: str) -> tuple[Any, str]:
        """Return the one secret key of the token with a label, and its name."""
        session = self.session()
        if label not in self._keys:
            every = self.ask("C_FindObjects", lambda: list(_identified(session)))
            called = [(one, key) for one, key in every if (one.kind, one.label) == (SECRET, label)]
            if len(called) != 1:
                raise CannotRunError(f"the token {self._label} has {len(called)} secret keys {label!r}, and not one")
            one, key = called[0]
            self._keys[label] = key, key_uris(self._label, (other for other, _ in every))[one]
        return self._keys[label]

    def mechanisms(self) -> frozenset[int]:
        """Return what the token can compute."""
        return frozenset(self.ask("C_GetMechanismList", self._held.slot.get_mechanisms))

    def wraps_by(self) -> Mechanism:
        """Return the way to wrap keys."""
        offered = self.mechanisms()
        for mechanism in WRAPS:
            if mechanism in offered:
                return mechanism
        raise CannotRunError("C_GetMechanismList offers neither AES_KEY_WRAP_PAD nor AES_KEY_WRAP")

    def make(self, template: Mapping[Any, Any], **given: Any) -> Any:  # noqa: ANN401 - a key of python-pkcs11
        """Return a fresh AES key as a session object."""
        session = self.session()
        return self.ask(
            "C_GenerateKey",
            lambda: session.generate_key(KeyType.AES, KEY_BITS, store=False, template=dict(template), **given),
        )

    def wrapped(self, by: Any, key: Any, refuses: Callable[[str], bool] = bad_input) -> bytes:  # noqa: ANN401 - as above
        """Return a key wrapped by another one."""
        if not hasattr(by, "wrap_key"):
            raise CannotRunError(f"the key {by.label!r} may not wrap (CKA_WRAP)")
        mechanism = self.wraps_by()
        found: bytes = self.ask("C_WrapKey", lambda: by.wrap_key(key, mechanism=mechanism), refuses)
        return found

    def unwrapped(self, by: Any, blob: bytes, kind: KeyType, template: Mapping[Any, Any], **given: Any) -> Any:  # noqa: ANN401 - as above
        """Return what a key unwraps, as a session object. Raises RefusedError."""
        if not hasattr(by, "unwrap_key"):
            raise CannotRunError(f"the key {by.label!r} may not unwrap (CKA_UNWRAP)")
        mechanism = self.wraps_by()
        common: dict[str, Any] = {"mechanism": mechanism, "store": False, "template": dict(template), **given}
        return self.ask("C_UnwrapKey", lambda: by.unwrap_key(ObjectClass.SECRET_KEY, kind, blob, **common), bad_input)

    def forget(self, key: Any) -> None:  # noqa: ANN401 - as above
        """Destroy a session object."""
        self.ask("C_DestroyObject", key.destroy)

    def _leave(self) -> None:
        if self._session is not None:
            session, self._session, self._keys = self._session, None, {}
            # A token that is gone has no session any more either.
            with contextlib.suppress(CannotRunError):
                self.ask("C_CloseSession", session.close)


def _identified(session: Any) -> Iterator[tuple[Identity, Any]]:  # noqa: ANN401 - a session of python-pkcs11
    """Yield the keys of the token with what names them, as the collector does."""
    for kind, its_class in ((SECRET, ObjectClass.SECRET_KEY), (PRIVATE, ObjectClass.PRIVATE_KEY)):
        for key in session.get_objects({Attribute.CLASS: its_class, Attribute.TOKEN: True}):
            yield Identity(kind, key.label, key.id.hex()), key


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turn what reading calls a gap into what tests call it."""
    try:
        yield
    except CallError as error:
        raise CannotRunError(f"{error.detail} ({error.code})", error.reason) from error


_OPEN = {Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}
"""Of session objects whose value is read: data keys are there to be used outside of the token."""
_CLOSED = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: True}


class TokenKeys(TokenSession):
    """The AES keys of a token as a :class:`scanner.selftest.interface.KeyService`. Keys go by their labels.

    A token binds no context to what it wraps, so ``context`` is left out of account. What is wrapped is brought in as a
    generic secret; a token that takes no plain key says so, and then only keys that it made itself can be wrapped.
    """

    VALUES = True

    @property
    def binds_context(self) -> bool:
        """False: AES key wrap has no additional data."""
        return False

    def describe(self, key: str) -> KeyDescription:
        """Return what the token says of a key: it is there. A token knows no state and no version."""
        _, uri = self.secret_key(key)
        return KeyDescription(key_id=uri, state="active", material_id="")

    def generate_data_key(self, key: str, context: Context) -> DataKey:  # noqa: ARG002 - it binds none
        """Return a new data key of 32 bytes that the token made, under ``key``."""
        by, _ = self.secret_key(key)
        made = self.make(_OPEN)
        try:
            return DataKey(plaintext=self._value(made), wrapped=self.wrapped(by, made))
        finally:
            self.forget(made)

    def wrap(self, key: str, plaintext: bytes | bytearray, context: Context) -> bytes:  # noqa: ARG002 - it binds none
        """Return ``plaintext`` wrapped under ``key``: 16 bytes or more, in whole blocks of 8."""
        if len(plaintext) < 16 or len(plaintext) % 8:
            # SoftHSM gives a padded key back with its padding.
            raise CannotRunError(f"a token wraps keys of 16 bytes or more in blocks of 8, not {len(plaintext)} bytes")
        by, _ = self.secret_key(key)
        session = self.session()
        given = {
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
            Attribute.TOKEN: False,
            Attribute.VALUE: bytes(plaintext),
            **_CLOSED,
        }
        brought = self.ask("C_CreateObject", lambda: session.create_object(given))
        try:
            return self.wrapped(by, brought)
        finally:
            self.forget(brought)

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:  # noqa: ARG002 - it binds none
        """Return the plain key."""
        by, _ = self.secret_key(key)
        back = self.unwrapped(by, wrapped, KeyType.GENERIC_SECRET, _OPEN)
        try:
            return self._value(back)
        finally:
            self.forget(back)

    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:  # noqa: ARG002 - it binds none
        """Return what ``key`` wrapped under ``to_key``; the plain key does not leave the token."""
        by, _ = self.secret_key(key)
        other, _ = self.secret_key(to_key)
        back = self.unwrapped(by, wrapped, KeyType.GENERIC_SECRET, _CLOSED)
        try:
            return self.wrapped(other, back)
        finally:
            self.forget(back)

    def _value(self, key: Any) -> bytearray:  # noqa: ANN401 - as above
        return bytearray(self.ask("C_GetAttributeValue", lambda: key[Attribute.VALUE]))
