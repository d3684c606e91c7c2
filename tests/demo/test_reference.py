"""The reference world, asked everything that a collector can ask: only what was planted cannot be read."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from scanner import pipeline, sources
from scanner.collect.aws import services
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.demo.embedded import embedded
from scanner.demo.world import FOLDER, World, load_world
from scanner.estate.load import load_estate
from scanner.estate.secrets import resolve
from scanner.evaluate.certificates import certificate_rows, load_certificates
from scanner.evaluate.engine import Inputs, evaluate
from scanner.evaluate.load import load_catalogue
from scanner.evaluate.store import write_facts
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.control import Control
from scanner.model.facts import Fact
from scanner.model.observation import Gap, GapReason, Observation, Record
from scanner.normalize.derive import STATEMENTS
from scanner.normalize.records import current_gaps
from scanner.resources import controls_dir
from tests.collect.fakes import Clock
from tests.support import NOW


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    folder = tmp_path_factory.mktemp("reference")
    wanted = frozenset(operation.name for operation in sources.operations())
    log = EvidenceLog(folder / "evidence")
    with embedded(None, NOW) as place:
        estate = load_estate(place.write(folder))
        # Places of leaks hold their time limit against the real clock.
        context = sources.Context(wanted, time.monotonic(), partial(resolve, environ=os.environ))
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
    in_azure = {
        (operation, world.azure.subscription(one.subscription), one.location)
        for one in world.azure.containers
        for operation in one.denied
    }
    others = {(one.operation, one.account, one.region) for one in world.denied}
    return of_keys | of_stores | guardrails | in_azure | others


def test_only_what_was_planted_cannot_be_read(records: list[Record]) -> None:
    world = load_world()
    gaps = [record for record in records if isinstance(record, Gap)]
    assert {gap.reason for gap in gaps} == {GapReason.DENIED}
    assert {(gap.operation, gap.account, gap.region) for gap in gaps} == planted(world)


def test_every_operation_was_asked_and_answered(records: list[Record]) -> None:
    answered = {record.operation for record in records if isinstance(record, Observation)}
    # The estate names its regions; no bucket of the world has ACLs that count.
    assert {op.name for op in services.operations()} - answered == {"ec2:DescribeRegions", "s3:GetBucketAcl"}


def rows(records: Iterable[Record], asked: frozenset[str]) -> Iterator[Fact]:
    """Yield the rows of those records that some operations gave, unit by unit."""
    normalizers = sources.normalizers()
    for _, unit in itertools.groupby(records, lambda record: (record.source, record.collector)):
        kept = [record for record in unit if record.operation in asked]
        if kept and kept[0].collector in normalizers:
            yield from normalizers[kept[0].collector].rows(kept)
    yield from certificate_rows(load_certificates(controls_dir() / "cmvp.yaml"))


def test_every_row_is_of_a_kind_that_the_operations_behind_it_feed(records: list[Record]) -> None:
    fed = {op.name: set(op.kinds) for op in sources.operations()}
    by_id = {record.id: record.operation for record in records}
    everything = frozenset(fed)
    checked = 0
    for fact in rows(records, everything):
        if fact.table in {"data_stores", "modules", "credentials"}:
            kind = f"{fact.table}.{getattr(fact, 'kind', None)}"
            behind = {by_id[one] for one in fact.evidence}
            # A gap of what lists a row must reach the controls of its kind.
            assert any(kind in fed[operation] for operation in behind), (kind, behind)
            checked += 1
    assert checked > 50


Verdicts = dict[str, tuple[str, int, int, int]]
"""Control to its verdict and how many passed, failed and are unknown."""
SECOND = {"exceptions", "addressable_specifications"}
EVERY = 16
"""Of so many plans one is run: all of them would take a minute."""
TOKENS = {"KM-FIP-06"}
"""No AWS operation lists what it judges, so a scan for it alone has looked at nothing."""


def judged(folder: Path, records: Sequence[Record], controls: Sequence[Control], asked: frozenset[str]) -> Verdicts:
    folder.mkdir()
    write_facts(rows(records, asked), folder / "facts", STATEMENTS, NOW)
    by_unit = itertools.groupby(records, lambda record: (record.source, record.collector))
    gaps = [gap for _, unit in by_unit for gap in current_gaps(unit) if gap.operation in asked]
    inputs = Inputs(facts=folder / "facts", gaps=gaps, operations=sources.operations(), policy={}, as_of=NOW)
    results = evaluate(controls, inputs, verdicts=folder / "verdicts.parquet").results
    return {r.control.id: (r.verdict, r.counts.passed, r.counts.failed, r.counts.unknown) for r in results}


def test_a_scan_for_one_control_says_what_the_whole_scan_says(records: list[Record], tmp_path: Path) -> None:
    # Controls over exceptions hang on the verdicts of all others.
    controls = [c for c in load_catalogue(controls_dir()).controls if c.id not in TOKENS and c.table not in SECOND]
    whole = judged(tmp_path / "whole", records, controls, frozenset(op.name for op in sources.operations()))
    plans: dict[frozenset[str], list[Control]] = {}
    for control in controls:
        plans.setdefault(pipeline.operations_of(control), []).append(control)
    narrow: Verdicts = {}
    for number, (asked, members) in enumerate(list(plans.items())[::EVERY]):
        narrow |= judged(tmp_path / str(number), records, members, asked)
    assert len(plans) > 40
    assert narrow == {control: whole[control] for control in narrow}


COMMENT = re.compile(r"^ +# planted: (.+)$")


def test_what_is_planted_beside_keys_is_marked_by_a_comment_before_it() -> None:
    lines = (FOLDER / "world.yaml").read_text(encoding="utf-8").splitlines()
    marked = [match[1] for line in lines if (match := COMMENT.match(line))]
    assert len(marked) == len(set(marked)) >= 30
    # What follows them has its defects beside it in words.
    parts, end = lines.index("data:"), lines.index("tokens:")
    # A defect stands in the entry that follows a comment: no two defects without one between them.
    since = 0
    for line in lines[parts:end]:
        since = 0 if COMMENT.match(line) else since + line.count("defect:")
        assert since <= 1, line
