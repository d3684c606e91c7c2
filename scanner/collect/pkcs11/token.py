"""One token: what it is, how its PINs stand, and its secret and private keys; never what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from scanner.collect.interface import Answer, Asking, CallError, Check, Transport, Unit
from scanner.collect.pkcs11.naming import encoded, token_uri
from scanner.collect.pkcs11.operations import ATTRIBUTES, INFO, MECHANISMS, OBJECTS, OPERATIONS, SLOT, TOKEN, USER
from scanner.evidence.records import source_id
from scanner.model.estate import Pkcs11Source, SecretRef
from scanner.model.ids import Json
from scanner.model.observation import GapReason

NAME = "pkcs11.token"
_OF_USER = frozenset(operation.name for operation in OPERATIONS if USER in operation.permissions)


def unit(source: Pkcs11Source, resolve: Callable[[SecretRef], str], wanted: frozenset[str], deadline: float) -> Unit:
    """Return the unit that reads one token. ``deadline`` is on the monotonic clock, in seconds.

    The PIN is looked up only where something is ``wanted`` that needs it.
    """
    pin = resolve(source.pin) if source.pin is not None and wanted & _OF_USER else None
    return Unit(
        id=f"pkcs11/{source.name}/token",
        source=source_id("pkcs11", encoded(source.token)),
        source_name=source.name,
        account=source.token,
        region="",
        collector=NAME,
        principal="" if pin is None else USER,
        operations=OPERATIONS,
        collect=partial(collect, source=source),
        transport=lambda: connect(source, pin),
        deadline=deadline,
        # A token does one thing at a time, and so does its library in this process.
        concurrency=1,
    )


def connect(source: Pkcs11Source, pin: str | None) -> Transport:
    """Return the transport of a source. Raises CallError when python-pkcs11 is not installed."""
    try:
        from scanner.collect.pkcs11.transport import Pkcs11Transport
    except ModuleNotFoundError as error:
        detail = f'{error.name} is not installed: pip install "keyaudit[hsm]"'
        raise CallError(GapReason.UNSUPPORTED, code="MissingExtra", detail=detail) from error
    return Pkcs11Transport(source, pin)


def collect(asking: Asking, source: Pkcs11Source) -> Iterator[Unit]:
    """Read a token: itself before any login, what is seen without one, then its keys. Yields no further units."""
    asking.call(INFO, {}, check=_text("manufacturer"))
    asking.call(SLOT, {}, check=_text("description"))
    answer = asking.call(TOKEN, {}, check=_text("uri"))
    asking.call(MECHANISMS, {}, check=_list("mechanisms"))
    place = str(answer.body["uri"]) if answer is not None else token_uri(source.token)
    listed = _list("objects")
    public = asking.call(OBJECTS, {"login": False}, subject=place, check=listed)
    every = asking.call(OBJECTS, {"login": True}, check=listed)
    # Where nobody may log in, what is seen without a login is read.
    login, seen = (True, every) if every is not None else (False, public)
    asking.each(lambda uri: _key(asking, uri, login=login), _uris(seen))
    yield from ()


def _uris(seen: Answer | None) -> Iterator[str]:
    objects = seen.body["objects"] if seen is not None else []
    for one in objects if isinstance(objects, list) else []:
        if isinstance(one, dict):
            yield str(one.get("uri"))


def _key(asking: Asking, uri: str, *, login: bool) -> None:
    answer = asking.call(ATTRIBUTES, {"login": login, "uri": uri}, subject=uri, check=_list("objects"))
    if answer is None:
        return
    for name, code in sorted(_unread(answer.body["objects"])):
        detail = f"{name} of the key could not be read: {code}"
        asking.note(ATTRIBUTES, CallError(GapReason.FAILED, code=code, detail=detail), subject=uri)


def _unread(objects: Json) -> set[tuple[str, str]]:
    keys = objects if isinstance(objects, list) else []
    unread = [one["unread"] for one in keys if isinstance(one, dict) and "unread" in one]
    return {(name, str(code)) for one in unread if isinstance(one, dict) for name, code in one.items()}


def _text(name: str) -> Check:
    return lambda body: "" if isinstance(body.get(name), str) else f"`{name}` is not text"


def _list(name: str) -> Check:
    return lambda body: "" if isinstance(body.get(name), list) else f"`{name}` is not a list"
