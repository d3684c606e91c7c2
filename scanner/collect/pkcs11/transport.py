"""The transport under the PKCS #11 collector: declared functions, a read-only session, attributes from a fixed list."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import quote

import pkcs11
from pkcs11.attributes import AttributeMapper, handle_bool, handle_ulong
from pkcs11.constants import Attribute, MechanismFlag, ObjectClass, TokenFlag
from pkcs11.exceptions import PKCS11Error
from pkcs11.mechanisms import KeyType, Mechanism

from scanner.collect.interface import CallError, ForbiddenOperationError, Reply
from scanner.collect.pkcs11 import operations
from scanner.collect.pkcs11.attributes import PRIVATE, READABLE, SECRET, readable_of, reduced
from scanner.collect.pkcs11.errors import code_of, understand
from scanner.collect.pkcs11.library import HARDWARE_SLOT, LOCK, Held, Load
from scanner.collect.pkcs11.naming import Identity, key_uris, token_uri
from scanner.evidence.redact import redact_text
from scanner.model.estate import Pkcs11Source
from scanner.model.ids import Json
from scanner.model.observation import GapReason

MAX_KEYS = 20_000
"""Keys of one token that are listed."""
_CLASSES = {SECRET: ObjectClass.SECRET_KEY, PRIVATE: ObjectClass.PRIVATE_KEY}
_PKCS1 = (Mechanism.RSA_PKCS,)
"""Padding of PKCS #1 v1.5: it signs, and on some tokens it also transports keys."""
_TRANSPORTS = MechanismFlag.WRAP | MechanismFlag.UNWRAP | MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
_MODES = {name: (Attribute[name.removeprefix("CKA_")], readable.decode) for name, readable in READABLE.items()}

Params = Mapping[str, Json]


class ReadMapper(AttributeMapper):
    """Knows the attributes that may be read, and what searching for keys takes. It cannot decode any other."""

    def __init__(self) -> None:
        super().__init__()
        self.attribute_types = {
            **{code: (bytes, decode) for code, decode in _MODES.values()},
            Attribute.CLASS: handle_ulong,
            Attribute.TOKEN: handle_bool,
            # What python-pkcs11 itself asks of each object that it finds.
            **dict.fromkeys((Attribute.ENCAPSULATE, Attribute.DECAPSULATE), handle_bool),
        }


@dataclass(slots=True)
class _Group:
    """Objects that one name stands for."""

    uri: str
    objects: list[Any] = field(default_factory=list)


class Pkcs11Transport:
    """Reads one token in one session at a time. Not for several threads at once."""

    def __init__(
        self, source: Pkcs11Source, pin: str | None, load: Load = pkcs11.lib, *, max_keys: int = MAX_KEYS
    ) -> None:
        self._source = source
        self._max_keys = max_keys
        self._pin = pin
        self._load = load
        self._held: Held | None = None
        self._session: Any = None
        self._logged_in = False
        self._failed: dict[str, CallError] = {}
        self._groups: dict[Identity, _Group] | None = None
        self._answers: Mapping[str, tuple[frozenset[str], Callable[[Params], dict[str, Json]]]] = {
            operations.INFO: (frozenset(), self._info),
            operations.SLOT: (frozenset(), self._slot),
            operations.TOKEN: (frozenset(), self._token),
            operations.MECHANISMS: (frozenset(), self._mechanisms),
            operations.OBJECTS: (frozenset({"login"}), self._objects),
            operations.ATTRIBUTES: (frozenset({"login", "uri"}), self._attributes),
        }

    @property
    def endpoint(self) -> str:
        """Which library is asked, as a URI of RFC 7512."""
        return f"pkcs11:?module-path={quote(self._source.module, safe='/')}"

    def send(self, operation: str, params: Params) -> Reply:
        """Ask once. Raises CallError, or ForbiddenOperationError for what is not declared or has other parameters."""
        names, answer = self._answers.get(operation, (frozenset(), None))
        if answer is None or params.keys() != names or not isinstance(params.get("login", False), bool):
            raise ForbiddenOperationError(
                f"{operation} is not a declared read-only function, or not with these parameters"
            )
        with LOCK:
            try:
                return Reply(200, "", answer(params))
            except PKCS11Error as error:
                raise understand(error) from None

    def close(self) -> None:
        """Log out, close the session, and give the token back."""
        with LOCK:
            self._leave()
            if self._held is not None:
                self._held.close()
                self._held = None

    def _info(self, _: Params) -> dict[str, Json]:
        library = self._token_held().library
        return {
            "manufacturer": library.manufacturer_id,
            "description": library.library_description,
            "library_version": _version(library.library_version),
            "cryptoki_version": _version(library.cryptoki_version),
        }

    def _slot(self, _: Params) -> dict[str, Json]:
        slot = self._token_held().slot
        return {
            "description": slot.slot_description,
            "manufacturer": slot.manufacturer_id,
            "hardware": bool(slot.flags & HARDWARE_SLOT),
        }

    def _token(self, _: Params) -> dict[str, Json]:
        token = self._token_held().token()
        serial = bytes(token.serial).decode("utf-8", "replace").strip("\0 ")
        return {
            "uri": token_uri(self._source.token, serial),
            "label": token.label,
            "manufacturer": token.manufacturer_id,
            "model": token.model,
            "serial": serial,
            "firmware": _version(token.firmware_version),
            "hardware": _version(token.hardware_version),
            "flags": sorted(str(flag.name) for flag in TokenFlag if token.flags & flag),
        }

    def _mechanisms(self, _: Params) -> dict[str, Json]:
        slot = self._token_held().slot
        found = slot.get_mechanisms()
        transport = [one for one in _PKCS1 if one in found and slot.get_mechanism_info(one).flags & _TRANSPORTS]
        return {"mechanisms": _names(found), "pkcs1_key_transport": _names(transport)}

    def _objects(self, params: Params) -> dict[str, Json]:
        groups = self._listed(login=params["login"] is True)
        return {
            "objects": [
                {"uri": group.uri, "kind": one.kind, "label": one.label, "id": one.id, "count": len(group.objects)}
                for one, group in sorted(groups.items())
            ],
            "count": sum(len(group.objects) for group in groups.values()),
        }

    def _attributes(self, params: Params) -> dict[str, Json]:
        for one, group in self._listed(login=params["login"] is True).items():
            if group.uri == params["uri"]:
                return {"kind": one.kind, "objects": [_read(key, one.kind) for key in group.objects]}
        detail = "no key of that name is there any more; scan again"
        raise CallError(GapReason.FAILED, code="NoSuchObject", detail=detail)

    def _listed(self, *, login: bool) -> dict[Identity, _Group]:
        """Return the keys that are seen, with a login or without one, grouped by what names them."""
        self._enter(login=login)
        if self._groups is None:
            found: dict[Identity, list[Any]] = {}
            for number, (one, key) in enumerate(self._seen()):
                if number == self._max_keys:
                    detail = f"the token has over {self._max_keys} keys"
                    raise CallError(GapReason.LIMIT, code="TooManyKeys", detail=detail)
                found.setdefault(one, []).append(key)
            uris = key_uris(self._source.token, found)
            self._groups = {one: _Group(uris[one], keys) for one, keys in found.items()}
        return self._groups

    def _seen(self) -> Iterator[tuple[Identity, Any]]:
        for kind, its_class in _CLASSES.items():
            search = self._session.get_objects({Attribute.CLASS: its_class, Attribute.TOKEN: True})
            # All of them first, since a session has one search under way; and an end to it.
            keys = list(islice(search, self._max_keys + 1))
            search.close()
            for key in keys:
                label, identity = (_one(key, name)[0] for name in ("CKA_LABEL", "CKA_ID"))
                # Names go into places that are not redacted later; people paste secrets into labels.
                yield Identity(kind, redact_text(str(label or "")), str(identity or "")), key

    def _token_held(self) -> Held:
        if self._held is None:
            self._once("token", self._hold)
        assert self._held is not None  # noqa: S101 - held, or a CallError was raised
        return self._held

    def _hold(self) -> None:
        self._held = Held(self._source.module, self._source.token, self._load)

    def _enter(self, *, login: bool) -> None:
        """Open the session that is asked for, in place of the one that is open."""
        held = self._token_held()
        if self._session is not None and self._logged_in == login:
            return
        # A token may have a single session; and while one is logged in, all are.
        self._leave()
        pin = self._pin if login else None
        if login and pin is None and held.token().flags & TokenFlag.LOGIN_REQUIRED:
            detail = f"add `pin:` to the source {self._source.name}: most keys are seen only after a login"
            raise CallError(GapReason.NOT_ALLOWED, code="NoPin", detail=detail)
        self._once(f"session {login}", lambda: self._open(held, pin))
        self._logged_in = login

    def _open(self, held: Held, pin: str | None) -> None:
        try:
            self._session = held.open(pin, mapper=ReadMapper())
        except PKCS11Error as error:
            raise understand(error) from None

    def _leave(self) -> None:
        if self._session is not None:
            # A token that is gone has no session any more either.
            with contextlib.suppress(PKCS11Error):
                self._session.close()
        self._session, self._groups = None, None

    def _once(self, what: str, work: Callable[[], None]) -> None:
        """Do ``work``; what failed once is not tried again, because each try can count against a PIN."""
        if what in self._failed:
            raise self._failed[what]
        try:
            work()
        except CallError as error:
            self._failed[what] = error
            raise


def _read(key: Any, kind: str) -> dict[str, Json]:  # noqa: ANN401 - an object of python-pkcs11
    """Return what a key says of itself. ``unread`` names the attributes that it has and does not give."""
    names = readable_of(kind)
    try:
        found = key.get_attributes([_MODES[name][0] for name in names])
    except PKCS11Error:
        found = {}  # one that fails fails them all
    values: dict[str, Json] = {}
    unread: dict[str, Json] = {}
    for name, readable in names.items():
        # Some tokens leave out what stands behind an attribute that they do not have, so each is asked for by itself.
        code = _MODES[name][0]
        value, problem = (found[code], "") if code in found else _one(key, name)
        if value is not None:
            values[name] = _named(name, value)
        elif problem and not readable.optional:
            unread[name] = problem
    kept = reduced(values)
    return {**kept, "unread": unread} if unread else kept


def _one(key: Any, name: str) -> tuple[Json, str]:  # noqa: ANN401 - as above
    """Return one attribute that may be read; None: it has none, or why it is not given."""
    try:
        return key[_MODES[name][0]], ""
    except pkcs11.AttributeTypeInvalid:
        return None, ""
    except PKCS11Error as error:
        return None, code_of(error)


def _named(name: str, value: Json) -> Json:
    """Return numbers that have names by their names."""
    if name == "CKA_KEY_TYPE" and isinstance(value, int):
        return f"CKK_{KeyType(value).name.lstrip('_')}" if value in set(KeyType) else f"CKK_{value:#010x}"
    if name == "CKA_KEY_GEN_MECHANISM" and isinstance(value, int):
        return _mechanism(value)
    return value


def _names(mechanisms: Iterable[int]) -> list[Json]:
    names: list[Json] = []
    names.extend(sorted(map(_mechanism, mechanisms)))
    return names


def _mechanism(value: int) -> str:
    return Mechanism(value).name.lstrip("_") if value in set(Mechanism) else f"{value:#010x}"


def _version(pair: tuple[int, int]) -> str:
    return f"{pair[0]}.{pair[1]}"
