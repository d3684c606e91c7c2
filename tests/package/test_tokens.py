"""Keys of a real PKCS #11 token, SoftHSM's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from pkcs11.constants import TokenFlag

from scanner.errors import UsageError
from scanner.package.keys import ALGORITHM, Signer, SigningError, checked_signature
from scanner.package.signers import open_signer
from scanner.package.tokens import Uri, check_login, parse_uri
from tests.hsm import MODULE, SECOND, WRONG, softhsm

TOKEN = quote(SECOND.label)
URI = f"pkcs11:token={TOKEN};object=signing?module-path={MODULE}"


@pytest.fixture
def pins() -> Iterator[Mapping[str, str]]:
    with softhsm() as values:
        yield values


def nobody() -> str:
    raise AssertionError("nobody is to be asked")


def opened(uri: str, pin: str) -> Signer:
    return open_signer(uri, passphrase=nobody, pin=lambda: pin)


def test_a_key_of_a_token_signs(pins: Mapping[str, str]) -> None:
    signer = opened(URI, pins[SECOND.pin_variable])
    for data in (b"", b"x" * 5000):
        signer.public_key.verify(checked_signature(signer, data), data, ALGORITHM)
    again = opened(URI, pins[SECOND.pin_variable])
    assert again.public_key == signer.public_key


def test_the_pin_can_come_from_a_file_of_the_owners(pins: Mapping[str, str], tmp_path: Path) -> None:
    path = tmp_path / "a pin"
    path.write_text(f"{pins[SECOND.pin_variable]}\n")
    uri = f"{URI}&pin-source=file:{quote(str(path))}"
    with pytest.raises(SigningError, match="others can read the PIN"):
        open_signer(uri, passphrase=nobody, pin=nobody)
    path.chmod(0o600)
    assert checked_signature(open_signer(uri, passphrase=nobody, pin=nobody), b"data")


def test_a_file_that_is_no_pin_is_refused(pins: Mapping[str, str], tmp_path: Path) -> None:
    path = tmp_path / "pin"
    path.write_bytes(b"\xff")
    path.chmod(0o600)
    with pytest.raises(SigningError, match="it is not text"):
        open_signer(f"{URI}&pin-source={path}", passphrase=nobody, pin=nobody)


@pytest.mark.parametrize("flag", [TokenFlag.USER_PIN_LOCKED, TokenFlag.USER_PIN_FINAL_TRY])
def test_no_login_where_it_could_lock_the_token(flag: TokenFlag) -> None:
    check_login("t", TokenFlag.RNG | TokenFlag.USER_PIN_COUNT_LOW)
    with pytest.raises(SigningError, match="no login to the token 't'"):
        check_login("t", TokenFlag.RNG | flag)


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        (f"pkcs11:token={TOKEN};object=nobody?module-path={MODULE}", "no such private EC key"),
        (f"pkcs11:token={TOKEN};object=signing;id=%00?module-path={MODULE}", "no such private EC key"),
        (f"pkcs11:token=nobody;object=signing?module-path={MODULE}", "NoSuchToken"),
        (f"pkcs11:token={TOKEN};object=signing?module-path=/no/such/module.so", "not a PKCS #11 module"),
    ],
)
def test_what_is_not_there_is_told(pins: Mapping[str, str], uri: str, why: str) -> None:
    with pytest.raises(SigningError, match=why):
        opened(uri, pins[SECOND.pin_variable])


def test_a_wrong_pin_is_told_and_not_repeated(pins: Mapping[str, str]) -> None:
    with pytest.raises(SigningError, match="PinIncorrect") as raised:
        opened(f"pkcs11:token={quote(WRONG.label)};object=x?module-path={MODULE}", "12345678")
    assert "12345678" not in str(raised.value)


def test_a_uri_is_read_as_rfc_7512_has_it() -> None:
    uri = "pkcs11:token=a%20b%3B;object=k;id=%01%ff;type=private?module-path=/m.so&pin-source=file:/p"
    assert parse_uri(uri) == Uri(module="/m.so", token="a b;", object="k", id=b"\x01\xff", pin_source="/p")


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("pkcs11:object=k?module-path=/m.so", "names no private key"),
        ("pkcs11:token=t?module-path=/m.so", "names no private key"),
        ("pkcs11:token=t;object=k;type=public?module-path=/m.so", "names no private key"),
        ("pkcs11:token=t;object=k", "has no module-path"),
        ("pkcs11:token=t;object=?module-path=/m.so", "'object' empty, twice, or unknown"),
        ("pkcs11:token=t;token=t;object=k?module-path=/m.so", "'token' empty, twice, or unknown"),
        ("pkcs11:token=t;object=k;color=red?module-path=/m.so", "'color' empty, twice, or unknown"),
    ],
)
def test_a_uri_that_names_no_key_is_refused(uri: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        parse_uri(uri)


def test_a_pin_on_the_command_line_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="a PIN does not belong into a URI") as raised:
        parse_uri("pkcs11:token=t;object=k?module-path=/m.so&pin-value=1234")
    assert "1234" not in f"{raised.value}{raised.value.hint}"
