"""Agents, prompts and knowledge bases of the simulated Amazon Bedrock, read by real botocore."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from scanner.demo.aws.bedrock_world import DataSource, Thing
from tests.demo.aws.test_bedrock import KEY, a_region, client
from tests.support import NOW

SERVICE = "bedrock-agent"


def test_agents_with_what_they_were_told() -> None:
    thing = Thing(kind="agent", name="nurse", key="mine", text="CANARY", age_days=9)
    region = a_region(thing, Thing(kind="agent", name="clerk"))
    with client(region, service=SERVICE) as c:
        listed = c.list_agents()["agentSummaries"]
        nurse, clerk = (c.get_agent(agentId=one["agentId"])["agent"] for one in listed)
    assert [one["agentName"] for one in listed] == ["nurse", "clerk"]
    assert (nurse["agentArn"], nurse["instruction"]) == (region.arn(thing), "CANARY")
    assert (nurse["customerEncryptionKeyArn"], clerk.get("customerEncryptionKeyArn")) == (KEY, None)
    assert (NOW - nurse["createdAt"]).days == 9


@pytest.mark.parametrize(("options", "has_text"), [({"includedData": "METADATA_ONLY"}, False), ({}, True)])
def test_prompts_have_a_text_for_who_asks_for_it(options: dict[str, str], has_text: bool) -> None:
    region = a_region(Thing(kind="prompt", name="greeting", key="mine", text="CANARY"))
    with client(region, service=SERVICE) as c:
        (listed,) = c.list_prompts()["promptSummaries"]
        told = c.get_prompt(promptIdentifier=listed["id"], **options)
    assert (told["arn"], told["customerEncryptionKeyArn"]) == (region.arn(region.things[0]), KEY)
    assert ("CANARY" in str(told.get("variants"))) is has_text


BASES: list[tuple[dict[str, Any], str, str | None]] = [
    ({}, "VECTOR", None),
    ({"managed": True}, "MANAGED", None),
    ({"managed": True, "key": "mine"}, "MANAGED", KEY),
]


@pytest.mark.parametrize(("given", "kind", "key"), BASES, ids=["vectors", "managed", "managed with a key"])
def test_knowledge_bases(given: dict[str, Any], kind: str, key: str | None) -> None:
    region = a_region(Thing(kind="knowledge_base", name="base", **given))
    with client(region, service=SERVICE) as c:
        (listed,) = c.list_knowledge_bases()["knowledgeBaseSummaries"]
        told = c.get_knowledge_base(knowledgeBaseId=listed["knowledgeBaseId"])["knowledgeBase"]
    assert told["knowledgeBaseArn"] == region.arn(region.things[0])
    config = told["knowledgeBaseConfiguration"]
    assert config["type"] == kind
    encryption = config.get("managedKnowledgeBaseConfiguration", {}).get("serverSideEncryptionConfiguration", {})
    assert encryption.get("kmsKeyArn") == key
    assert ("storageConfiguration" in told) is (kind == "VECTOR")


def test_data_sources() -> None:
    sources = [DataSource(name="one", key="mine", age_days=9), DataSource(name="two")]
    region = a_region(Thing(kind="knowledge_base", name="base", sources=sources))
    base = region.things[0]
    with client(region, service=SERVICE) as c:
        listed = c.list_data_sources(knowledgeBaseId=base.id)["dataSourceSummaries"]
        told = [c.get_data_source(knowledgeBaseId=base.id, dataSourceId=s["dataSourceId"]) for s in listed]
    one, two = (answer["dataSource"] for answer in told)
    assert region.source(base, sources[0]) == f"{region.arn(base)}/data-source/{one['dataSourceId']}"
    assert one["serverSideEncryptionConfiguration"] == {"kmsKeyArn": KEY}
    assert "serverSideEncryptionConfiguration" not in two
    assert (NOW - one["createdAt"]).days == 9


UNKNOWN = [
    ("get_agent", {"agentId": "x"}),
    ("get_prompt", {"promptIdentifier": "x"}),
    ("get_knowledge_base", {"knowledgeBaseId": "x"}),
    ("list_data_sources", {"knowledgeBaseId": "x"}),
    ("get_data_source", {"knowledgeBaseId": "x", "dataSourceId": "y"}),
    ("get_data_source", {"knowledgeBaseId": Thing(kind="knowledge_base", name="base").id, "dataSourceId": "y"}),
]


@pytest.mark.parametrize(("method", "params"), UNKNOWN, ids=[f"{method} {params}" for method, params in UNKNOWN])
def test_what_is_not_there(method: str, params: dict[str, str]) -> None:
    region = a_region(Thing(kind="knowledge_base", name="base", sources=[DataSource(name="s")]))
    with client(region, service=SERVICE) as c, pytest.raises(ClientError) as caught:
        getattr(c, method)(**params)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
