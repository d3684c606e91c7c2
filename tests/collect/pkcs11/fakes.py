"""A module of PKCS #11 in memory, as python-pkcs11 shows one: for what SoftHSM does not do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pkcs11.constants import Attribute, ObjectClass, SlotFlag, TokenFlag
from pkcs11.exceptions import AttributeTypeInvalid
from pkcs11.mechanisms import Mechanism

PIN = "a-user-pin"
READY = TokenFlag.LOGIN_REQUIRED | TokenFlag.USER_PIN_INITIALIZED | TokenFlag.TOKEN_INITIALIZED


class FakeKey:
    """An object. A value that is an error is raised; ``bulk`` is what asking for several at once does."""

    def __init__(
        self,
        label: str = "root",
        *,
        kind: ObjectClass = ObjectClass.SECRET_KEY,
        key_id: str = "01",
        private: bool = True,
        bulk: Exception | frozenset[Attribute] | None = None,
        values: Mapping[Attribute, Any] | None = None,
    ) -> None:
        self.kind, self.label, self.id, self.private, self.bulk = kind, label, bytes.fromhex(key_id), private, bulk
        self.values = {Attribute.LABEL: label, Attribute.ID: key_id, **(values or {})}

    def __getitem__(self, attribute: Attribute) -> Any:  # noqa: ANN401 - any attribute
        value = self.values.get(attribute, AttributeTypeInvalid())
        if isinstance(value, Exception):
            raise value
        return value

    def get_attributes(self, attributes: Iterable[Attribute]) -> dict[Attribute, Any]:
        """Give several at once, without those that are errors and those in ``bulk``."""
        if isinstance(self.bulk, Exception):
            raise self.bulk
        told = {one: self.values[one] for one in attributes if one in self.values and one not in (self.bulk or ())}
        return {one: value for one, value in told.items() if not isinstance(value, Exception)}


class FakeSession:
    """A session."""

    def __init__(self, token: FakeToken, *, logged_in: bool) -> None:
        self.token, self.logged_in = token, logged_in
        self.searches = 0
        self.closed = 0

    def get_objects(self, template: Mapping[Attribute, Any]) -> Iterator[FakeKey]:
        """Find objects by class."""
        self.searches += 1
        for key in self.token.keys:
            if isinstance(key, Exception):
                raise key
            if key.kind == template[Attribute.CLASS] and (self.logged_in or not key.private):
                yield key

    def close(self) -> None:
        """Close it."""
        self.closed += 1
        if self.token.close_error is not None:
            raise self.token.close_error


class FakeToken:
    """A token; ``open_errors`` are raised by the next openings, ``None`` for one that works."""

    def __init__(
        self,
        label: str = "root",
        *,
        keys: Sequence[FakeKey | Exception] = (),
        flags: TokenFlag = READY,
        open_errors: Sequence[Exception | None] = (),
        close_error: Exception | None = None,
    ) -> None:
        self.label, self.serial, self.manufacturer_id, self.model = label, b"0001", "Acme", "HSM-9"
        self.firmware_version, self.hardware_version = (1, 2), (3, 4)
        self.keys, self.flags, self.open_errors, self.close_error = list(keys), flags, list(open_errors), close_error
        self.opened: list[tuple[str | None, bool]] = []
        self.sessions: list[FakeSession] = []

    def open(self, *, rw: bool = False, user_pin: str | None = None, attribute_mapper: Any = None) -> FakeSession:  # noqa: ANN401 - a mapper
        """Open a session."""
        self.opened.append((user_pin, rw))
        error = self.open_errors.pop(0) if self.open_errors else None
        if error is not None:
            raise error
        session = FakeSession(self, logged_in=user_pin is not None)
        self.sessions.append(session)
        return session


class FakeSlot:
    """A slot."""

    def __init__(self, token: FakeToken | Exception, *, mechanisms: Iterable[int] = (Mechanism.AES_CBC,)) -> None:
        self._token, self._mechanisms = token, frozenset(mechanisms)
        self.slot_description, self.manufacturer_id, self.flags = "a slot", "Acme", SlotFlag.HW_SLOT
        self.transports: Any = 0

    def get_token(self) -> FakeToken:
        """Return its token."""
        if isinstance(self._token, Exception):
            raise self._token
        return self._token

    def get_mechanisms(self) -> frozenset[int]:
        """Return what it can compute."""
        return self._mechanisms

    def get_mechanism_info(self, _: int) -> Any:  # noqa: ANN401 - something with flags
        """Return what a mechanism is for."""
        return type("Info", (), {"flags": self.transports})


class FakeLibrary:
    """A library; it loads itself."""

    def __init__(self, *slots: FakeSlot, error: Exception | None = None) -> None:
        self.slots, self.error = list(slots), error
        self.manufacturer_id, self.library_description = "Acme", "Acme PKCS #11"
        self.library_version, self.cryptoki_version = (1, 0), (2, 40)
        self.loaded: list[str] = []
        self.finalized = 0
        self.finalize_error: Exception | None = None

    def __call__(self, module: str) -> FakeLibrary:
        self.loaded.append(module)
        if self.error is not None:
            raise self.error
        return self

    def get_slots(self) -> list[FakeSlot]:
        """Return its slots; an error in place of them is raised."""
        if self.slots and isinstance(self.slots[0], Exception):
            raise self.slots[0]
        return self.slots

    def finalize(self) -> None:
        """Count how often it was finalized."""
        self.finalized += 1
        if self.finalize_error is not None:
            raise self.finalize_error


def one_token(token: FakeToken) -> FakeLibrary:
    """Return a library with one token."""
    return FakeLibrary(FakeSlot(token))
