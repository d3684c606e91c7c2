"""Amazon Bedrock of the simulated cloud: what is built with it, whose keys it has, what is kept of prompts.

Every operation is answered here and nothing is put into moto, which lacks GetAccountDataRetention, projects, imported
models, guardrails, data sources and prompts, and answers the rest wrongly: a custom model's ARN has no base model and
is not found by it, its creation is local time without a zone; where nothing is logged it answers an empty
configuration and not none; the state of a knowledge base is no documented word, and it can only be a VECTOR one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scanner.demo.aws import bedrock_agent
from scanner.demo.aws.bedrock_world import (
    Answering,
    Bedrock,
    Json,
    KeyArn,
    Kind,
    Place,
    Project,
    Region,
    Thing,
    missing,
)
from scanner.demo.aws.request import Asked

LISTS: Mapping[str, tuple[str, str, str, str]] = {
    f"{service}:{name}": (items, "nextToken", "nextToken", "maxResults")
    for service, name, items in (
        ("bedrock", "ListProjects", "projectSummaries"),
        ("bedrock", "ListCustomModels", "modelSummaries"),
        ("bedrock", "ListImportedModels", "modelSummaries"),
        ("bedrock", "ListGuardrails", "guardrails"),
        ("bedrock-agent", "ListAgents", "agentSummaries"),
        ("bedrock-agent", "ListPrompts", "promptSummaries"),
        ("bedrock-agent", "ListKnowledgeBases", "knowledgeBaseSummaries"),
        ("bedrock-agent", "ListDataSources", "dataSourceSummaries"),
    )
}
"""Operation to its items, the page token that it takes and gives, and the parameter for the size of a page."""


def answer(part: Bedrock, request: Asked, now: datetime, key_arn: KeyArn = str) -> Json | None:
    """Return the answer to a request, or None for an operation of another service."""
    empty = Region(account=request.account, region=request.region)
    here = next((r for r in part.regions if (r.account, r.region) == (request.account, request.region)), empty)
    made = ANSWERS.get(request.operation)
    return made(Place(here, now, key_arn), request.params) if made is not None else None


def _retention(place: Place, _: Mapping[str, Any]) -> Json:
    since = place.region.retention_age_days
    updated = {} if since is None else {"updatedAt": place.at(since)}
    return {"mode": place.region.retention, **updated}


def _projects(place: Place, _: Mapping[str, Any]) -> Json:
    scope = f"arn:aws:bedrock:{place.region.region}:{place.region.account}:project"
    summaries = []
    for project in [Project(name="default"), *place.region.projects]:
        identity = project.name if project.name == "default" else f"proj_{project.name}"
        summaries.append(
            {
                "id": identity,
                "arn": f"{scope}/{identity}",
                "name": project.name,
                "status": project.state,
                "createdAt": place.at(project.age_days),
                "dataRetention": {"mode": project.mode},
            }
        )
    return {"projectSummaries": summaries}


def _logging(place: Place, _: Mapping[str, Any]) -> Json:
    logging = place.region.logging
    if logging is None:
        return {}
    config: Json = {
        "textDataDeliveryEnabled": logging.text,
        "imageDataDeliveryEnabled": logging.image,
        "embeddingDataDeliveryEnabled": logging.embedding,
        "videoDataDeliveryEnabled": logging.video,
        "audioDataDeliveryEnabled": logging.audio,
    }
    if logging.bucket:
        config["s3Config"] = {"bucketName": logging.bucket, "keyPrefix": "bedrock"}
    if logging.group:
        role = f"arn:aws:iam::{place.region.account}:role/bedrock-logging"
        config["cloudWatchConfig"] = {"logGroupName": logging.group, "roleArn": role}
        if logging.large_bucket:
            config["cloudWatchConfig"]["largeDataDeliveryS3Config"] = {"bucketName": logging.large_bucket}
    return {"loggingConfig": config}


def _models(kind: Kind) -> tuple[Answering, Answering]:
    def listed(place: Place, _: Mapping[str, Any]) -> Json:
        return {"modelSummaries": [_model(place, thing) for thing in place.all(kind)]}

    def told(place: Place, params: Mapping[str, Any]) -> Json:
        thing = place.one(kind, str(params["modelIdentifier"]))
        if thing is None:
            return missing(params["modelIdentifier"])
        return {**_model(place, thing), **place.key("modelKmsKeyArn", thing.key)}

    return listed, told


def _model(place: Place, thing: Thing) -> Json:
    return {
        "modelArn": place.region.arn(thing),
        "modelName": thing.name,
        "creationTime": place.at(thing.age_days),
        "baseModelArn": f"arn:aws:bedrock:{place.region.region}::foundation-model/amazon.nova-lite-v1:0:300k",
        "baseModelName": "Nova Lite",
    }


def _guardrails(place: Place, _: Mapping[str, Any]) -> Json:
    return {"guardrails": [_guardrail(place, thing) for thing in place.all("guardrail")]}


def _guardrail(place: Place, thing: Thing) -> Json:
    made = place.at(thing.age_days)
    return {
        "id": thing.id,
        "arn": place.region.arn(thing),
        "status": "READY",
        "name": thing.name,
        "description": thing.text or "none",
        "version": "DRAFT",
        "createdAt": made,
        "updatedAt": made,
    }


def _get_guardrail(place: Place, params: Mapping[str, Any]) -> Json:
    thing = place.one("guardrail", str(params["guardrailIdentifier"]))
    if thing is None:
        return missing(params["guardrailIdentifier"])
    told = _guardrail(place, thing)
    words = thing.text or "none"
    return {
        **{name: value for name, value in told.items() if name not in {"id", "arn"}},
        "guardrailId": thing.id,
        "guardrailArn": told["arn"],
        "topicPolicy": {"topics": [{"name": "topic", "definition": words, "examples": [words], "type": "DENY"}]},
        "wordPolicy": {"words": [{"text": words}], "managedWordLists": [{"type": "PROFANITY"}]},
        "blockedInputMessaging": words,
        "blockedOutputsMessaging": words,
        **place.key("kmsKeyArn", thing.key),
    }


_LIST_CUSTOM, _GET_CUSTOM = _models("custom_model")
_LIST_IMPORTED, _GET_IMPORTED = _models("imported_model")
ANSWERS: Mapping[str, Answering] = {
    "bedrock:GetAccountDataRetention": _retention,
    "bedrock:ListProjects": _projects,
    "bedrock:GetModelInvocationLoggingConfiguration": _logging,
    "bedrock:ListCustomModels": _LIST_CUSTOM,
    "bedrock:GetCustomModel": _GET_CUSTOM,
    "bedrock:ListImportedModels": _LIST_IMPORTED,
    "bedrock:GetImportedModel": _GET_IMPORTED,
    "bedrock:ListGuardrails": _guardrails,
    "bedrock:GetGuardrail": _get_guardrail,
    **bedrock_agent.ANSWERS,
}
"""Operation to what answers it."""
