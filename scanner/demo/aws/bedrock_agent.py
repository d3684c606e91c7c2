"""Agents, prompts and knowledge bases of the simulated Amazon Bedrock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scanner.demo.aws.bedrock_world import Answering, DataSource, Json, Place, Thing, missing, source_id


def _agents(place: Place, _: Mapping[str, Any]) -> Json:
    return {
        "agentSummaries": [
            {
                "agentId": thing.id,
                "agentName": thing.name,
                "agentStatus": "PREPARED",
                "description": thing.text or "none",
                "updatedAt": place.at(thing.age_days),
            }
            for thing in place.all("agent")
        ]
    }


def _agent(place: Place, params: Mapping[str, Any]) -> Json:
    thing = place.one("agent", str(params["agentId"]))
    if thing is None:
        return missing(params["agentId"])
    made = place.at(thing.age_days)
    prompt = {"promptType": "ORCHESTRATION", "basePromptTemplate": thing.text or "none"}
    return {
        "agent": {
            "agentId": thing.id,
            "agentName": thing.name,
            "agentArn": place.region.arn(thing),
            "agentVersion": "DRAFT",
            "agentStatus": "PREPARED",
            "instruction": thing.text or "none",
            "promptOverrideConfiguration": {"promptConfigurations": [prompt]},
            "idleSessionTTLInSeconds": 600,
            "agentResourceRoleArn": f"arn:aws:iam::{place.region.account}:role/agent",
            "createdAt": made,
            "updatedAt": made,
            **place.key("customerEncryptionKeyArn", thing.key),
        }
    }


def _prompts(place: Place, _: Mapping[str, Any]) -> Json:
    return {"promptSummaries": [_prompt(place, thing) for thing in place.all("prompt")]}


def _prompt(place: Place, thing: Thing) -> Json:
    made = place.at(thing.age_days)
    return {
        "name": thing.name,
        "description": thing.text or "none",
        "id": thing.id,
        "arn": place.region.arn(thing),
        "version": "DRAFT",
        "createdAt": made,
        "updatedAt": made,
    }


def _get_prompt(place: Place, params: Mapping[str, Any]) -> Json:
    thing = place.one("prompt", str(params["promptIdentifier"]))
    if thing is None:
        return missing(params["promptIdentifier"])
    told = {**_prompt(place, thing), **place.key("customerEncryptionKeyArn", thing.key)}
    if params.get("includedData") == "METADATA_ONLY":
        return told
    template = {"text": {"text": thing.text or "none"}}
    return {**told, "variants": [{"name": "one", "templateType": "TEXT", "templateConfiguration": template}]}


def _bases(place: Place, _: Mapping[str, Any]) -> Json:
    return {
        "knowledgeBaseSummaries": [
            {
                "knowledgeBaseId": thing.id,
                "name": thing.name,
                "description": thing.text or "none",
                "status": "ACTIVE",
                "updatedAt": place.at(thing.age_days),
            }
            for thing in place.all("knowledge_base")
        ]
    }


def _base(place: Place, params: Mapping[str, Any]) -> Json:
    thing = place.one("knowledge_base", str(params["knowledgeBaseId"]))
    if thing is None:
        return missing(params["knowledgeBaseId"])
    model = f"arn:aws:bedrock:{place.region.region}::foundation-model/amazon.titan-embed-text-v2:0"
    collection = f"arn:aws:aoss:{place.region.region}:{place.region.account}:collection/{thing.id.lower()}"
    made = place.at(thing.age_days)
    told: Json = {
        "knowledgeBaseId": thing.id,
        "name": thing.name,
        "knowledgeBaseArn": place.region.arn(thing),
        "description": thing.text or "none",
        "roleArn": f"arn:aws:iam::{place.region.account}:role/knowledge",
        "status": "ACTIVE",
        "createdAt": made,
        "updatedAt": made,
    }
    if thing.managed:
        encryption = place.key("kmsKeyArn", thing.key)
        own = {"serverSideEncryptionConfiguration": encryption} if encryption else {}
        config: Json = {
            "type": "MANAGED",
            "managedKnowledgeBaseConfiguration": {"embeddingModelType": "MANAGED", **own},
        }
    else:
        config = {"type": "VECTOR", "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": model}}
        store = {"collectionArn": collection, "vectorIndexName": "index"}
        told["storageConfiguration"] = {"type": "OPENSEARCH_SERVERLESS", "opensearchServerlessConfiguration": store}
    return {"knowledgeBase": {**told, "knowledgeBaseConfiguration": config}}


def _sources(place: Place, params: Mapping[str, Any]) -> Json:
    base = place.one("knowledge_base", str(params["knowledgeBaseId"]))
    if base is None:
        return missing(params["knowledgeBaseId"])
    return {"dataSourceSummaries": [_summary(place, base, source) for source in base.sources]}


def _summary(place: Place, base: Thing, source: DataSource) -> Json:
    return {
        "knowledgeBaseId": base.id,
        "dataSourceId": source_id(base, source),
        "name": source.name,
        "status": "AVAILABLE",
        "updatedAt": place.at(source.age_days),
    }


def _source(place: Place, params: Mapping[str, Any]) -> Json:
    base = place.one("knowledge_base", str(params["knowledgeBaseId"]))
    sources = base.sources if base else []
    for source in sources:
        if base is not None and source_id(base, source) == params["dataSourceId"]:
            encryption = place.key("kmsKeyArn", source.key)
            own = {"serverSideEncryptionConfiguration": encryption} if encryption else {}
            bucket = {"bucketArn": f"arn:aws:s3:::{source.name}"}
            summary = _summary(place, base, source)
            return {
                "dataSource": {
                    **summary,
                    "createdAt": summary["updatedAt"],
                    "dataSourceConfiguration": {"type": "S3", "s3Configuration": bucket},
                    **own,
                }
            }
    return missing(params["dataSourceId"])


ANSWERS: Mapping[str, Answering] = {
    "bedrock-agent:ListAgents": _agents,
    "bedrock-agent:GetAgent": _agent,
    "bedrock-agent:ListPrompts": _prompts,
    "bedrock-agent:GetPrompt": _get_prompt,
    "bedrock-agent:ListKnowledgeBases": _bases,
    "bedrock-agent:GetKnowledgeBase": _base,
    "bedrock-agent:ListDataSources": _sources,
    "bedrock-agent:GetDataSource": _source,
}
"""Operation to what answers it."""
