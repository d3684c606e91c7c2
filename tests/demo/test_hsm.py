"""The demo's HSM: real tokens with what their world says, and what was planted."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pkcs11
import pytest
from pkcs11.constants import Attribute, ObjectClass
from pydantic import ValidationError

from scanner.demo import hsm
from scanner.demo.hsm import CONFIGURATION, HsmError, Token, TokenKey, tokens, unavailable
from scanner.errors import MissingExtraError
from tests.hsm import MODULE, REFERENCE, SECOND, session, softhsm

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_this_machine_has_what_it_takes() -> None:
    assert unavailable() == ""
    assert hsm.library() == MODULE


@pytest.mark.parametrize(
    ("modules", "package", "path", "missing"),
    [
        ((), "pkcs11", None, "libsofthsm2.so"),
        (hsm.MODULES, "no_such_package", None, "python-pkcs11"),
        (hsm.MODULES, "pkcs11", "/nowhere", "softhsm2-util"),
        ((), "no_such_package", "/nowhere", "python-pkcs11, softhsm2-util, libsofthsm2.so"),
    ],
)
def test_what_is_missing_is_named_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, modules: tuple[str, ...], package: str, path: str | None, missing: str
) -> None:
    if path:
        monkeypatch.setenv("PATH", path)
    said = unavailable(modules, package)
    assert said.startswith(f"the demo's HSM needs {missing}: ")
    assert "apt-get install softhsm2" in said
    assert 'pip install "keyaudit[demo]"' in said


def test_without_softhsm_no_token_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingExtraError, match="softhsm2-util"), tokens([], tmp_path, NOW):
        raise AssertionError("it has none")


def test_the_reference_token_holds_what_its_world_says() -> None:
    with softhsm(), session(REFERENCE, rw=False) as opened:
        found = {key.label: key for key in opened.get_objects() if key.object_class != ObjectClass.PUBLIC_KEY}
        halves = [key for key in opened.get_objects() if key.object_class == ObjectClass.PUBLIC_KEY]
        assert set(found) == {key.label for key in REFERENCE.keys}
        for key in REFERENCE.keys:
            made = found[key.label]
            assert made[Attribute.EXTRACTABLE] is key.exportable
            assert made[Attribute.LOCAL] is not key.imported
            assert made[Attribute.PRIVATE] is not key.public
            assert made[Attribute.SENSITIVE] is True
            with pytest.raises((pkcs11.AttributeSensitive, pkcs11.AttributeTypeInvalid)):
                made[Attribute.VALUE]
        wraps = {label for label, key in found.items() if label != "release-signing" and key[Attribute.WRAP]}
        assert wraps == {key.label for key in REFERENCE.keys if "wrap" in key.uses}
        assert not found["imported-kek"][Attribute.ENCRYPT]
        assert found["root-2026"][Attribute.START_DATE].isoformat() == "2026-07-04"
        assert found["root-2026"][Attribute.END_DATE].isoformat() == "2028-07-03"
        with pytest.raises(ValueError, match="does not match"):
            found["undated-kek"][Attribute.START_DATE]
        assert [half.label for half in halves] == ["release-signing"]


def test_other_kinds_of_keys_can_be_planted() -> None:
    with softhsm(), session(SECOND, rw=False) as opened:
        keys = {(key.object_class, key.label): key for key in opened.get_objects()}
        signing = keys[ObjectClass.PRIVATE_KEY, "signing"]
        assert signing[Attribute.SIGN] is True
        assert signing[Attribute.EC_PARAMS].hex() == "06082a8648ce3d030107"
        both = keys[ObjectClass.SECRET_KEY, "both"]
        assert both[Attribute.WRAP] is both[Attribute.ENCRYPT] is True


def test_the_environment_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONFIGURATION, raising=False)
    with tokens([], tmp_path, NOW) as values:
        assert CONFIGURATION not in os.environ
        assert values == {CONFIGURATION: str(tmp_path / "softhsm2.conf")}
    assert (tmp_path / "tokens").stat().st_mode & 0o777 == 0o700


def test_what_softhsm_refuses_is_said(tmp_path: Path) -> None:
    too_old = TokenKey(label="k", uses=["sign"], kind="RSA", age_days=1)
    with pytest.raises(HsmError, match="made no token"), tokens([Token(label="x" * 40)], tmp_path / "a", NOW):
        raise AssertionError("its label is too long")
    # Two tokens of one label: the second's PIN does not open the first.
    twice = [Token(label="t", keys=[too_old]), Token(label="t")]
    with pytest.raises(HsmError, match="did not make the demo's keys"), tokens(twice, tmp_path / "b", NOW):
        raise AssertionError("which one is meant?")


def test_a_world_of_tokens_is_strict() -> None:
    with pytest.raises(ValidationError):
        TokenKey.model_validate({"label": "a", "uses": ["wrap"], "age_days": 1, "exportible": True})
    assert Token(label="root-two").pin_variable == "ROOT_TWO_HSM_PIN"
    # Each planted defect says what it is.
    assert [key.label for key in REFERENCE.keys if not key.defect] == ["root-2026"]
