"""Amazon Bedrock: what is asked of which thing, what a missing service means, and what is never left of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from scanner.collect.aws.accounts import Service
from scanner.collect.aws.bedrock import DROP, LOGGING, NAME, OPERATIONS, PROJECTS, RETENTION, collect
from scanner.collect.aws.regions import NO_ENDPOINT, NOT_OFFERED
from scanner.collect.interface import CallError, Reply
from scanner.demo.aws import bedrock
from scanner.demo.aws.bedrock_world import Bedrock, DataSource, Kind, Logging, Project, Region, Thing
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.faults import Kind as FaultKind
from scanner.demo.aws.request import Asked
from scanner.evidence.drop import drop
from scanner.model.ai import AiServiceFact
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.bedrock import normalize
from tests.collect.aws.running import Collected
from tests.collect.aws.units import collect_service
from tests.collect.fakes import Bench
from tests.demo.aws.composing import Composed, composed
from tests.support import ACCOUNT, NOW, REGION

SERVICE = Service(NAME, OPERATIONS, collect)
EVERYTHING = frozenset(operation.name for operation in OPERATIONS)
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
WRITTEN = "CANARY what somebody wrote"
GETS: dict[Kind, str] = {
    "custom_model": "bedrock:GetCustomModel",
    "imported_model": "bedrock:GetImportedModel",
    "guardrail": "bedrock:GetGuardrail",
    "agent": "bedrock-agent:GetAgent",
    "prompt": "bedrock-agent:GetPrompt",
    "knowledge_base": "bedrock-agent:GetKnowledgeBase",
}


def a_region(*things: Thing, **given: Any) -> Region:  # noqa: ANN401 - any field of Region
    """Return the simulated Amazon Bedrock of the tests' account and region."""
    return Region(account=ACCOUNT, region=REGION, things=list(things), **given)


@contextmanager
def simulated(*regions: Region, page_size: int = 50) -> Iterator[Composed]:
    part = Bedrock(regions=list(regions))
    with composed(lambda asked: bedrock.answer(part, asked, NOW), bedrock.LISTS, page_size=page_size) as app:
        yield app


def subjects(found: Collected, operation: str) -> set[str | None]:
    return {answer.subject for answer in found.answers(operation)}


ONE_OF_EACH = a_region(
    *(Thing(kind=kind, name=f"a-{kind}", key=KEY, text=WRITTEN) for kind in GETS if kind != "knowledge_base"),
    Thing(kind="knowledge_base", name="base", sources=[DataSource(name="one"), DataSource(name="two")]),
    logging=Logging(bucket="prompts"),
    retention_age_days=3,
    projects=[Project(name="clinic", mode="none")],
)


def test_everything_is_asked_once_and_answers(tmp_path: Path) -> None:
    with simulated(ONE_OF_EACH) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert found.gaps == []
    once = dict.fromkeys(sorted(EVERYTHING - {"bedrock-agent:GetDataSource"}), 1)
    assert found.asked == {**once, "bedrock-agent:GetDataSource": 2, "sts:GetCallerIdentity": 1}


def test_every_thing_is_asked_about_by_the_name_that_its_row_will_have(tmp_path: Path) -> None:
    with simulated(ONE_OF_EACH) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    for thing in ONE_OF_EACH.things:
        assert subjects(found, GETS[thing.kind]) == {ONE_OF_EACH.arn(thing)}
    base = ONE_OF_EACH.things[-1]
    assert subjects(found, "bedrock-agent:ListDataSources") == {ONE_OF_EACH.arn(base)}
    assert subjects(found, "bedrock-agent:GetDataSource") == {
        ONE_OF_EACH.source(base, source) for source in base.sources
    }


def test_the_rows_tell_what_the_world_holds(tmp_path: Path) -> None:
    with simulated(ONE_OF_EACH) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    facts = list(normalize([record for record in found.records if record.collector == NAME]))
    keys = {fact.store_id: fact.key_ref for fact in facts if isinstance(fact, DataStoreFact)}
    base = ONE_OF_EACH.things[-1]
    assert keys == {
        **{ONE_OF_EACH.arn(thing): KEY for thing in ONE_OF_EACH.things[:-1]},
        ONE_OF_EACH.arn(base): None,
        **{ONE_OF_EACH.source(base, source): "none" for source in base.sources},
    }
    (service,) = [fact for fact in facts if isinstance(fact, AiServiceFact)]
    assert (service.service_id, service.retained_by_provider) == (ONE_OF_EACH.service_id, None)
    assert (service.retention_exceptions, service.log_bucket_id) == (("proj_clinic=none",), "arn:aws:s3:::prompts")
    assert all(fact.complete for fact in facts if isinstance(fact, CoverageFact))


def test_prompts_are_asked_without_their_text(tmp_path: Path) -> None:
    with simulated(ONE_OF_EACH) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    (prompt,) = found.answers("bedrock-agent:GetPrompt")
    assert prompt.params["includedData"] == "METADATA_ONLY"
    assert isinstance(prompt.response, dict)
    assert "variants" not in prompt.response


def test_an_account_without_anything_costs_one_call_a_listing(tmp_path: Path) -> None:
    with simulated() as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert found.gaps == []
    listings = {name for name in EVERYTHING if ":List" in name and not name.endswith("DataSources")}
    assert set(found.asked) == listings | {LOGGING, RETENTION, "sts:GetCallerIdentity"}
    assert set(found.asked.values()) == {1}


def test_long_listings_are_read_to_the_end(tmp_path: Path) -> None:
    many = [Thing(kind=kind, name=f"{kind}-{i}") for kind in GETS for i in range(5)]
    bases = [Thing(kind="knowledge_base", name="base", sources=[DataSource(name=f"s{i}") for i in range(5)])]
    with simulated(a_region(*many, *bases, projects=[Project(name=f"p{i}") for i in range(5)]), page_size=2) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert found.gaps == []
    assert {kind: len(found.answers(get)) for kind, get in GETS.items()} == {
        **dict.fromkeys(GETS, 5),
        "knowledge_base": 6,
    }
    assert found.asked["bedrock-agent:GetDataSource"] == 5
    assert found.asked[PROJECTS] == 3


def test_a_narrow_plan_asks_only_what_it_needs(tmp_path: Path) -> None:
    with simulated(ONE_OF_EACH) as app:
        collect_service(tmp_path, app.url, SERVICE, wanted=frozenset({RETENTION}))
        assert {request.operation for request in app.requests} == {"sts:GetCallerIdentity", RETENTION}


FAULTS: list[tuple[FaultKind, GapReason]] = [
    ("deny", GapReason.DENIED),
    ("malformed", GapReason.MALFORMED),
    ("wrong_types", GapReason.MALFORMED),
]


@pytest.mark.parametrize(("kind", "reason"), FAULTS, ids=[kind for kind, _ in FAULTS])
def test_a_fault_is_a_gap_of_its_call_alone(tmp_path: Path, kind: FaultKind, reason: GapReason) -> None:
    agent = ONE_OF_EACH.arn(next(thing for thing in ONE_OF_EACH.things if thing.kind == "agent"))
    with simulated(ONE_OF_EACH) as app:
        app.faults.add(Fault(kind, "bedrock-agent:GetAgent"))
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.gap.operation, found.gap.subject, found.gap.reason) == ("bedrock-agent:GetAgent", agent, reason)
    assert set(found.asked) == {*EVERYTHING, "sts:GetCallerIdentity"} - {"bedrock-agent:GetAgent"}


def test_what_is_gone_since_the_listing_is_known_to_be(tmp_path: Path) -> None:
    part = Bedrock(regions=[ONE_OF_EACH])
    gets = {*GETS.values(), "bedrock-agent:GetDataSource"}

    def answer(asked: Asked) -> dict[str, Any] | None:
        if asked.operation in gets:
            return {"__type": "ResourceNotFoundException", "message": "no"}
        return bedrock.answer(part, asked, NOW)

    with composed(answer, bedrock.LISTS) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    assert found.gaps == []
    assert {a.error_code for name in GETS.values() for a in found.answers(name)} == {"ResourceNotFoundException"}
    assert found.answers("bedrock-agent:ListDataSources") == []  # of a base that is gone nothing is asked


LISTED: Mapping[str, Json] = {
    "bedrock-agent:ListAgents": {"agentSummaries": [{"agentId": "A1"}, {"agentId": "A1"}]},
    "bedrock-agent:ListKnowledgeBases": {"knowledgeBaseSummaries": [{"knowledgeBaseId": "K1"}]},
    "bedrock-agent:ListDataSources": {"dataSourceSummaries": [{"dataSourceId": "S1"}]},
}
EMPTY: Mapping[str, Json] = {RETENTION: {"mode": "none"}, LOGGING: {}}


@dataclass(slots=True)
class Scripted:
    """A provider of which some operations, or all of a service, fail as told, and some answer; the rest is empty."""

    errors: Mapping[str, CallError] = field(default_factory=dict)
    bodies: Mapping[str, Json] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    endpoint: str = "https://bedrock.example"

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Answer, or fail."""
        self.asked.append(operation)
        for name in (operation, operation.partition(":")[0]):
            if name in self.errors:
                raise self.errors[name]
        items = bedrock.LISTS[operation][0] if operation in bedrock.LISTS else ""
        rest: Json = {items: []} if items else {}
        return Reply(200, "r", self.bodies.get(operation, EMPTY.get(operation, rest)))

    def close(self) -> None:
        """Nothing is open."""


def not_there(code: str) -> CallError:
    return CallError(GapReason.UNSUPPORTED, code=code, detail="no such name")


def unreachable() -> CallError:
    return CallError(GapReason.UNREACHABLE, code="EndpointConnectionError")


def scripted(bench: Bench, wanted: frozenset[str] = EVERYTHING, **errors: CallError) -> tuple[Scripted, Any]:
    """Run the collector over a scripted provider; ``bedrock_agent=`` is the service ``bedrock-agent``."""
    provider = Scripted({name.replace("_", "-"): error for name, error in errors.items()})
    work = bench.work(wanted=wanted, transport=lambda: provider, operations=OPERATIONS)
    assert list(collect(work.ask)) == []
    return provider, work


def test_where_bedrock_is_not_offered_one_call_says_so(bench: Bench) -> None:
    provider, work = scripted(bench, bedrock=not_there(NOT_OFFERED))
    assert provider.asked == [LOGGING]
    assert [(a.operation, a.error_code) for a in work.answers] == [(LOGGING, NOT_OFFERED)]
    assert work.gaps == []


def test_a_listing_says_so_when_nothing_else_is_asked(bench: Bench) -> None:
    stores = frozenset(name for name in EVERYTHING if name not in {LOGGING, RETENTION, PROJECTS})
    provider, work = scripted(bench, stores, bedrock=not_there(NOT_OFFERED))
    assert provider.asked == ["bedrock:ListCustomModels"]
    assert work.gaps == []


def test_a_region_that_the_sdk_does_not_know_stays_unknown(bench: Bench) -> None:
    provider, work = scripted(bench, bedrock=not_there(NO_ENDPOINT))
    assert {gap.error_code for gap in work.gaps} == {NO_ENDPOINT}
    assert {gap.operation for gap in work.gaps} >= {LOGGING, "bedrock:ListGuardrails"}
    assert "bedrock-agent:ListAgents" in provider.asked


@pytest.mark.parametrize("code", [NO_ENDPOINT, NOT_OFFERED])
def test_agents_are_not_there_when_bedrock_answers_and_they_have_no_endpoint(bench: Bench, code: str) -> None:
    provider, work = scripted(bench, bedrock_agent=not_there(code))
    assert [name for name in provider.asked if name.startswith("bedrock-agent:")] == ["bedrock-agent:ListAgents"]
    assert work.gaps == []


def test_without_an_answer_of_bedrock_nobody_knows_of_agents(bench: Bench) -> None:
    _, work = scripted(bench, bedrock=unreachable(), bedrock_agent=not_there(NO_ENDPOINT))
    agents = {gap.operation: gap.reason for gap in work.gaps if gap.operation.startswith("bedrock-agent:")}
    assert agents == dict.fromkeys(
        ("bedrock-agent:ListAgents", "bedrock-agent:ListPrompts", "bedrock-agent:ListKnowledgeBases"),
        GapReason.UNSUPPORTED,
    )


def test_what_cannot_be_reached_is_a_gap(bench: Bench) -> None:
    _, work = scripted(bench, bedrock_agent=unreachable())
    assert {gap.reason for gap in work.gaps} == {GapReason.UNREACHABLE}
    assert {gap.operation.partition(":")[0] for gap in work.gaps} == {"bedrock-agent"}


PRINCIPALS = [
    ("arn:aws-us-gov:sts::111122223333:assumed-role/audit/keyaudit", "aws-us-gov"),
    ("arn:aws:sts::111122223333:assumed-role/audit/keyaudit", "aws"),
    ("", "aws"),
]


@pytest.mark.parametrize(("principal", "partition"), PRINCIPALS)
def test_a_thing_is_in_the_partition_of_who_asks(bench: Bench, principal: str, partition: str) -> None:
    provider = Scripted(bodies={**LISTED, "bedrock-agent:GetAgent": {"agent": {}}})
    work = bench.work(
        wanted=EVERYTHING,
        transport=lambda: provider,
        operations=OPERATIONS,
        principal=principal,
        account=ACCOUNT,
        region=REGION,
    )
    list(collect(work.ask))
    told = [answer.subject for answer in work.answers if answer.operation == "bedrock-agent:GetAgent"]
    assert told == [f"arn:{partition}:bedrock:{REGION}:{ACCOUNT}:agent/A1"]


WRONG: list[tuple[str, Json]] = [
    (LOGGING, {"loggingConfig": "x"}),
    (RETENTION, {}),
    (RETENTION, {"mode": 1}),
    (PROJECTS, {}),
    (PROJECTS, {"projectSummaries": "x"}),
    (PROJECTS, {"projectSummaries": ["x"]}),
    (PROJECTS, {"projectSummaries": [{"arn": "x"}]}),
    ("bedrock:ListGuardrails", {"guardrails": [{"id": "x"}]}),
    ("bedrock-agent:ListAgents", {"agentSummaries": None}),
    ("bedrock-agent:ListDataSources", {"dataSourceSummaries": [{"name": "x"}]}),
    ("bedrock-agent:GetAgent", {}),
    ("bedrock-agent:GetKnowledgeBase", {"knowledgeBase": "x"}),
    ("bedrock-agent:GetDataSource", {"dataSource": []}),
]


@pytest.mark.parametrize(("operation", "body"), WRONG, ids=[f"{name} {body}" for name, body in WRONG])
def test_a_misshapen_answer_is_a_gap(bench: Bench, operation: str, body: Json) -> None:
    right: dict[str, Json] = {"bedrock-agent:GetAgent": {"agent": {}}}
    right |= {
        "bedrock-agent:GetKnowledgeBase": {"knowledgeBase": {}},
        "bedrock-agent:GetDataSource": {"dataSource": {}},
    }
    provider = Scripted(bodies={**LISTED, **right, operation: body})
    work = bench.work(wanted=EVERYTHING, transport=lambda: provider, operations=OPERATIONS)
    list(collect(work.ask))
    assert [(gap.operation, gap.reason) for gap in work.gaps] == [(operation, GapReason.MALFORMED)]


def test_what_was_written_is_dropped_wherever_an_answer_brings_it(tmp_path: Path) -> None:
    with simulated(ONE_OF_EACH) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    brought = {a.operation for a in found.answers() if WRITTEN in str(a.response)}
    assert brought >= {"bedrock:GetGuardrail", "bedrock-agent:GetAgent", "bedrock-agent:ListPrompts"}
    for answer in found.answers():
        kept = drop(answer.response, DROP.get(answer.operation, ()), "/response")
        assert WRITTEN not in str(kept.value)
        assert kept.paths or answer.operation not in brought


def test_only_declared_operations_drop_something() -> None:
    assert set(DROP) <= EVERYTHING


KEPT = {
    # A label of letters, digits, - and _: who reads a finding must know which guardrail it is about.
    "bedrock:ListGuardrails /guardrails/*/name",
    "bedrock:GetGuardrail /name",
}


def output_of(operation: str) -> Any:  # noqa: ANN401 - botocore's shapes have no common type
    service, _, name = operation.partition(":")
    return botocore.session.Session().get_service_model(service).operation_model(name).output_shape


def sensitive(shape: Shape, path: str, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield where AWS's own model says that something sensitive stands."""
    if shape.metadata.get("sensitive"):
        yield path
    elif shape.name not in seen:
        inner = (*seen, shape.name)
        if isinstance(shape, StructureShape):
            for name, member in shape.members.items():
                yield from sensitive(member, f"{path}/{name}", inner)
        elif isinstance(shape, ListShape):
            yield from sensitive(shape.member, f"{path}/*", inner)
        elif isinstance(shape, MapShape):
            yield from sensitive(shape.value, f"{path}/*", inner)


@pytest.mark.parametrize("operation", sorted(EVERYTHING))
def test_everything_that_aws_calls_sensitive_is_dropped(operation: str) -> None:
    for path in sensitive(output_of(operation), ""):
        covered = any(path == one or path.startswith(f"{one}/") for one in DROP.get(operation, ()))
        assert covered or f"{operation} {path}" in KEPT, path


@pytest.mark.parametrize("operation", sorted(DROP))
def test_every_dropped_path_is_one_of_the_answer(operation: str) -> None:
    for path in DROP[operation]:
        shape = output_of(operation)
        for part in path.split("/")[1:]:
            shape = shape.member if part == "*" else shape.members[part]
        assert shape is not None
