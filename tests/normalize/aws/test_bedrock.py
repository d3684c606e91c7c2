"""Amazon Bedrock answers to rows of data stores: one thing's answers, then whole units with gaps."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import pytest

from scanner.model.facts import Fact
from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.bedrock import normalize
from tests.normalize.builders import ACCOUNT, KEY, REGION, SOURCE, missed, observed, rows

PREFIX = f"arn:aws:bedrock:{REGION}:{ACCOUNT}"
MODEL = f"{PREFIX}:custom-model/amazon.nova-lite-v1:0:300k/abcdefabcdef"
IMPORTED = f"{PREFIX}:imported-model/abcdefabcdef"
GUARDRAIL = f"{PREFIX}:guardrail/abcdefabcdef"
AGENT = f"{PREFIX}:agent/AGENT12345"
PROMPT = f"{PREFIX}:prompt/PROMPT1234"
BASE = f"{PREFIX}:knowledge-base/BASE123456"
DATA = f"{BASE}/data-source/DATA123456"
MADE = "2026-01-02T03:04:05.000Z"
AT = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - as tables keep it

BASES = "bedrock-agent:ListKnowledgeBases"
SOURCES = "bedrock-agent:ListDataSources"


def listed(kind: str, **more: Json) -> Observation:
    """Return the listing of one thing of a kind."""
    operation, items, entry = {
        "custom_model": ("bedrock:ListCustomModels", "modelSummaries", {"modelArn": MODEL, "modelName": "n"}),
        "imported_model": ("bedrock:ListImportedModels", "modelSummaries", {"modelArn": IMPORTED, "modelName": "n"}),
        "guardrail": ("bedrock:ListGuardrails", "guardrails", {"arn": GUARDRAIL, "name": "n"}),
        "agent": ("bedrock-agent:ListAgents", "agentSummaries", {"agentId": "AGENT12345", "agentName": "n"}),
        "prompt": ("bedrock-agent:ListPrompts", "promptSummaries", {"arn": PROMPT, "name": "n"}),
        "knowledge_base": (BASES, "knowledgeBaseSummaries", {"knowledgeBaseId": "BASE123456", "name": "n"}),
    }[kind]
    return observed(operation, {items: [{**entry, **more}]})


Told = tuple[str, str, str, dict[str, Json], str]
TOLD: list[Told] = [
    ("custom_model", MODEL, "bedrock:GetCustomModel", {"modelArn": MODEL, "creationTime": MADE}, "modelKmsKeyArn"),
    ("imported_model", IMPORTED, "bedrock:GetImportedModel", {"creationTime": MADE}, "modelKmsKeyArn"),
    ("guardrail", GUARDRAIL, "bedrock:GetGuardrail", {"guardrailArn": GUARDRAIL, "createdAt": MADE}, "kmsKeyArn"),
    (
        "agent",
        AGENT,
        "bedrock-agent:GetAgent",
        {"agentArn": AGENT, "createdAt": MADE},
        "customerEncryptionKeyArn",
    ),
    ("prompt", PROMPT, "bedrock-agent:GetPrompt", {"arn": PROMPT, "createdAt": MADE}, "customerEncryptionKeyArn"),
]
KINDS = [told[0] for told in TOLD]


def answered(told: Told, **more: Json) -> Observation:
    kind, subject, operation, body, _ = told
    whole: dict[str, Json] = {**body, **more}
    return observed(operation, {"agent": whole} if kind == "agent" else whole, subject=subject)


def store(*records: Record) -> Any:  # noqa: ANN401 - a row
    (row,) = rows(list(normalize(records)), DataStoreFact)
    return row


@pytest.mark.parametrize("told", TOLD, ids=KINDS)
def test_a_thing_under_a_key_of_its_own(told: Told) -> None:
    row = store(listed(told[0]), answered(told, **{told[4]: KEY}))
    assert (row.store_id, row.kind, row.name, row.key_ref) == (told[1], told[0], "n", KEY)
    assert (row.source, row.provider, row.account, row.region) == (SOURCE, "aws", ACCOUNT, REGION)
    assert (row.created_at, row.encrypted, row.customer_key_possible) == (AT, True, True)


@pytest.mark.parametrize("told", TOLD, ids=KINDS)
def test_an_answer_without_a_key_means_that_of_the_provider(told: Told) -> None:
    assert store(listed(told[0]), answered(told)).key_ref == "none"


@pytest.mark.parametrize("wrong", [7, ["x"], {"arn": "x"}, ""], ids=str)
@pytest.mark.parametrize("told", TOLD, ids=KINDS)
def test_a_key_of_the_wrong_type_is_not_known(told: Told, wrong: Json) -> None:
    assert store(listed(told[0]), answered(told, **{told[4]: wrong})).key_ref is None


@pytest.mark.parametrize("told", TOLD, ids=KINDS)
def test_what_may_not_be_read_is_listed_and_its_key_is_not_known(told: Told) -> None:
    row = store(listed(told[0]), missed(told[2], subject=told[1]))
    assert (row.store_id, row.key_ref, row.created_at, row.encrypted) == (told[1], None, None, True)


@pytest.mark.parametrize("told", [told for told in TOLD if told[0] != "imported_model"], ids=lambda told: told[0])
def test_an_answer_about_another_thing_says_nothing(told: Told) -> None:
    own = next(name for name in told[3] if "rn" in name)
    row = store(listed(told[0]), answered(told, **{told[4]: KEY, own: "arn:aws:bedrock:us-east-1:1:other/other"}))
    assert (row.key_ref, row.created_at) == (None, None)


@pytest.mark.parametrize("told", TOLD, ids=KINDS)
def test_what_is_gone_is_no_row(told: Told) -> None:
    gone = observed(told[2], {"message": "no"}, subject=told[1], error="ResourceNotFoundException")
    facts = list(normalize([listed(told[0]), gone]))
    assert rows(facts, DataStoreFact) == []
    assert [(row.complete, row.row_count) for row in rows(facts, CoverageFact)] == [(True, 0)]


def test_the_listing_tells_the_creation_too() -> None:
    assert (
        store(listed("guardrail", createdAt=MADE), missed("bedrock:GetGuardrail", subject=GUARDRAIL)).created_at == AT
    )


def test_an_answer_that_is_no_object_says_nothing() -> None:
    assert store(listed("prompt"), observed("bedrock-agent:GetPrompt", ["x"], subject=PROMPT)).key_ref is None
    assert store(listed("agent"), observed("bedrock-agent:GetAgent", {"agent": "x"}, subject=AGENT)).key_ref is None


def base(config: Json) -> Observation:
    body: dict[str, Json] = {"knowledgeBaseArn": BASE, "createdAt": MADE, "knowledgeBaseConfiguration": config}
    return observed("bedrock-agent:GetKnowledgeBase", {"knowledgeBase": body}, subject=BASE)


def managed(encryption: Json) -> Json:
    return {"type": "MANAGED", "managedKnowledgeBaseConfiguration": {"serverSideEncryptionConfiguration": encryption}}


CONFIGS: list[tuple[str, Json, tuple[bool | None, str | None, bool | None]]] = [
    ("managed, own key", managed({"kmsKeyArn": KEY}), (True, KEY, True)),
    ("managed, no key", managed(None), (True, "none", True)),
    ("managed, empty", managed({}), (True, "none", True)),
    ("managed, wrong type", managed("x"), (True, None, True)),
    ("managed, not told", {"type": "MANAGED"}, (True, None, True)),
    ("vectors elsewhere", {"type": "VECTOR", "vectorKnowledgeBaseConfiguration": {}}, (None, None, None)),
    ("tables elsewhere", {"type": "SQL"}, (None, None, None)),
    ("a new type", {"type": "TAPE"}, (None, None, None)),
    ("not told", None, (None, None, None)),
]


@pytest.mark.parametrize(("name", "config", "expected"), CONFIGS, ids=[name for name, _, _ in CONFIGS])
def test_the_key_of_a_knowledge_base(name: str, config: Json, expected: tuple[bool | None, str | None, bool]) -> None:
    row = store(listed("knowledge_base"), base(config))
    assert (row.encrypted, row.key_ref, row.customer_key_possible) == expected
    assert (row.store_id, row.kind, row.created_at) == (BASE, "knowledge_base", AT)


def sources(last: bool = True) -> Observation:
    entry: Json = {"dataSourceId": "DATA123456", "knowledgeBaseId": "BASE123456", "name": "s"}
    return observed(SOURCES, {"dataSourceSummaries": [entry]}, subject=BASE, last=last)


def data(**more: Json) -> Observation:
    body: dict[str, Json] = {"dataSourceId": "DATA123456", "createdAt": MADE, **more}
    return observed("bedrock-agent:GetDataSource", {"dataSource": body}, subject=DATA)


ENCRYPTIONS: list[tuple[str, Json, str | None]] = [
    ("own key", {"kmsKeyArn": KEY}, KEY),
    ("none", None, "none"),
    ("empty", {}, "none"),
    ("wrong type", "x", None),
]


@pytest.mark.parametrize(("name", "encryption", "key"), ENCRYPTIONS, ids=[name for name, _, _ in ENCRYPTIONS])
def test_the_key_of_what_a_data_source_leaves_behind(name: str, encryption: Json, key: str | None) -> None:
    facts = list(normalize([listed("knowledge_base"), sources(), data(serverSideEncryptionConfiguration=encryption)]))
    (row,) = [row for row in rows(facts, DataStoreFact) if row.kind == "knowledge_base_source"]
    assert (row.store_id, row.name, row.key_ref, row.created_at) == (DATA, "s", key, AT)
    assert (row.encrypted, row.customer_key_possible) == (True, True)


def test_a_data_source_that_is_gone_is_no_row() -> None:
    gone = observed("bedrock-agent:GetDataSource", {}, subject=DATA, error="ResourceNotFoundException")
    facts = list(normalize([listed("knowledge_base"), sources(), gone]))
    assert [row.kind for row in rows(facts, DataStoreFact)] == ["knowledge_base"]
    assert coverage(facts)[SOURCES] == (True, 0)


def test_an_answer_about_another_data_source_says_nothing() -> None:
    facts = list(normalize([listed("knowledge_base"), sources(), data(dataSourceId="OTHER12345")]))
    assert [row.key_ref for row in rows(facts, DataStoreFact) if row.kind == "knowledge_base_source"] == [None]


def coverage(facts: list[Fact]) -> dict[str, tuple[bool, int]]:
    """Return (complete, rows) of every listing that fills the table of stores."""
    found = [row for row in rows(facts, CoverageFact) if row.listed_table == "data_stores"]
    assert all(row.parent_id == SOURCE for row in found)
    return {row.coverage_id.removeprefix(f"data_stores {SOURCE} "): (row.complete, row.row_count) for row in found}


def test_nothing_was_asked() -> None:
    assert list(normalize([])) == []


def test_every_listing_has_a_coverage_of_its_own() -> None:
    facts = list(
        normalize([listed("guardrail"), missed("bedrock:ListCustomModels"), missed("bedrock-agent:ListAgents")])
    )
    assert coverage(facts) == {
        "bedrock:ListGuardrails": (True, 1),
        "bedrock:ListCustomModels": (False, 0),
        "bedrock-agent:ListAgents": (False, 0),
    }


def test_an_item_that_is_not_understood_leaves_the_listing_incomplete() -> None:
    facts = list(normalize([observed("bedrock:ListGuardrails", {"guardrails": [{"arn": GUARDRAIL}, {"id": "x"}]})]))
    assert coverage(facts) == {"bedrock:ListGuardrails": (False, 1)}


INCOMPLETE: list[tuple[str, list[Record]]] = [
    ("a page is missing", [listed("knowledge_base"), sources(last=False), data()]),
    ("denied", [listed("knowledge_base"), missed(SOURCES, subject=BASE)]),
    ("bases cut off", [listed("knowledge_base"), missed(BASES, page=1), sources(), data()]),
]


@pytest.mark.parametrize(("name", "records"), INCOMPLETE, ids=[name for name, _ in INCOMPLETE])
def test_data_sources_are_complete_when_those_of_every_base_are(name: str, records: list[Record]) -> None:
    assert coverage(list(normalize(records)))[SOURCES][0] is False


def test_where_it_is_not_offered_there_is_nothing_and_that_is_known() -> None:
    facts = list(normalize([observed("bedrock:ListCustomModels", {"message": "no"}, error="ServiceNotInRegion")]))
    assert coverage(facts) == {"bedrock:ListCustomModels": (True, 0)}
    assert rows(facts, DataStoreFact) == []


def test_agents_that_are_not_there_are_known_not_to_be() -> None:
    facts = list(normalize([listed("guardrail"), observed("bedrock-agent:ListAgents", {}, error="NoSuchEndpoint")]))
    assert coverage(facts) == {"bedrock:ListGuardrails": (True, 1), "bedrock-agent:ListAgents": (True, 0)}


def test_rows_keep_what_they_were_read_from_in_any_order() -> None:
    records: list[Record] = [
        listed("agent"),
        answered(TOLD[3]),
        listed("knowledge_base"),
        base(None),
        sources(),
        data(),
    ]
    facts = list(normalize(records))
    ids = {record.operation: record.id for record in records}
    kept = {row.kind: set(row.evidence) for row in rows(facts, DataStoreFact)}
    assert kept["agent"] == {ids["bedrock-agent:ListAgents"], ids["bedrock-agent:GetAgent"]}
    assert kept["knowledge_base_source"] == {ids[SOURCES], ids["bedrock-agent:GetDataSource"]}
    chance = random.Random(7)  # noqa: S311 - an order, not a secret
    for _ in range(5):
        chance.shuffle(records)
        assert set(normalize(records)) == set(facts)
