"""Modules and tokens as a process holds them."""

from __future__ import annotations

from pathlib import Path

import pkcs11
import pytest
from pkcs11.constants import TokenFlag

from scanner.collect.interface import CallError
from scanner.collect.pkcs11.library import Held
from scanner.model.observation import GapReason
from tests.collect.pkcs11.fakes import PIN, READY, FakeLibrary, FakeSlot, FakeToken, one_token
from tests.hsm import MODULE, REFERENCE, SECOND, WRONG, softhsm


def refused(held: Held, pin: str = PIN) -> CallError:
    with pytest.raises(CallError) as error:
        held.open(pin)
    return error.value


def test_a_token_is_found_by_its_label_and_given_back() -> None:
    library = FakeLibrary(FakeSlot(FakeToken("other")), FakeSlot(FakeToken("root")))
    held = Held("acme.so", "root", library)
    assert held.token().label == "root"
    held.close()
    held.close()
    assert (library.loaded, library.finalized) == (["acme.so"], 1)


def test_two_tokens_of_a_module_share_its_library() -> None:
    library = FakeLibrary(FakeSlot(FakeToken("one")), FakeSlot(FakeToken("two")))
    first, second = Held("acme.so", "one", library), Held("acme.so", "two", library)
    first.close()
    assert library.finalized == 0
    second.close()
    assert library.finalized == 1


def test_a_library_that_fails_at_its_end_changes_nothing() -> None:
    library = one_token(FakeToken())
    library.finalize_error = pkcs11.GeneralError()
    Held("acme.so", "root", library).close()
    Held("acme.so", "root", library).close()
    assert library.finalized == 2


def test_a_token_has_one_user_at_a_time() -> None:
    library = one_token(FakeToken())
    held = Held("acme.so", "root", library)
    try:
        with pytest.raises(CallError, match="InUse"):
            Held("acme.so", "root", library)
    finally:
        held.close()
    Held("acme.so", "root", library).close()


@pytest.mark.parametrize(
    ("library", "code", "says"),
    [
        (FakeLibrary(error=pkcs11.PKCS11Error("OS exception while loading")), "ModuleNotLoaded", "`module:`"),
        (FakeLibrary(), "NoSuchToken", "it has none"),
        (FakeLibrary(FakeSlot(FakeToken("b")), FakeSlot(FakeToken("a"))), "NoSuchToken", "it has 'a', 'b'; mend"),
        (FakeLibrary(FakeSlot(FakeToken(""))), "NoSuchToken", "it has none"),
        (FakeLibrary(FakeSlot(pkcs11.TokenNotPresent())), "NoSuchToken", "it has none; mend"),
        (FakeLibrary(FakeSlot(pkcs11.DeviceError())), "NoSuchToken", "1 slots could not be read"),
        (FakeLibrary(FakeSlot(FakeToken()), FakeSlot(FakeToken())), "SeveralTokens", "a label of its own"),
        (FakeLibrary(pkcs11.DeviceError()), "DeviceError", "the token failed"),  # type: ignore[arg-type] # in place of slots
    ],
)
def test_a_token_that_cannot_be_had_is_said(library: FakeLibrary, code: str, says: str) -> None:
    with pytest.raises(CallError) as error:
        Held("acme.so", "root", library)
    assert error.value.code == code
    assert says in error.value.detail
    # It is free again, and so is the library if it was loaded.
    assert library.finalized == (0 if library.error else 1)


def test_without_a_pin_nobody_logs_in() -> None:
    token = FakeToken()
    held = Held("acme.so", "root", one_token(token))
    held.open(None)
    held.close()
    assert token.opened == [(None, False)]


@pytest.mark.parametrize(
    ("flags", "reason", "code"),
    [
        (READY | TokenFlag.USER_PIN_LOCKED, GapReason.DENIED, "PinLocked"),
        (READY | TokenFlag.USER_PIN_FINAL_TRY, GapReason.DENIED, "PinFinalTry"),
        (READY | TokenFlag.PROTECTED_AUTHENTICATION_PATH, GapReason.UNSUPPORTED, "PinPad"),
        (TokenFlag.LOGIN_REQUIRED, GapReason.DENIED, "UserPinNotInitialized"),
    ],
)
def test_a_login_that_could_lock_the_token_or_cannot_work_is_not_tried(
    flags: TokenFlag, reason: GapReason, code: str
) -> None:
    token = FakeToken(flags=flags)
    held = Held("acme.so", "root", one_token(token))
    error = refused(held)
    held.close()
    assert (error.reason, error.code) == (reason, code)
    assert token.opened == []


def test_a_refused_pin_is_not_given_again_in_this_process() -> None:
    token = FakeToken("pins", open_errors=[pkcs11.PinIncorrect()])
    held = Held("acme.so", "pins", one_token(token))
    with pytest.raises(pkcs11.PinIncorrect):
        held.open("wrong")
    assert refused(held, "wrong").code == "PinIncorrect"
    held.open("another")  # a mended PIN is tried
    held.close()
    assert [pin for pin, _ in token.opened] == ["wrong", "another"]


def test_a_failure_that_is_not_about_the_pin_does_not_count_against_it() -> None:
    token = FakeToken("busy", open_errors=[pkcs11.SessionCount()])
    held = Held("acme.so", "busy", one_token(token))
    with pytest.raises(pkcs11.SessionCount):
        held.open(PIN)
    held.open(PIN)
    held.close()


def test_real_tokens_of_one_module(tmp_path: Path) -> None:
    with softhsm():
        first, second = Held(MODULE, REFERENCE.label), Held(MODULE, SECOND.label)
        assert {first.token().label, second.token().label} == {REFERENCE.label, SECOND.label}
        first.close()
        second.close()
    with pytest.MonkeyPatch.context() as patch:
        (tmp_path / "tokens").mkdir()
        (tmp_path / "conf").write_text(f"directories.tokendir = {tmp_path}/tokens\n")
        patch.setenv("SOFTHSM2_CONF", str(tmp_path / "conf"))
        # The library is read anew: it knows the tokens of the other folder no more.
        with pytest.raises(CallError, match="NoSuchToken"):
            Held(MODULE, REFERENCE.label)


def test_a_real_wrong_pin_is_counted_once() -> None:
    with softhsm() as values:
        held = Held(MODULE, WRONG.label)
        with pytest.raises(pkcs11.PinIncorrect):
            held.open("surely-wrong")
        assert held.token().flags & TokenFlag.USER_PIN_COUNT_LOW
        assert refused(held, "surely-wrong").code == "PinIncorrect"
        held.open(values[WRONG.pin_variable]).close()
        assert not held.token().flags & TokenFlag.USER_PIN_COUNT_LOW
        held.close()


def test_a_real_library_that_is_not_there() -> None:
    with pytest.raises(CallError, match="ModuleNotLoaded"):
        Held("/nowhere/libhsm.so", "root")
