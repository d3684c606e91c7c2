"""Modules and tokens as this process holds them.

A process has one copy of a module's library, and every session of it shares the login to a token. So a token belongs to
one user at a time: what a session without a login sees is told only where nobody is logged in. The library is not told
that there are threads; whoever calls it holds :data:`LOCK`. When nobody uses it any more it is finalized, so that the
next user finds the tokens as they are then.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pkcs11
from pkcs11.constants import SlotFlag, TokenFlag
from pkcs11.exceptions import PKCS11Error

from scanner.collect.interface import CallError
from scanner.collect.pkcs11.errors import not_loaded, understand
from scanner.model.observation import GapReason

LOCK = threading.RLock()
"""Held around every call into any module."""

Load = Callable[[str], Any]
"""Gives the library of a module, initialized: `pkcs11.lib`."""

_users: Counter[str] = Counter()
_held: set[tuple[str, str]] = set()
_refused: set[bytes] = set()
_secret = secrets.token_bytes(32)
"""Refused PINs are remembered by a hash under this key, which nobody outside the process has."""

HARDWARE_SLOT = SlotFlag.HW_SLOT

_FINAL_TRY = (
    "one more wrong PIN locks the token, so no login is tried; log in once by hand with the right PIN, which clears "
    "the count"
)
_PIN_PAD = "the token takes its PIN from a keypad of its own, so no login is tried; what needs one stays unknown"
_FLAGS_AGAINST = (
    (TokenFlag.USER_PIN_LOCKED, GapReason.DENIED, "PinLocked", "the user PIN is locked, so no login is tried"),
    (TokenFlag.USER_PIN_FINAL_TRY, GapReason.DENIED, "PinFinalTry", _FINAL_TRY),
    (TokenFlag.PROTECTED_AUTHENTICATION_PATH, GapReason.UNSUPPORTED, "PinPad", _PIN_PAD),
)
"""(flag of the token, reason, code, detail) for which nobody should log in unattended."""


class Held:
    """One token of one module, held by one user until :meth:`close`. Raises CallError when it cannot be had."""

    def __init__(self, module: str, label: str, load: Load = pkcs11.lib) -> None:
        self._key = os.path.realpath(module) if os.sep in module else module
        self._label = label
        with LOCK:
            if (self._key, label) in _held:
                detail = f"another source of this scan reads the token {label!r}; name each token once"
                raise CallError(GapReason.UNREACHABLE, code="InUse", detail=detail)
            try:
                self.library = load(module)
            except PKCS11Error as error:
                raise not_loaded(module, error) from None
            _users[self._key] += 1
            _held.add((self._key, label))
            try:
                self.slot = self._find()
            except BaseException:
                self.close()
                raise

    def token(self) -> Any:  # noqa: ANN401 - a token of python-pkcs11
        """Return the token with its flags as they are now."""
        return self.slot.get_token()

    def open(self, pin: str | None, *, rw: bool = False, mapper: Any = None) -> Any:  # noqa: ANN401 - as above
        """Open a session, and log in as the user where there is a PIN.

        Raises CallError instead of a login that could lock the token, and for a PIN that was refused before.
        """
        token = self.token()
        if pin is None:
            return token.open(rw=rw, attribute_mapper=mapper)
        mark = self._mark(token, pin)
        if mark in _refused:
            detail = "the token refused this PIN before in this process, and it is not given again"
            raise CallError(GapReason.DENIED, code="PinIncorrect", detail=detail)
        for flag, reason, code, detail in _FLAGS_AGAINST:
            if token.flags & flag:
                raise CallError(reason, code=code, detail=detail)
        if not token.flags & TokenFlag.USER_PIN_INITIALIZED:
            raise understand(pkcs11.UserPinNotInitialized())
        try:
            return token.open(rw=rw, user_pin=pin, attribute_mapper=mapper)
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked):
            _refused.add(mark)
            raise

    def close(self) -> None:
        """Give the token back, and the library when nobody else uses it. A session of it is closed before."""
        with LOCK:
            if (self._key, self._label) not in _held:
                return
            _held.remove((self._key, self._label))
            _users[self._key] -= 1
            if not _users[self._key]:
                # It also ends the session that a refused login leaves open. What it says at its end changes nothing.
                with contextlib.suppress(PKCS11Error):
                    self.library.finalize()

    def _find(self) -> Any:  # noqa: ANN401 - a slot of python-pkcs11
        try:
            slots = self.library.get_slots()
        except PKCS11Error as error:
            raise understand(error) from None
        found, labels, unread = [], set[str](), 0
        for slot in slots:
            try:
                token = slot.get_token()
            except (pkcs11.TokenNotPresent, pkcs11.TokenNotRecognised):
                continue
            except PKCS11Error:
                unread += 1
                continue
            labels |= {token.label} if token.label else set()
            if token.label == self._label:
                found.append(slot)
        if len(found) == 1:
            return found[0]
        raise self._not_one(len(found), sorted(labels), unread)

    def _not_one(self, found: int, labels: list[str], unread: int) -> CallError:
        if found:
            detail = f"{found} tokens of the module are called {self._label!r}; give each a label of its own"
            return CallError(GapReason.FAILED, code="SeveralTokens", detail=detail)
        there = f"it has {', '.join(map(repr, labels))}" if labels else "it has none"
        more = f"; {unread} slots could not be read" if unread else ""
        detail = f"the module has no token {self._label!r}: {there}{more}; mend `token:`"
        return CallError(GapReason.UNREACHABLE, code="NoSuchToken", detail=detail)

    def _mark(self, token: Any, pin: str) -> bytes:  # noqa: ANN401 - a token of python-pkcs11
        said = b"\0".join((self._key.encode(), self._label.encode(), bytes(token.serial), pin.encode()))
        return hmac.new(_secret, said, hashlib.sha256).digest()
