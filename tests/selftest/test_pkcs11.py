"""A token as a key service, on a real SoftHSM and on modules that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pkcs11
import pytest
from pkcs11.constants import Attribute, ObjectClass, TokenFlag
from pkcs11.mechanisms import Mechanism

from scanner.model.observation import GapReason
from scanner.selftest.interface import CannotRunError, KeyDescription, KeyService, RefusedError
from scanner.selftest.pkcs11 import TokenKeys, TokenSession, bad_input
from tests.collect.pkcs11.fakes import PIN, READY, FakeKey, FakeLibrary, FakeSlot, FakeToken, one_token
from tests.hsm import NOW, REFERENCE, SECOND, a_source, session, softhsm

ROOT = "root-2026"


@pytest.fixture
def keys() -> Iterator[TokenKeys]:
    with softhsm() as values:
        made = TokenKeys(a_source(), values[REFERENCE.pin_variable], lambda: NOW)
        yield made
        made.close()


def a_session(library: FakeLibrary, kind: type[TokenSession] = TokenSession) -> Any:  # noqa: ANN401 - of that kind
    return kind(a_source(module="acme.so"), PIN, lambda: NOW, library)


def objects() -> int:
    with softhsm(), session(REFERENCE, rw=False) as opened:
        return len(list(opened.get_objects()))


def test_a_data_key_is_made_in_the_token_and_comes_back(keys: TokenKeys) -> None:
    data = keys.generate_data_key(ROOT, {})
    assert len(data.plaintext) == 32
    assert bytes(data.plaintext) not in data.wrapped
    assert keys.unwrap(ROOT, data.wrapped, {}) == data.plaintext
    data.wipe()
    assert set(data.plaintext) == {0}


@pytest.mark.parametrize("length", [16, 24, 32, 48])
def test_what_is_wrapped_comes_back(keys: TokenKeys, length: int) -> None:
    plain = bytes(range(length))
    assert keys.unwrap(ROOT, keys.wrap(ROOT, plain, {"tenant": "a"}), {"tenant": "b"}) == plain
    assert keys.binds_context is False  # so another context opens it, which the tests must know


@pytest.mark.parametrize("length", [0, 8, 31, 33])
def test_what_key_wrap_does_not_take_whole_is_not_wrapped(keys: TokenKeys, length: int) -> None:
    with pytest.raises(CannotRunError, match="blocks of 8"):
        keys.wrap(ROOT, bytes(length), {})


def test_a_key_is_rewrapped_under_another_one(keys: TokenKeys) -> None:
    data = keys.generate_data_key(ROOT, {})
    again = keys.rewrap(ROOT, data.wrapped, {}, "undated-kek")
    assert keys.unwrap("undated-kek", again, {}) == data.plaintext
    with pytest.raises(RefusedError):
        keys.unwrap(ROOT, again, {})
    tampered = bytes([data.wrapped[0] ^ 1]) + data.wrapped[1:]
    with pytest.raises(RefusedError):
        keys.rewrap(ROOT, tampered, {}, "undated-kek")


def test_a_key_is_described_by_its_name(keys: TokenKeys) -> None:
    assert keys.describe(ROOT) == KeyDescription("pkcs11:token=root;object=root-2026", "active", "")
    assert keys.provider == "pkcs11"
    assert keys.module_id.startswith("pkcs11:token=root;serial=")
    with pytest.raises(CannotRunError, match="has 0 secret keys 'nothing'"):
        keys.describe("nothing")
    # A private key does not wrap.
    with pytest.raises(CannotRunError, match="has 0 secret keys 'release-signing'"):
        keys.describe("release-signing")


def test_it_is_a_key_service(keys: TokenKeys) -> None:
    service: KeyService = keys
    service.generate_data_key(ROOT, {})
    names = [call.operation for call in service.calls]
    assert names[:2] == ["pkcs11:C_Login", "pkcs11:C_FindObjects"]
    assert {"pkcs11:C_GenerateKey", "pkcs11:C_WrapKey", "pkcs11:C_DestroyObject"} <= set(names)
    assert {(call.code, call.at) for call in service.calls} == {("", "2026-11-01T12:00:00.000Z")}


def test_nothing_stays_on_the_token() -> None:
    before = objects()
    with softhsm() as values:
        made = TokenKeys(a_source(), values[REFERENCE.pin_variable], lambda: NOW)
        data = made.generate_data_key(ROOT, {})
        made.wrap(ROOT, data.plaintext, {})
        made.rewrap(ROOT, data.wrapped, {}, ROOT)
        made.close()
    assert objects() == before > 0


def test_a_key_that_may_not_wrap_says_so() -> None:
    with softhsm() as values:
        made = TokenSession(a_source(SECOND), values[SECOND.pin_variable], lambda: NOW)
        plain = made.make({}, capabilities=pkcs11.MechanismFlag.ENCRYPT, label="plain")
        with pytest.raises(CannotRunError, match="'plain' may not wrap"):
            made.wrapped(plain, plain)
        with pytest.raises(CannotRunError, match="'plain' may not unwrap"):
            made.unwrapped(plain, b"", pkcs11.KeyType.AES, {})
        made.close()


def test_without_a_pin_nothing_can_be_run() -> None:
    with pytest.raises(CannotRunError, match="add `pin:` to the source root-hsm") as error:
        TokenSession(a_source(), None, lambda: NOW)
    assert error.value.reason is GapReason.NOT_ALLOWED


def test_a_token_that_cannot_be_had_is_said() -> None:
    with pytest.raises(CannotRunError, match="NoSuchToken") as error:
        a_session(FakeLibrary())
    assert error.value.reason is GapReason.UNREACHABLE


@pytest.mark.parametrize(
    ("token", "says"),
    [
        (FakeToken(flags=READY | TokenFlag.USER_PIN_FINAL_TRY), "PinFinalTry"),
        (FakeToken(open_errors=[pkcs11.SessionCount()]), "SessionCount"),
    ],
)
def test_a_login_that_does_not_come_about_is_said(token: FakeToken, says: str) -> None:
    made = a_session(one_token(token))
    with pytest.raises(CannotRunError, match=says):
        made.secret_key("root")
    made.close()


def test_a_session_is_for_writing_with_a_login_and_for_reading_without_one() -> None:
    token = FakeToken(close_error=pkcs11.SessionHandleInvalid())
    made = a_session(one_token(token))
    made.session()
    made.session()
    made.session(login=False)
    made.close()  # a token that is gone can be left
    assert token.opened == [(PIN, True), (None, False)]
    assert [one.closed for one in token.sessions] == [1, 1]


def test_keys_of_one_label_are_not_one_key() -> None:
    made = a_session(one_token(FakeToken(keys=[as_found("a"), as_found("a")])))
    with pytest.raises(CannotRunError, match="has 2 secret keys 'a', and not one"):
        made.secret_key("a")
    made.close()


def as_found(label: str, kind: ObjectClass = ObjectClass.SECRET_KEY) -> FakeKey:
    return FakeKey(label, kind=kind, values={Attribute.WRAP: True})


def test_a_key_has_the_name_that_the_scan_gives_it() -> None:
    token = FakeToken(keys=[as_found("a"), as_found("a", ObjectClass.PRIVATE_KEY)])
    made = a_session(one_token(token))
    key, uri = made.secret_key("a")
    assert (key, uri) == (token.keys[0], "pkcs11:token=root;object=a;id=%01;type=secret-key")
    assert made.secret_key("a") == (key, uri)
    assert token.sessions[0].searches == 2  # one for each class, and once
    made.close()


@pytest.mark.parametrize(
    ("mechanisms", "way"),
    [
        ({Mechanism.AES_KEY_WRAP, Mechanism.AES_KEY_WRAP_PAD}, Mechanism.AES_KEY_WRAP_PAD),
        ({Mechanism.AES_KEY_WRAP}, Mechanism.AES_KEY_WRAP),
        ({Mechanism.AES_CBC}, None),
    ],
)
def test_the_way_to_wrap_is_one_that_the_token_offers(mechanisms: set[int], way: Mechanism | None) -> None:
    made = a_session(FakeLibrary(FakeSlot(FakeToken(), mechanisms=mechanisms)))
    if way is None:
        with pytest.raises(CannotRunError, match="C_GetMechanismList offers neither"):
            made.wraps_by()
    else:
        assert made.wraps_by() is way
    made.close()


def test_a_failure_is_a_refusal_only_where_it_can_be_one() -> None:
    made = a_session(one_token(FakeToken()))

    def fails(error: Exception) -> Callable[[], None]:
        def work() -> None:
            raise error

        return work

    with pytest.raises(RefusedError, match="GeneralError"):
        made.ask("C_UnwrapKey", fails(pkcs11.GeneralError()), bad_input)
    with pytest.raises(CannotRunError, match=r"C_UnwrapKey: the token was removed .* \(DeviceRemoved\)") as error:
        made.ask("C_UnwrapKey", fails(pkcs11.DeviceRemoved()), bad_input)
    assert error.value.reason is GapReason.UNREACHABLE
    with pytest.raises(CannotRunError, match="GeneralError"):
        made.ask("C_WrapKey", fails(pkcs11.GeneralError()))
    assert [call.code for call in made.calls] == ["GeneralError", "DeviceRemoved", "GeneralError"]
    made.close()
