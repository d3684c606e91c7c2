"""Amazon Bedrock answers to rows: one AI service a region, one data store for each thing that holds what people wrote.

Amazon Bedrock encrypts all of these at rest, under a key of its own unless it is given one of the customer's
(docs.aws.amazon.com/bedrock/latest/userguide/data-encryption.html, encryption-custom-job.html,
encryption-agents-new.html, guardrails-permissions-kms.html): an answer that names no key is the answer ``none``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from scanner.model.facts import Fact
from scanner.model.ids import Digest, Json
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.bedrock_service import LOGGING, PROJECTS, RETENTION, partition, service_rows
from scanner.normalize.reading import Object, child, moment, text, text_or
from scanner.normalize.records import Records

NOT_OFFERED = "ServiceNotInRegion"
"""Error code of the transport: Amazon Bedrock is not in the region."""
KNOWLEDGE = "bedrock-agent:GetKnowledgeBase"
BASES = "bedrock-agent:ListKnowledgeBases"
SOURCES = "bedrock-agent:ListDataSources"
SOURCE = "bedrock-agent:GetDataSource"
GONE = "ResourceNotFoundException"


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of thing: where it is listed, where one of it is told, and what its members are called."""

    kind: str
    listing: str
    items: str
    identity: str
    get: str
    inside: str
    own: str
    """Member of an answer that says which one it is about, by its ARN or by what that ends with."""
    name: str
    key: str
    created: str = "createdAt"
    resource: str = ""
    """How its ARN ends where the listing does not give it, ``agent/``."""


_KINDS = (
    _Kind(
        "custom_model",
        "bedrock:ListCustomModels",
        "modelSummaries",
        "modelArn",
        "bedrock:GetCustomModel",
        "",
        "modelArn",
        "modelName",
        "modelKmsKeyArn",
        "creationTime",
    ),
    _Kind(
        "imported_model",
        "bedrock:ListImportedModels",
        "modelSummaries",
        "modelArn",
        "bedrock:GetImportedModel",
        "",
        "modelArn",
        "modelName",
        "modelKmsKeyArn",
        "creationTime",
    ),
    _Kind(
        "guardrail",
        "bedrock:ListGuardrails",
        "guardrails",
        "arn",
        "bedrock:GetGuardrail",
        "",
        "guardrailArn",
        "name",
        "kmsKeyArn",
    ),
    _Kind(
        "agent",
        "bedrock-agent:ListAgents",
        "agentSummaries",
        "agentId",
        "bedrock-agent:GetAgent",
        "agent",
        "agentArn",
        "agentName",
        "customerEncryptionKeyArn",
        resource="agent/",
    ),
    _Kind(
        "prompt",
        "bedrock-agent:ListPrompts",
        "promptSummaries",
        "arn",
        "bedrock-agent:GetPrompt",
        "",
        "arn",
        "name",
        "customerEncryptionKeyArn",
    ),
    _Kind(
        "knowledge_base",
        BASES,
        "knowledgeBaseSummaries",
        "knowledgeBaseId",
        KNOWLEDGE,
        "knowledgeBase",
        "knowledgeBaseArn",
        "name",
        "kmsKeyArn",
        resource="knowledge-base/",
    ),
)
_DATA_SOURCE = _Kind(
    "knowledge_base_source",
    SOURCES,
    "dataSourceSummaries",
    "dataSourceId",
    SOURCE,
    "dataSource",
    "dataSourceId",
    "name",
    "kmsKeyArn",
)


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: the AI service of one account and region, and the stores that belong to it."""
    unit = Records(records)
    if unit.first is None:
        return
    asked = {record.operation for record in records}
    here = not any(unit.error(name) == NOT_OFFERED for name in asked if name.startswith("bedrock:"))
    if asked & {LOGGING, RETENTION, PROJECTS}:
        yield from service_rows(unit, here=here)
    for kind in _KINDS:
        if kind.listing in asked:
            yield from _stores(unit, kind, asked)


def _stores(unit: Records, kind: _Kind, asked: set[str]) -> Iterator[Fact]:
    listing = unit.listing(kind.listing, None, kind.items, identity=kind.identity)
    things = {_subject(kind, page, item): (page, item) for page, item in reversed(listing.items)}
    there = sorted(subject for subject in things if unit.error(kind.get, subject) != GONE)
    for subject in there:
        yield _store(unit, kind, subject, *things[subject])
    yield _coverage(unit, kind, unit.ids(kind.listing), len(there), complete=listing.complete)
    if kind.listing == BASES and SOURCES in asked:
        yield from _data_sources(unit, there, complete=listing.complete)


def _data_sources(unit: Records, bases: Sequence[str], *, complete: bool) -> Iterator[Fact]:
    rows, evidence = 0, {*unit.ids(BASES)}
    for base in bases:
        evidence.update(unit.ids(SOURCES, base))
        listing = unit.listing(SOURCES, base, _DATA_SOURCE.items, identity=_DATA_SOURCE.identity)
        complete = complete and listing.complete
        sources = {str(item[_DATA_SOURCE.identity]): (page, item) for page, item in reversed(listing.items)}
        for identity, (page, item) in sorted(sources.items()):
            subject = f"{base}/data-source/{identity}"
            if unit.error(SOURCE, subject) != GONE:
                rows += 1
                yield _store(unit, _DATA_SOURCE, subject, page, item)
    yield _coverage(unit, _DATA_SOURCE, evidence, rows, complete=complete)


def _coverage(unit: Records, kind: _Kind, evidence: Iterable[Digest], rows: int, *, complete: bool) -> CoverageFact:
    """Return the row that says whether all of a kind were listed. Several listings fill the table: each has its own."""
    row = unit.coverage(DataStoreFact, kind.listing, unit.source, None, rows, complete=complete)
    return replace(row, coverage_id=f"{row.coverage_id} {kind.listing}", evidence=tuple(sorted(evidence)))


def _subject(kind: _Kind, page: Observation, item: Object) -> str:
    identity = str(item[kind.identity])
    if not kind.resource:
        return identity
    return f"arn:{partition(page)}:bedrock:{page.region}:{page.account}:{kind.resource}{identity}"


def _store(unit: Records, kind: _Kind, subject: str, page: Observation, item: Object) -> DataStoreFact:
    told = _told(unit.response(kind.get, subject), kind, subject)
    row = DataStoreFact(
        source=unit.source,
        evidence=unit.evidence(subject, page.id),
        store_id=subject,
        provider="aws",
        account=page.account,
        region=page.region,
        kind=kind.kind,
        name=text(item, kind.name),
        created_at=moment(told, kind.created) or moment(item, kind.created),
        encrypted=True,
        key_ref=text_or(_keyed(told, kind), kind.key, "none") or None,
        customer_key_possible=True,
    )
    if kind.get != KNOWLEDGE:
        return row
    managed = text(child(told, "knowledgeBaseConfiguration"), "type") == "MANAGED"
    # Any other keeps its vectors or its tables in a store of another service, with that store's key.
    return row if managed else replace(row, encrypted=None, key_ref=None, customer_key_possible=None)


def _told(answer: Json, kind: _Kind, subject: str) -> Object | None:
    """Return what is told of a thing, or None when nothing is or it is about another one."""
    body = child(answer, kind.inside) if kind.inside else answer
    if not isinstance(body, dict):
        return None
    return body if text_or(body, kind.own, subject) in {subject, subject.rpartition("/")[2]} else None


def _keyed(told: Object | None, kind: _Kind) -> Object | None:
    """Return the object that names the key; an empty one where what is told has none."""
    holder = told
    if kind.get == KNOWLEDGE:
        holder = child(child(told, "knowledgeBaseConfiguration"), "managedKnowledgeBaseConfiguration")
    if holder is None or kind.get not in {KNOWLEDGE, SOURCE}:
        return holder
    given = holder.get("serverSideEncryptionConfiguration")
    return {} if given is None else given if isinstance(given, dict) else None
