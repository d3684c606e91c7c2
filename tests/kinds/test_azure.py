"""Microsoft Azure as a kind of source."""

from __future__ import annotations

from scanner.kinds.azure import KIND
from scanner.model.ids import Json
from tests.kinds.given import AWS, OTHERS, context, observation

TOLD: Json = {"object": "o", "way": "EnvironmentCredential"}
ASKED = frozenset({"keyvault:Vaults_ListBySubscription"})


def test_it_is_read_where_a_control_needs_it() -> None:
    (made,) = KIND.units(OTHERS, context(wanted=ASKED))
    assert (made.id, made.deadline) == ("azure/clinical/accounts", 170.0)
    assert list(KIND.units(OTHERS, context())) == []
    assert list(KIND.units(OTHERS, context(wanted=ASKED, only=frozenset({"other"})))) == []
    assert KIND.of_estate(OTHERS)
    assert not KIND.of_estate(AWS)


def test_its_permissions_are_in_its_own_language() -> None:
    assert "Actions" in KIND.permissions(KIND.operations())


def test_an_answer_tells_who_asks() -> None:
    assert KIND.identity(observation("identity:GetToken", TOLD)) == "object o by EnvironmentCredential"
    assert KIND.identity(observation("other:Call", TOLD)) == ""
    assert KIND.identity(observation("identity:GetToken", None)) == ""
