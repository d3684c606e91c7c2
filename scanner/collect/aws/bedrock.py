"""Amazon Bedrock: what it keeps of prompts and answers, and the keys of what is built with it.

Two services of the SDK make one unit, because they stand and fall together: ``bedrock`` (models, guardrails, logging)
and ``bedrock-agent`` (agents, knowledge bases, prompts). No text of anybody's is wanted: prompts are asked without
their text, and what else an answer brings is in ``DROP``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from scanner.collect.aws.checks import lists
from scanner.collect.aws.regions import NO_ENDPOINT, NOT_OFFERED
from scanner.collect.interface import Answer, Asking, Check, Paging, Unit
from scanner.model.ids import Json
from scanner.model.operation import Operation

NAME = "aws.bedrock"
PAGING = Paging(answer="nextToken", parameter="nextToken")

LOGGING = "bedrock:GetModelInvocationLoggingConfiguration"
RETENTION = "bedrock:GetAccountDataRetention"
PROJECTS = "bedrock:ListProjects"
KNOWLEDGE = "bedrock-agent:GetKnowledgeBase"
SOURCES = "bedrock-agent:ListDataSources"
SOURCE = "bedrock-agent:GetDataSource"
GONE = ("ResourceNotFoundException",)
"""Deleted between the listing and now: that is the answer."""

_LISTED = ("data_stores.*", "data_stores.name", "data_stores.encrypted", "data_stores.customer_key_possible")
_KEYED = tuple(f"data_stores.{name}" for name in ("created_at", "key_ref", "key_id", "key_managed_by", "key_state"))


def _operation(name: str, purpose: str, *feeds: str, needs: tuple[str, ...] = ()) -> Operation:
    # Both services have one prefix in IAM.
    return Operation(
        name=name, permissions=(f"bedrock:{name.partition(':')[2]}",), feeds=feeds, needs=needs, purpose=purpose
    )


def _listing(name: str, what: str, *needs: str) -> Operation:
    return _operation(name, f"the population of {what}", *_LISTED, needs=needs)


def _single(name: str, what: str, needs: str) -> Operation:
    return _operation(name, f"the key of each {what}", *_KEYED, needs=(needs,))


OPERATIONS: tuple[Operation, ...] = (
    _operation(
        LOGGING,
        "whether prompts and answers are logged, and where",
        *(f"ai_services.{name}" for name in ("*", "name", "prompts_logged", "logs_text", "logs_audio")),
        *(f"ai_services.{name}" for name in ("log_bucket_id", "log_group_id", "large_data_bucket_id")),
    ),
    _operation(
        RETENTION,
        "whether the provider keeps prompts and answers",
        *(f"ai_services.{name}" for name in ("retention_mode", "retained_by_provider", "retention_set_at")),
        "ai_services.retention_exceptions",
    ),
    _operation(
        PROJECTS,
        "projects that have a retention setting of their own",
        "ai_services.retained_by_provider",
        "ai_services.retention_exceptions",
        needs=(RETENTION,),
    ),
    _listing("bedrock:ListCustomModels", "custom models"),
    _single("bedrock:GetCustomModel", "custom model", "bedrock:ListCustomModels"),
    _listing("bedrock:ListImportedModels", "imported models"),
    _single("bedrock:GetImportedModel", "imported model", "bedrock:ListImportedModels"),
    _listing("bedrock:ListGuardrails", "guardrails"),
    _single("bedrock:GetGuardrail", "guardrail", "bedrock:ListGuardrails"),
    _listing("bedrock-agent:ListAgents", "agents"),
    _single("bedrock-agent:GetAgent", "agent", "bedrock-agent:ListAgents"),
    _listing("bedrock-agent:ListKnowledgeBases", "knowledge bases"),
    _operation(
        KNOWLEDGE,
        "the key of each knowledge base",
        *_KEYED,
        "data_stores.encrypted",
        "data_stores.customer_key_possible",
        needs=("bedrock-agent:ListKnowledgeBases",),
    ),
    _listing(SOURCES, "the data sources of knowledge bases", "bedrock-agent:ListKnowledgeBases"),
    _single(SOURCE, "data source", SOURCES),
    _listing("bedrock-agent:ListPrompts", "prompts"),
    _single("bedrock-agent:GetPrompt", "prompt", "bedrock-agent:ListPrompts"),
)

DROP: Mapping[str, tuple[str, ...]] = {
    PROJECTS: ("/projectSummaries/*/name",),
    "bedrock:GetCustomModel": ("/trainingDataConfig/invocationLogsConfig/requestMetadataFilters",),
    "bedrock:ListGuardrails": ("/guardrails/*/description",),
    "bedrock:GetGuardrail": (
        "/description",
        "/topicPolicy",
        "/contentPolicy",
        "/wordPolicy",
        "/sensitiveInformationPolicy",
        "/contextualGroundingPolicy",
        "/automatedReasoningPolicy",
        "/blockedInputMessaging",
        "/blockedOutputsMessaging",
        "/statusReasons",
        "/failureRecommendations",
    ),
    "bedrock-agent:ListAgents": ("/agentSummaries/*/description",),
    "bedrock-agent:GetAgent": (
        "/agent/description",
        "/agent/instruction",
        "/agent/promptOverrideConfiguration",
        "/agent/customOrchestration",
        "/agent/failureReasons",
        "/agent/recommendedActions",
    ),
    "bedrock-agent:ListKnowledgeBases": ("/knowledgeBaseSummaries/*/description",),
    KNOWLEDGE: (
        "/knowledgeBase/description",
        "/knowledgeBase/failureReasons",
        "/knowledgeBase/metadataConfigurations",
        "/knowledgeBase/knowledgeBaseConfiguration/sqlKnowledgeBaseConfiguration",
        "/knowledgeBase/storageConfiguration/neptuneAnalyticsConfiguration",
        "/knowledgeBase/storageConfiguration/opensearchManagedClusterConfiguration/vectorIndexName",
        "/knowledgeBase/storageConfiguration/s3VectorsConfiguration",
    ),
    SOURCES: ("/dataSourceSummaries/*/description",),
    SOURCE: (
        "/dataSource/description",
        "/dataSource/failureReasons",
        "/dataSource/dataSourceConfiguration",
        "/dataSource/vectorIngestionConfiguration",
    ),
    "bedrock-agent:ListPrompts": ("/promptSummaries/*/description",),
    "bedrock-agent:GetPrompt": ("/description", "/variants"),
}
"""Operation to the members of its answers that are never kept: what people wrote, and what AWS calls sensitive."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of thing: how it is listed and how one of it is read."""

    listing: str
    items: str
    identity: str
    get: str
    parameter: str
    inside: str
    """Member of the answer that holds the thing; empty: the answer is the thing."""
    resource: str = ""
    """How its ARN ends where the listing does not give it, ``agent/``."""
    by_arn: bool = False
    params: Mapping[str, Json] = field(default_factory=dict)
    options: Mapping[str, Json] = field(default_factory=dict)
    """Further parameters for one."""


_MODELS = (
    _Kind(
        "bedrock:ListCustomModels",
        "modelSummaries",
        "modelArn",
        "bedrock:GetCustomModel",
        "modelIdentifier",
        "",
        by_arn=True,
        params={"isOwned": True},
    ),
    _Kind(
        "bedrock:ListImportedModels",
        "modelSummaries",
        "modelArn",
        "bedrock:GetImportedModel",
        "modelIdentifier",
        "",
        by_arn=True,
    ),
    _Kind("bedrock:ListGuardrails", "guardrails", "arn", "bedrock:GetGuardrail", "guardrailIdentifier", ""),
)
_AGENTS = (
    _Kind(
        "bedrock-agent:ListAgents",
        "agentSummaries",
        "agentId",
        "bedrock-agent:GetAgent",
        "agentId",
        "agent",
        resource="agent/",
    ),
    _Kind(
        "bedrock-agent:ListPrompts",
        "promptSummaries",
        "arn",
        "bedrock-agent:GetPrompt",
        "promptIdentifier",
        "",
        options={"includedData": "METADATA_ONLY"},
    ),
    _Kind(
        "bedrock-agent:ListKnowledgeBases",
        "knowledgeBaseSummaries",
        "knowledgeBaseId",
        KNOWLEDGE,
        "knowledgeBaseId",
        "knowledgeBase",
        resource="knowledge-base/",
    ),
)


@dataclass(slots=True)
class _Endpoint:
    """What the answers of one of the two services say of it."""

    known: tuple[str, ...]
    """Codes that mean that it is not here."""
    answered: bool = False
    absent: bool = False

    def take(self, answer: Answer | None) -> Answer | None:
        """Return an answer that has something to say of the account."""
        if answer is None:
            return None
        self.absent = self.absent or answer.error_code in self.known
        self.answered = self.answered or not answer.error_code
        return None if answer.error_code else answer


Step = Callable[[Asking, _Endpoint], None]


def collect(asking: Asking) -> Iterator[Unit]:
    """Read one account and region; where Bedrock is not offered, that is the answer. Yields no further units."""
    models = _Endpoint(known=(NOT_OFFERED,))
    steps: list[Step] = [_logging, _retention, _projects, *(partial(_all, kind=kind) for kind in _MODELS)]
    for step in steps:
        if not models.absent:
            step(asking, models)
    # The SDK has no list of where agents are. That their endpoint has no name says so only beside one that answers.
    agents = _Endpoint(known=(NOT_OFFERED, NO_ENDPOINT) if models.answered else (), absent=models.absent)
    for kind in _AGENTS:
        if not agents.absent:
            _all(asking, agents, kind=kind)
    yield from ()


def _logging(asking: Asking, endpoint: _Endpoint) -> None:
    endpoint.take(asking.call(LOGGING, {}, known=endpoint.known, check=_tells_logging))


def _retention(asking: Asking, endpoint: _Endpoint) -> None:
    endpoint.take(asking.call(RETENTION, {}, known=endpoint.known, check=_tells_mode))


def _projects(asking: Asking, endpoint: _Endpoint) -> None:
    check = lists("projectSummaries", "id")
    for page in asking.pages(PROJECTS, {"maxResults": 100}, PAGING, known=endpoint.known, check=check):
        endpoint.take(page)


def _all(asking: Asking, endpoint: _Endpoint, *, kind: _Kind) -> None:
    asking.each(lambda subject: _one(asking, kind, subject), _subjects(asking, endpoint, kind))


def _subjects(asking: Asking, endpoint: _Endpoint, kind: _Kind) -> Iterator[str]:
    seen: set[str] = set()
    params = {"maxResults": 1000, **kind.params}
    check = lists(kind.items, kind.identity)
    for page in asking.pages(kind.listing, params, PAGING, known=endpoint.known, check=check):
        answer = endpoint.take(page)
        for identity in _identities(answer, kind.items, kind.identity):
            subject = _arn(asking, kind.resource + identity) if kind.resource else identity
            if subject not in seen:
                seen.add(subject)
                yield subject


def _identities(answer: Answer | None, items: str, identity: str) -> Iterable[str]:
    listed = cast("list[dict[str, str]]", answer.body[items]) if answer else []
    return [item[identity] for item in listed]


def _arn(asking: Asking, resource: str) -> str:
    """Return the ARN of a resource that its listing names by its id alone."""
    unit = asking.unit
    partition = unit.principal.split(":")[1] if unit.principal.startswith("arn:") else "aws"
    return f"arn:{partition}:bedrock:{unit.region}:{unit.account}:{resource}"


def _one(asking: Asking, kind: _Kind, subject: str) -> None:
    identity = subject if kind.by_arn else subject.rpartition("/")[2]
    params = {kind.parameter: identity, **kind.options}
    answer = asking.call(kind.get, params, subject=subject, known=GONE, check=_tells(kind.inside))
    if kind.get == KNOWLEDGE and not (answer is not None and answer.error_code):
        _data_sources(asking, subject, identity)


def _data_sources(asking: Asking, base: str, identity: str) -> None:
    params: dict[str, Json] = {"knowledgeBaseId": identity, "maxResults": 1000}
    check = lists("dataSourceSummaries", "dataSourceId")
    for page in asking.pages(SOURCES, params, PAGING, subject=base, known=GONE, check=check):
        for source in _identities(None if page.error_code else page, "dataSourceSummaries", "dataSourceId"):
            asking.call(
                SOURCE,
                {"knowledgeBaseId": identity, "dataSourceId": source},
                subject=f"{base}/data-source/{source}",
                known=GONE,
                check=_tells("dataSource"),
            )


def _tells(inside: str) -> Check:
    def check(body: dict[str, Json]) -> str:
        return "" if not inside or isinstance(body.get(inside), dict) else f"`{inside}` is missing"

    return check


def _tells_logging(body: dict[str, Json]) -> str:
    # Nothing is there where nothing is logged.
    given = body.get("loggingConfig")
    return "" if given is None or isinstance(given, dict) else "`loggingConfig` is not an object"


def _tells_mode(body: dict[str, Json]) -> str:
    return "" if isinstance(body.get("mode"), str) else "`mode` is not text"
