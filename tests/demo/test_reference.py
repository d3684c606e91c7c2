"""The reference world, asked everything that a collector can ask: only what was planted cannot be read."""

from __future__ import annotations

import re

import pytest

from scanner import sources
from scanner.collect.aws import services
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.demo.embedded import embedded
from scanner.demo.world import FOLDER, World, load_world
from scanner.estate.load import load_estate
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.observation import Gap, GapReason, Observation, Record
from tests.collect.fakes import Clock
from tests.support import NOW


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    folder = tmp_path_factory.mktemp("reference")
    wanted = frozenset(operation.name for operation in sources.operations())
    log = EvidenceLog(folder / "evidence")
    with embedded(None, NOW) as place:
        (folder / "estate.yaml").write_text(place.estate, encoding="utf-8")
        estate = load_estate(folder / "estate.yaml")
        context = sources.Context(wanted, 0.0, str)
        units = [unit for kind in sources.SOURCES for unit in kind.units(estate, context)]
        run_units(units, Run(log, wanted, Clock().outside(), Tally()))
    log.close()
    return [record for path in segments(folder / "evidence") for record in read_segment(path)]


def planted(world: World) -> set[tuple[str, str, str]]:
    """Return (operation, account, region) of every denial of the world."""
    of_keys = {(operation, key.account, key.region) for key in world.keys for operation in key.denied}
    of_stores = {(operation, account, region) for operation, _, account, region in world.data.denials()}
    guardrails = {
        ("bedrock:GetGuardrail", region.account, region.region)
        for region in world.bedrock.regions
        if any(thing.denied for thing in region.things)
    }
    return of_keys | of_stores | guardrails | {(one.operation, one.account, one.region) for one in world.denied}


def test_only_what_was_planted_cannot_be_read(records: list[Record]) -> None:
    gaps = [record for record in records if isinstance(record, Gap)]
    assert {gap.reason for gap in gaps} == {GapReason.DENIED}
    assert {(gap.operation, gap.account, gap.region) for gap in gaps} == planted(load_world())


def test_every_operation_was_asked_and_answered(records: list[Record]) -> None:
    answered = {record.operation for record in records if isinstance(record, Observation)}
    # The estate names its regions; no bucket of the world has ACLs that count.
    assert {op.name for op in services.operations()} - answered == {"ec2:DescribeRegions", "s3:GetBucketAcl"}


COMMENT = re.compile(r"^ +# planted: (.+)$")


def test_what_is_planted_beside_keys_is_marked_by_a_comment_before_it() -> None:
    lines = (FOLDER / "world.yaml").read_text(encoding="utf-8").splitlines()
    marked = [match[1] for line in lines if (match := COMMENT.match(line))]
    assert len(marked) == len(set(marked)) >= 30
    parts = lines.index("data:")
    # A defect stands in the entry that follows a comment: no two defects without one between them.
    since = 0
    for line in lines[parts:]:
        since = 0 if COMMENT.match(line) else since + line.count("defect:")
        assert since <= 1, line
