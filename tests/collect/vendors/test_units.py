"""One unit for each source: what it may ask, as whom, and what it keeps of people."""

from __future__ import annotations

import pytest

from scanner.collect.vendors.units import VENDORS, identity, operations, principal, unit
from scanner.model.estate import SecretRef, VendorSource
from scanner.model.ids import Json
from tests.normalize.builders import observed

SOURCE = VendorSource(name="realtime", vendor="openai", admin_key=SecretRef("env", "A"), concurrency=3)


def test_a_source_is_one_unit_of_its_vendor() -> None:
    made = unit(SOURCE, lambda _: "sk-admin-word", 7.0)
    assert (made.id, made.source, made.source_name) == ("vendors/realtime/openai", "openai:realtime", "realtime")
    assert (made.collector, made.concurrency, made.deadline) == ("vendors.openai", 3, 7.0)
    assert made.principal == "OpenAI admin key"
    assert {one.name.partition(":")[0] for one in made.operations} == {"openai"}


@pytest.mark.parametrize(
    ("vendor", "key", "who"),
    [
        ("openai", "sk-proj-word", "OpenAI project key"),
        ("openai", "other", "OpenAI key"),
        ("anthropic", "sk-ant-admin01-word", "Anthropic admin key"),
        ("anthropic", "sk-ant-api03-word", "Anthropic API key of a workspace"),
        ("deepgram", "0123", "Deepgram key"),
    ],
)
def test_who_asks_is_told_by_the_kind_of_the_key_alone(vendor: str, key: str, who: str) -> None:
    assert principal(VENDORS[vendor], key) == who


def test_every_operation_has_a_method_and_no_method_is_without_one() -> None:
    for vendor in VENDORS.values():
        assert {one.name for one in vendor.operations} == set(vendor.methods)
    names = [one.name for one in operations()]
    assert len(names) == len(set(names))


def test_what_is_needed_first_is_declared_too() -> None:
    names = {one.name for one in operations()}
    assert {need for one in operations() for need in one.needs} <= names


def test_people_stay_in_the_evidence_only_where_the_estate_says_so() -> None:
    def dropped(*, keep: bool) -> set[str]:
        source = VendorSource(name="d", vendor="deepgram", admin_key=SecretRef("env", "A"), keep_emails=keep)
        return {path for one in unit(source, lambda _: "k", 0.0).operations for path in one.drop}

    assert "/members/*/email" in dropped(keep=False)
    assert dropped(keep=True) == set()


@pytest.mark.parametrize(
    ("operation", "response", "who"),
    [
        ("anthropic:RetrieveOrganization", {"id": "org-1"}, " of org-1"),
        ("elevenlabs:GetUser", {"workspace_id": "ws-1"}, " of ws-1"),
        ("elevenlabs:GetUser", None, None),
        ("openai:ListProjects", {"id": "org-1"}, None),
        ("openai:RetrieveDataRetention", {"type": "none"}, ""),
    ],
)
def test_an_answer_tells_whose_key_it_is(operation: str, response: Json, who: str | None) -> None:
    made = observed(operation, response)
    assert identity(made) == ("" if who is None else f"{made.principal}{who}")


def test_a_secret_is_looked_up_where_the_source_names_one() -> None:
    asked: list[str] = []

    def resolve(ref: SecretRef) -> str:
        asked.append(ref.name)
        return "word"

    unit(SOURCE, resolve, 0.0)
    unit(
        VendorSource(name="a", vendor="openai", admin_key=SecretRef("env", "B"), project_key=SecretRef("env", "C")),
        resolve,
        0.0,
    )
    assert asked == ["A", "B", "C"]
