"""Which failure of a token means what, and what to do about it. Messages hold no PIN and no value."""

from __future__ import annotations

from collections.abc import Mapping

from pkcs11.exceptions import PKCS11Error

from scanner.collect.interface import CallError
from scanner.model.observation import GapReason

_PIN = (
    "the token refused the user PIN; it is not given again, because each wrong PIN brings the token nearer to its "
    "lock: mend what `pin:` refers to"
)
_MEANINGS: Mapping[str, tuple[GapReason, str]] = {
    "PinIncorrect": (GapReason.DENIED, _PIN),
    "PinInvalid": (GapReason.DENIED, _PIN),
    "PinLenRange": (GapReason.DENIED, _PIN),
    "PinLocked": (GapReason.DENIED, "the user PIN is locked; the security officer must set a new one (C_InitPIN)"),
    "PinExpired": (GapReason.DENIED, "the user PIN has expired; set a new one (C_SetPIN)"),
    "UserPinNotInitialized": (GapReason.DENIED, "the user PIN was never set; the security officer sets it (C_InitPIN)"),
    "UserNotLoggedIn": (GapReason.DENIED, "the token wants a login for this; give the source a `pin:`"),
    "UserAlreadyLoggedIn": (GapReason.FAILED, "another part of this process is logged in to the token"),
    "AnotherUserAlreadyLoggedIn": (GapReason.FAILED, "another role of this process is logged in to the token"),
    "UserTooManyTypes": (GapReason.UNREACHABLE, "the token has no room for another login; close other clients"),
    "SessionCount": (GapReason.UNREACHABLE, "the token has no free session; close other clients, or scan later"),
    "SessionReadWriteSOExists": (GapReason.UNREACHABLE, "the security officer is logged in; scan when he is not"),
    "FunctionNotSupported": (GapReason.UNSUPPORTED, "the module does not offer the function"),
    "FunctionRejected": (GapReason.DENIED, "the token rejected the request"),
    "TokenNotPresent": (GapReason.UNREACHABLE, "the token is not in its slot"),
    "TokenNotRecognised": (GapReason.UNREACHABLE, "the slot does not know the token"),
    "DeviceRemoved": (GapReason.UNREACHABLE, "the token was removed while it was read"),
    "SlotIDInvalid": (GapReason.UNREACHABLE, "the slot is gone"),
    "SessionClosed": (GapReason.UNREACHABLE, "the token closed the session while it was read; scan again"),
    "SessionHandleInvalid": (GapReason.UNREACHABLE, "the token closed the session while it was read; scan again"),
}
"""Class of the error (a return value CKR_*) to what it means."""


def code_of(error: PKCS11Error) -> str:
    """Return the name of an error: the CKR_* value in other letters."""
    return type(error).__name__


def understand(error: PKCS11Error) -> CallError:
    """Turn a failed function into a CallError."""
    code = code_of(error)
    said = " ".join(str(error).split()) or code
    reason, detail = _MEANINGS.get(code, (GapReason.FAILED, f"the token failed: {said}"))
    return CallError(reason, code=code, detail=detail)


def not_loaded(module: str, error: PKCS11Error) -> CallError:
    """Turn a library that cannot be loaded, or does not start, into a CallError."""
    code = code_of(error)
    if code == "PKCS11Error":
        detail = f"{' '.join(str(error).split())}; name the library of the HSM's vendor in `module:`"
        return CallError(GapReason.UNREACHABLE, code="ModuleNotLoaded", detail=detail)
    detail = f"{module} does not start ({code}); look at its own configuration (SoftHSM: the file in SOFTHSM2_CONF)"
    return CallError(GapReason.UNREACHABLE, code=code, detail=detail)
