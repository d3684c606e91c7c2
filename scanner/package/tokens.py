"""A key of a PKCS #11 token that signs packages, named by a URI (RFC 7512)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11.constants import Attribute, ObjectClass, TokenFlag
from pkcs11.exceptions import PKCS11Error
from pkcs11.mechanisms import KeyType, Mechanism
from pkcs11.util.ec import encode_ec_public_key

from scanner.errors import UsageError
from scanner.package.keys import Secret, SigningError, load_public, read_private

EXAMPLE = "pkcs11:token=audit;object=signing?module-path=/usr/lib/softhsm/libsofthsm2.so"
_PATH = frozenset({"token", "object", "id", "type"})
_QUERY = frozenset({"module-path", "pin-source"})
_NO_LOGIN = (
    (TokenFlag.USER_PIN_LOCKED, "its user PIN is locked"),
    (TokenFlag.USER_PIN_FINAL_TRY, "one more wrong PIN would lock it; log in once by hand first"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uri:
    """What a PKCS #11 URI says."""

    module: str
    """Path of the library."""
    token: str
    object: str = ""
    id: bytes = b""
    pin_source: str = ""
    """Path of a file with the user PIN."""


def parse_uri(text: str) -> Uri:
    """Parse a PKCS #11 URI. Raises UsageError for one that names no key, no module, or holds a PIN."""
    path, _, query = text.removeprefix("pkcs11:").partition("?")
    said = _attributes(path, ";", _PATH) | _attributes(query, "&", _QUERY)
    if said.get("type", "private") != "private" or "token" not in said or not said.keys() & {"object", "id"}:
        raise UsageError("the PKCS #11 URI names no private key of a token", hint=f"write {EXAMPLE}")
    if "module-path" not in said:
        raise UsageError("the PKCS #11 URI has no module-path", hint=f"write {EXAMPLE}")
    return Uri(
        module=unquote(said["module-path"]),
        token=unquote(said["token"]),
        object=unquote(said.get("object", "")),
        id=unquote_to_bytes(said.get("id", "")),
        pin_source=unquote(said.get("pin-source", "")).removeprefix("file:"),
    )


def _attributes(text: str, separator: str, known: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(separator) if text else ():
        name, _, value = part.partition("=")
        if name == "pin-value":
            # Not repeated: a command line is seen by others and kept in histories.
            hint = "write pin-source=file:PATH, or set KEYAUDIT_PIN; and change the PIN"
            raise UsageError("a PIN does not belong into a URI", hint=hint)
        if name not in known or not value or name in found:
            raise UsageError(f"the PKCS #11 URI has {name!r} empty, twice, or unknown", hint=f"write {EXAMPLE}")
        found[name] = value
    return found


def check_login(token: str, flags: TokenFlag) -> None:
    """Raise SigningError where a login could lock the token called ``token``, which has ``flags``."""
    for flag, why in _NO_LOGIN:
        if flags & flag:
            raise SigningError(f"no login to the token {token!r}: {why}", hint="see to the token first")


def _read_pin(path: Path) -> str:
    try:
        return read_private(path, "the PIN").decode().strip()
    except UnicodeDecodeError:
        raise SigningError(f"{path} holds no PIN: it is not text", hint="is it the right file?") from None


class Pkcs11Signer:
    """A private key of a token. A session is opened for each use, and closed. Raises SigningError."""

    def __init__(self, uri: Uri, pin: Secret) -> None:
        self._uri = uri
        self._pin = _read_pin(Path(uri.pin_source)) if uri.pin_source else pin()
        with self._session() as session:
            public = self._find(session, ObjectClass.PUBLIC_KEY, bytes(self._private(session)[Attribute.ID]))
            self._public = load_public(encode_ec_public_key(public), "the token")

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """See :class:`scanner.package.keys.Signer`."""
        return self._public

    def sign(self, data: bytes) -> bytes:
        """See :class:`scanner.package.keys.Signer`. The digest is made here: not every token hashes."""
        with self._session() as session:
            digest = hashlib.sha256(data).digest()
            raw: bytes = self._private(session).sign(digest, mechanism=Mechanism.ECDSA)
        # A token gives r and s side by side; everybody else reads DER.
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))

    def _private(self, session: Any) -> Any:  # noqa: ANN401 - a session and a key of python-pkcs11
        return self._find(session, ObjectClass.PRIVATE_KEY, self._uri.id)

    def _find(self, session: Any, kind: ObjectClass, identity: bytes) -> Any:  # noqa: ANN401 - as above
        label = self._uri.object or None
        try:
            return session.get_key(object_class=kind, key_type=KeyType.EC, label=label, id=identity or None)
        except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned) as error:
            many = "several" if isinstance(error, pkcs11.MultipleObjectsReturned) else "no"
            what = "private" if kind is ObjectClass.PRIVATE_KEY else "public"
            hint = "name it by object= and id=; its public key must be on the token, too"
            raise SigningError(f"the token {self._uri.token!r} has {many} such {what} EC key", hint=hint) from None

    @contextmanager
    def _session(self) -> Iterator[Any]:
        try:
            library = pkcs11.lib(self._uri.module)
        except (PKCS11Error, RuntimeError, OSError) as error:
            raise SigningError(f"{self._uri.module}: not a PKCS #11 module: {error}") from None
        try:
            token = library.get_token(token_label=self._uri.token)
            check_login(self._uri.token, token.flags)
            with token.open(user_pin=self._pin) as session:
                yield session
        except PKCS11Error as error:
            said = f"{type(error).__name__} {error}".strip()
            raise SigningError(f"the token {self._uri.token!r}: {said}") from None
        finally:
            # What a library says at its end changes nothing.
            with suppress(PKCS11Error):
                library.finalize()
