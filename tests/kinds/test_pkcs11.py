"""A token by PKCS #11 as a kind of source."""

from __future__ import annotations

from scanner.kinds.pkcs11 import KIND
from tests.kinds.given import AWS, OTHERS, context, observation

ASKED = frozenset({"pkcs11:C_GetTokenInfo"})


def test_it_is_read_where_a_control_needs_it() -> None:
    (made,) = KIND.units(OTHERS, context(wanted=ASKED))
    assert (made.id, made.deadline) == ("pkcs11/root/token", 130.0)
    assert list(KIND.units(OTHERS, context())) == []
    assert list(KIND.units(OTHERS, context(wanted=ASKED, only=frozenset({"other"})))) == []
    assert KIND.of_estate(OTHERS)
    assert not KIND.of_estate(AWS)


def test_its_permissions_are_in_its_own_language() -> None:
    assert "C_GetTokenInfo" in KIND.permissions(KIND.operations())


def test_an_answer_tells_who_asks() -> None:
    assert KIND.identity(observation("pkcs11:C_GetTokenInfo", {"uri": "pkcs11:token=root"})) == "on pkcs11:token=root"
    assert KIND.identity(observation("other:Call", {"uri": "pkcs11:token=root"})) == ""
    assert KIND.identity(observation("pkcs11:C_GetTokenInfo", None)) == ""
