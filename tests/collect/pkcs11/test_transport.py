"""The transport under the PKCS #11 collector: on real tokens, and on a module that fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pkcs11
import pytest
from pkcs11.constants import Attribute, MechanismFlag, ObjectClass, TokenFlag
from pkcs11.mechanisms import KeyType, Mechanism

from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.collect.pkcs11.library import Held
from scanner.collect.pkcs11.operations import ATTRIBUTES, INFO, MECHANISMS, OBJECTS, OPERATIONS, SLOT, TOKEN
from scanner.collect.pkcs11.transport import Pkcs11Transport, ReadMapper
from scanner.demo.hsm import Token
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.spki import of_rsa
from tests.collect.pkcs11.fakes import PIN, READY, FakeKey, FakeLibrary, FakeSlot, FakeToken, one_token
from tests.hsm import MODULE, REFERENCE, SECOND, a_source, session, softhsm

A = Attribute
ROOT = "pkcs11:token=root;object=root-2026"


@pytest.fixture
def real() -> Iterator[Pkcs11Transport]:
    with softhsm() as values:
        made = Pkcs11Transport(a_source(), values[REFERENCE.pin_variable])
        yield made
        made.close()


def a_transport(library: FakeLibrary, pin: str | None = PIN, **given: int) -> Pkcs11Transport:
    return Pkcs11Transport(a_source(module="acme.so"), pin, library, **given)


def asked(transport: Pkcs11Transport, operation: str, /, **params: Json) -> Any:  # noqa: ANN401 - a body
    return transport.send(operation, params).body


def failed(transport: Pkcs11Transport, operation: str, /, **params: Json) -> CallError:
    with pytest.raises(CallError) as error:
        transport.send(operation, params)
    return error.value


def test_a_real_token_says_what_it_is(real: Pkcs11Transport) -> None:
    assert asked(real, INFO)["manufacturer"] == "SoftHSM"
    assert asked(real, SLOT)["hardware"] is False
    token = asked(real, TOKEN)
    assert (token["label"], token["manufacturer"], token["model"]) == ("root", "SoftHSM project", "SoftHSM v2")
    assert token["uri"] == f"pkcs11:token=root;serial={token['serial']}"
    assert {"LOGIN_REQUIRED", "USER_PIN_INITIALIZED"} <= set(token["flags"])
    assert real.endpoint == f"pkcs11:?module-path={MODULE}"
    listed = asked(real, MECHANISMS)
    assert {"AES_KEY_WRAP", "DES3_CBC", "MD5"} <= set(listed["mechanisms"])
    assert listed["pkcs1_key_transport"] == ["RSA_PKCS"]


def test_real_keys_are_seen_with_a_login_and_without_one(real: Pkcs11Transport) -> None:
    public = asked(real, OBJECTS, login=False)
    assert [one["label"] for one in public["objects"]] == ["open-kek"]
    every = asked(real, OBJECTS, login=True)
    assert {one["label"] for one in every["objects"]} == {key.label for key in REFERENCE.keys}
    assert every["count"] == len(REFERENCE.keys)
    # And back again: nobody is logged in any more.
    assert asked(real, OBJECTS, login=False) == public


def test_real_attributes_are_those_of_the_list(real: Pkcs11Transport) -> None:
    (key,) = asked(real, ATTRIBUTES, login=True, uri=ROOT)["objects"]
    assert {name: key[name] for name in ("CKA_KEY_TYPE", "CKA_VALUE_LEN", "CKA_START_DATE", "CKA_END_DATE")} == {
        "CKA_KEY_TYPE": "CKK_AES",
        "CKA_VALUE_LEN": 32,
        "CKA_START_DATE": "20260704",
        "CKA_END_DATE": "20280703",
    }
    assert key["CKA_KEY_GEN_MECHANISM"] == "AES_KEY_GEN"
    assert "unread" not in key
    (undated,) = asked(real, ATTRIBUTES, login=True, uri="pkcs11:token=root;object=undated-kek")["objects"]
    assert undated["CKA_START_DATE"] == undated["CKA_END_DATE"] == ""
    (signing,) = asked(real, ATTRIBUTES, login=True, uri="pkcs11:token=root;object=release-signing")["objects"]
    assert (signing["CKA_MODULUS"], signing["CKA_KEY_TYPE"]) == (2048, "CKK_RSA")
    (imported,) = asked(real, ATTRIBUTES, login=True, uri="pkcs11:token=root;object=imported-kek")["objects"]
    assert "CKA_KEY_GEN_MECHANISM" not in imported  # the token cannot tell


def test_a_real_pair_tells_its_public_half() -> None:
    with softhsm() as values:
        with session(REFERENCE) as opened:
            search = {A.LABEL: "release-signing", A.CLASS: ObjectClass.PUBLIC_KEY}
            halves = [(one[A.MODULUS], one[A.PUBLIC_EXPONENT]) for one in opened.get_objects(search)]
        transport = Pkcs11Transport(a_source(), values[REFERENCE.pin_variable])
        uri = "pkcs11:token=root;object=release-signing"
        (signing,) = asked(transport, ATTRIBUTES, login=True, uri=uri)["objects"]
        transport.close()
    # The token keeps the public object too: what the private one tells is the same key.
    ((modulus, exponent),) = halves
    expected = of_rsa(int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big"))
    assert (signing["public_fingerprint"], len(str(expected))) == (expected, 64)
    assert {"CKA_PUBLIC_EXPONENT", "CKA_EC_POINT"}.isdisjoint(signing)


def test_a_real_date_that_the_token_cannot_give_is_named() -> None:
    with softhsm() as values:
        day = pkcs11.attributes.handle_date[1](b"20260101")
        with session(SECOND) as opened:
            made = opened.generate_key(KeyType.AES, 256, label="dated", store=True, template={A.START_DATE: day})
        transport = Pkcs11Transport(a_source(SECOND), values[SECOND.pin_variable])
        uri = "pkcs11:token=second%20%26%20last;object=dated"
        (key,) = asked(transport, ATTRIBUTES, login=True, uri=uri)["objects"]
        transport.close()
        with session(SECOND) as opened:
            for made in opened.get_objects({A.LABEL: "dated"}):
                made.destroy()
    # One that fails fails a call for several: the others are read all the same.
    assert key["unread"] == {"CKA_START_DATE": "GeneralError"}
    assert (key["CKA_END_DATE"], key["CKA_VALUE_LEN"]) == ("", 32)


def test_real_objects_of_one_name_stay_apart() -> None:
    twice = Token(label=SECOND.label)
    with softhsm() as values:
        with session(twice) as opened:
            for bits in (128, 256):
                opened.generate_key(KeyType.AES, bits, label="twin", id=b"\7", store=True)
        transport = Pkcs11Transport(a_source(SECOND), values[SECOND.pin_variable])
        listed = asked(transport, OBJECTS, login=True)["objects"]
        (twin,) = [one for one in listed if one["label"] == "twin"]
        keys = asked(transport, ATTRIBUTES, login=True, uri=twin["uri"])["objects"]
        transport.close()
        with session(twice) as opened:
            for made in list(opened.get_objects({A.LABEL: "twin"})):
                made.destroy()
    assert (twin["count"], twin["id"]) == (2, "07")
    assert sorted(key["CKA_VALUE_LEN"] for key in keys) == [16, 32]


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("pkcs11:C_GetAttributeValue", {"login": True, "uri": ROOT, "attributes": ["CKA_VALUE"]}),
        ("pkcs11:C_GetAttributeValue", {"login": True, "uri": ROOT, "CKA_VALUE": True}),
        ("pkcs11:C_GetAttributeValue", {"uri": ROOT}),
        ("pkcs11:C_FindObjects", {}),
        ("pkcs11:C_FindObjects", {"login": "yes"}),
        ("pkcs11:C_FindObjects", {"login": True, "template": {"CKA_SENSITIVE": False}}),
        ("pkcs11:C_GetTokenInfo", {"login": True}),
        *((f"pkcs11:{name}", {}) for name in ("C_Login", "C_WrapKey", "C_Decrypt", "C_DestroyObject", "C_CopyObject")),
        ("kms:Decrypt", {}),
    ],
)
def test_what_is_not_declared_does_not_reach_the_module(operation: str, params: dict[str, Json]) -> None:
    library = one_token(FakeToken())
    with pytest.raises(ForbiddenOperationError):
        a_transport(library).send(operation, params)
    assert library.loaded == []


def test_no_operation_and_no_parameter_gets_the_value_of_a_key_that_gives_it() -> None:
    value = bytes(range(100, 132))
    uri = "pkcs11:token=second%20%26%20last;object=open"
    told = []
    with softhsm() as values:
        with session(SECOND) as opened:
            template = {A.SENSITIVE: False, A.EXTRACTABLE: True, A.PRIVATE: False, A.TOKEN: True, A.LABEL: "open"}
            kind = {A.CLASS: ObjectClass.SECRET_KEY, A.KEY_TYPE: KeyType.AES}
            made = opened.create_object({**kind, **template, A.VALUE: value})
            assert made[A.VALUE] == value  # the token gives it to whoever asks
        transport = Pkcs11Transport(a_source(SECOND), values[SECOND.pin_variable])
        for login in (True, False):
            for params in ({}, {"login": login}, {"login": login, "uri": uri}):
                for operation in OPERATIONS:
                    try:
                        told.append(repr(transport.send(operation.name, params)))
                    except ForbiddenOperationError:
                        continue
        transport.close()
        # Nor does a session with the transport's own way of decoding.
        held = Held(MODULE, SECOND.label)
        with held.open(None, mapper=ReadMapper()) as opened:
            (key,) = opened.get_objects({A.CLASS: ObjectClass.SECRET_KEY})
            with pytest.raises(NotImplementedError):
                key[A.VALUE]
        held.close()
        with session(SECOND) as opened:
            for one in opened.get_objects({A.LABEL: "open"}):
                one.destroy()
    assert any("CKA_SENSITIVE" in text for text in told)
    assert not any(secret in text for text in told for secret in (value.hex(), repr(value)[2:-1], "CKA_VALUE'"))


def test_only_a_read_only_session_of_the_user_is_opened() -> None:
    token = FakeToken(keys=[FakeKey()])
    transport = a_transport(one_token(token))
    asked(transport, OBJECTS, login=False)
    asked(transport, OBJECTS, login=True)
    asked(transport, OBJECTS, login=True)
    transport.close()
    assert token.opened == [(None, False), (PIN, False)]
    # The first was closed before the login: a token may have one session, and while one is logged in, all are.
    assert [one.closed for one in token.sessions] == [1, 1]


def test_a_listing_is_read_once_in_a_session() -> None:
    token = FakeToken(keys=[FakeKey("a"), FakeKey("b", kind=ObjectClass.PRIVATE_KEY)])
    transport = a_transport(one_token(token))
    listed = asked(transport, OBJECTS, login=True)
    for one in listed["objects"]:
        asked(transport, ATTRIBUTES, login=True, uri=one["uri"])
    (opened,) = token.sessions
    assert opened.searches == 2  # one for each class
    transport.close()


@pytest.mark.parametrize(
    ("flags", "reason"), [(READY, GapReason.NOT_ALLOWED), (TokenFlag.TOKEN_INITIALIZED, None)], ids=["asks", "open"]
)
def test_without_a_pin_a_token_that_asks_for_a_login_shows_no_more(flags: TokenFlag, reason: GapReason | None) -> None:
    token = FakeToken(keys=[FakeKey(private=False)], flags=flags)
    transport = a_transport(one_token(token), None)
    if reason is None:
        assert asked(transport, OBJECTS, login=True)["count"] == 1
    else:
        error = failed(transport, OBJECTS, login=True)
        assert (error.reason, error.code) == (reason, "NoPin")
        assert "add `pin:` to the source root-hsm" in error.detail
    transport.close()


@pytest.mark.parametrize(
    ("error", "code"),
    [(pkcs11.PinIncorrect(), "PinIncorrect"), (pkcs11.SessionCount(), "SessionCount")],
)
def test_a_login_that_failed_is_not_tried_again(error: Exception, code: str) -> None:
    token = FakeToken(keys=[FakeKey(private=False)], open_errors=[error])
    transport = a_transport(one_token(token), f"{PIN}-{code}")
    assert failed(transport, OBJECTS, login=True).code == code
    assert failed(transport, OBJECTS, login=True).code == code
    assert failed(transport, ATTRIBUTES, login=True, uri="x").code == code
    # What everybody sees is read all the same.
    assert asked(transport, OBJECTS, login=False)["count"] == 1
    transport.close()
    assert [pin for pin, _ in token.opened] == [f"{PIN}-{code}", None]


def test_a_token_that_is_not_there_is_looked_for_once() -> None:
    library = one_token(FakeToken("another"))
    transport = a_transport(library)
    assert [failed(transport, name).code for name in (INFO, SLOT, TOKEN)] == ["NoSuchToken"] * 3
    transport.close()
    assert (library.loaded, library.finalized) == (["acme.so"], 1)


def test_what_fails_on_the_way_is_a_call_error() -> None:
    transport = a_transport(one_token(FakeToken(keys=[FakeKey(), pkcs11.DeviceRemoved()])))
    assert failed(transport, OBJECTS, login=True).code == "DeviceRemoved"
    transport.close()


def test_a_token_that_is_gone_can_be_left() -> None:
    token = FakeToken(close_error=pkcs11.SessionHandleInvalid())
    transport = a_transport(one_token(token))
    asked(transport, OBJECTS, login=True)
    transport.close()
    assert token.sessions[0].closed == 1


def test_a_listing_has_a_bound() -> None:
    transport = a_transport(one_token(FakeToken(keys=[FakeKey(str(n)) for n in range(3)])), max_keys=2)
    error = failed(transport, OBJECTS, login=True)
    assert (error.reason, error.code) == (GapReason.LIMIT, "TooManyKeys")
    transport.close()


def test_a_key_that_is_not_there_is_said() -> None:
    transport = a_transport(one_token(FakeToken(keys=[FakeKey()])))
    assert failed(transport, ATTRIBUTES, login=True, uri="pkcs11:token=root;object=gone").code == "NoSuchObject"
    transport.close()


VALUES = {
    A.SENSITIVE: True,
    A.KEY_TYPE: 0x80000099,
    A.KEY_GEN_MECHANISM: int(Mechanism.AES_KEY_GEN),
    A.START_DATE: pkcs11.GeneralError(),
    A.TRUSTED: pkcs11.FunctionFailed(),
}


@pytest.mark.parametrize(
    "bulk",
    [None, pkcs11.FunctionFailed(), frozenset({A.SENSITIVE, A.KEY_TYPE})],
    ids=["several at once", "not several at once", "forgets some"],
)
def test_attributes_are_read_however_the_token_gives_them(bulk: Exception | frozenset[Attribute] | None) -> None:
    transport = a_transport(one_token(FakeToken(keys=[FakeKey(bulk=bulk, values=VALUES)])))
    answer = asked(transport, ATTRIBUTES, login=True, uri="pkcs11:token=root;object=root")
    transport.close()
    # What an object does not have is left out; that a token cannot give what few keys have says nothing.
    assert answer == {
        "kind": "secret-key",
        "objects": [
            {
                "CKA_LABEL": "root",
                "CKA_ID": "01",
                "CKA_SENSITIVE": True,
                "CKA_KEY_TYPE": "CKK_0x80000099",
                "CKA_KEY_GEN_MECHANISM": "AES_KEY_GEN",
                "unread": {"CKA_START_DATE": "GeneralError"},
            }
        ],
    }


@pytest.mark.parametrize(
    ("flags", "transports"),
    [(MechanismFlag.SIGN, []), (MechanismFlag.SIGN | MechanismFlag.UNWRAP, ["RSA_PKCS"])],
    ids=["signs", "transports"],
)
def test_the_old_padding_counts_where_it_transports_keys(flags: MechanismFlag, transports: list[str]) -> None:
    slot = FakeSlot(FakeToken(), mechanisms=[Mechanism.RSA_PKCS, 0x80001234])
    slot.transports = flags
    transport = a_transport(FakeLibrary(slot))
    assert asked(transport, MECHANISMS) == {
        "mechanisms": ["0x80001234", "RSA_PKCS"],
        "pkcs1_key_transport": transports,
    }
    transport.close()
