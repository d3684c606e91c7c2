"""What the errors of a token mean."""

from __future__ import annotations

import pkcs11
import pytest
from pkcs11 import exceptions

from scanner.collect.pkcs11 import errors
from scanner.model.observation import GapReason


@pytest.mark.parametrize(
    ("error", "reason", "code", "says"),
    [
        (pkcs11.PinIncorrect(), GapReason.DENIED, "PinIncorrect", "not given again"),
        (pkcs11.PinLocked(), GapReason.DENIED, "PinLocked", "C_InitPIN"),
        (pkcs11.UserPinNotInitialized(), GapReason.DENIED, "UserPinNotInitialized", "C_InitPIN"),
        (pkcs11.SessionCount(), GapReason.UNREACHABLE, "SessionCount", "close other clients"),
        (pkcs11.FunctionNotSupported(), GapReason.UNSUPPORTED, "FunctionNotSupported", "does not offer"),
        (pkcs11.DeviceRemoved(), GapReason.UNREACHABLE, "DeviceRemoved", "removed"),
        (pkcs11.UserAlreadyLoggedIn(), GapReason.FAILED, "UserAlreadyLoggedIn", "logged in"),
        (pkcs11.DeviceError(), GapReason.FAILED, "DeviceError", "the token failed: DeviceError"),
        (
            pkcs11.PKCS11Error("Unmapped\nerror code 0x80000001"),
            GapReason.FAILED,
            "PKCS11Error",
            "error code 0x80000001",
        ),
    ],
)
def test_each_failure_says_what_it_is_and_what_to_do(
    error: pkcs11.PKCS11Error, reason: GapReason, code: str, says: str
) -> None:
    found = errors.understand(error)
    assert (found.reason, found.code, found.retry) == (reason, code, False)
    assert says in found.detail


def test_every_meaning_is_of_an_error_that_there_is() -> None:
    assert [name for name in errors._MEANINGS if not hasattr(exceptions, name)] == []


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (pkcs11.PKCS11Error("OS exception while loading x.so: no such file"), "ModuleNotLoaded", "`module:`"),
        (pkcs11.GeneralError(), "GeneralError", "SOFTHSM2_CONF"),
    ],
)
def test_a_library_that_does_not_load_says_why(error: pkcs11.PKCS11Error, code: str, says: str) -> None:
    found = errors.not_loaded("x.so", error)
    assert (found.reason, found.code) == (GapReason.UNREACHABLE, code)
    assert "x.so" in found.detail
    assert says in found.detail
