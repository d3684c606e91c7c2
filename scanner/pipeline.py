"""The one module that joins the stages: plan, collect, normalize, evaluate, assemble, render."""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from scanner import __version__, sources
from scanner.collect.ask import Outside
from scanner.collect.plan import plan
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import SourceTally, Tally
from scanner.evaluate.assemble import assemble
from scanner.evaluate.certificates import certificate_rows, load_certificates, newest
from scanner.evaluate.columns import control_columns
from scanner.evaluate.engine import Evaluation, Inputs, evaluate
from scanner.evaluate.examples import run_examples
from scanner.evaluate.lint import lint
from scanner.evaluate.load import hipaa_rules, load_catalogue, load_framework, select
from scanner.evaluate.store import read_facts, write_facts
from scanner.evidence.log import EvidenceLog, find_records, read_segment, segments
from scanner.history.decode import read_history
from scanner.history.forecast import REPORT_DAYS, forecast, limits_of
from scanner.history.period import judge as judge_period
from scanner.history.series import with_snapshot
from scanner.history.snapshot import snapshot_of
from scanner.history.trend import trend
from scanner.model.artifact import Artifact
from scanner.model.control import Catalogue, Control, Framework
from scanner.model.diff import Diff
from scanner.model.estate import Estate, SecretRef
from scanner.model.facts import Fact
from scanner.model.history import History
from scanner.model.observation import Gap, Observation, Record
from scanner.model.report import Report
from scanner.model.trend import Trend
from scanner.normalize.derive import STATEMENTS
from scanner.normalize.records import current_gaps
from scanner.render import (
    DIFFS,
    EXPORTS,
    RENDERERS,
    TRENDS,
    cbom,
    diff_schema,
    forecast_as,
    forecast_caveats,
    forecast_schema,
    period_json,
    results_schema,
    trend_schema,
)
from scanner.scandir import ScanDir, write_atomically
from scanner.scanheader import Header


@dataclass(frozen=True, slots=True)
class World:
    """Clock, chance, secrets and the way to stop: what a scan takes from outside, beside the network."""

    now: Callable[[], datetime]
    resolve: Callable[[SecretRef], str]
    stop: threading.Event
    random: Callable[[], float] = random.random

    def outside(self) -> Outside:
        """Return what the collectors may use of it."""
        return Outside(self.now, time.monotonic, self.stop.wait, self.stop.is_set, self.stop.set, self.random)


@dataclass(slots=True)
class _Read:
    """What reading the evidence back brings besides the rows."""

    gaps: list[Gap]
    calls: dict[str, tuple[str, str, int]]
    principals: set[str]


def scan(folder: ScanDir, header: Header, chosen: Catalogue, estate: Estate, world: World, tally: Tally) -> Report:
    """Run or resume the scan that was begun in ``folder``, to the end. Raises KeyauditError.

    ``chosen`` is the part of the catalogue that the header selects.
    """
    collect(folder, header, chosen, estate, world, tally)
    done = replace(header, ended=header.ended or world.now().astimezone(UTC), state="collected")
    folder.write_header(done.to_json())
    return judge(folder, done, chosen, estate)


def judge(folder: ScanDir, header: Header, chosen: Catalogue, estate: Estate) -> Report:
    """Normalize and evaluate what was collected, and render it. The same evidence gives the same verdicts."""
    folder.sweep()
    read = normalize(folder, header.as_of)
    evaluation = decide(folder, header, chosen, estate, read.gaps)
    info = header.info(estate, chosen, principals=read.principals)
    report = assemble(
        info,
        catalogue=chosen,
        results=evaluation.results,
        gaps=read.gaps,
        calls=read.calls,
        facts=folder.facts,
        as_of=header.as_of,
        find=partial(find_records, folder.evidence),
        # Raw answers stand in the page alone.
        raw="html" in header.formats,
    )
    report = over_time(report, folder, header)
    render(report, folder, header.formats)
    folder.write_header(replace(header, state="complete", totals=report.totals).to_json())
    return report


def over_time(report: Report, folder: ScanDir, header: Header) -> Report:
    """Add what comes due, and what the scans before this one show, as far as the folder has them."""
    limits = limits_of(report.results)
    whole = replace(report, forecast=forecast(folder.facts, limits, header.as_of, REPORT_DAYS))
    if header.period is None and not folder.history.is_file():
        return whole
    history = _series(report, folder, header)
    if header.period is not None:
        first, last = header.period
        days = {name: limit.days for name, limit in limits.items()}
        period = judge_period(first, last, history=history, facts=folder.facts, limits=days, as_of=header.as_of)
        whole = replace(whole, period=period)
    if folder.history.is_file():
        whole = replace(whole, trend=trend(history, [framework for framework, _ in report.clauses]))
    return whole


def _series(report: Report, folder: ScanDir, header: Header) -> History:
    """Return the scans before this one, as far as the folder has them, and this one."""
    earlier = read_history(folder.history, header.as_of) if folder.history.is_file() else History()
    # Not from results.json: that is written when the report is whole.
    return with_snapshot(earlier, snapshot_of(folder, header, json.loads(RENDERERS["json"](report).data)))


def catalogue(folder: Path, ids: Sequence[str], frameworks: Sequence[str], phases: Sequence[str]) -> Catalogue:
    """Load the catalogue of a folder, narrowed to a selection. Raises ConfigError or UsageError."""
    return select(load_catalogue(folder), ids, frameworks, phases)


def operations_of(control: Control) -> frozenset[str]:
    """Return the operations that one control needs."""
    columns = control_columns(control)
    return frozenset().union(*(plan(columns, kind.operations()) for kind in sources.SOURCES))


def selected(controls: Path, header: Header) -> Catalogue:
    """Return the part of the catalogue in a folder that the scan was asked to run."""
    return catalogue(controls, header.controls, header.frameworks, header.phases)


def wanted_operations(chosen: Catalogue) -> frozenset[str]:
    """Return the operations that the controls of a catalogue need, of every provider."""
    return frozenset().union(*(operations_of(control) for control in chosen.controls))


def collect(folder: ScanDir, header: Header, chosen: Catalogue, estate: Estate, world: World, tally: Tally) -> None:
    """Ask the live systems what the controls need, and log each answer and each gap."""
    wanted = wanted_operations(chosen) | sources.standing(estate)
    outside = world.outside()
    context = sources.Context(wanted, time.monotonic(), world.resolve, frozenset(header.only), outside)
    log = EvidenceLog(folder.evidence)
    try:
        run = Run(log, wanted, outside, tally)
        for last in (False, True):
            run_units([u for kind in sources.SOURCES if kind.last is last for u in kind.units(estate, context)], run)
    finally:
        log.close()


@dataclass(frozen=True, slots=True)
class Identified:
    """How a source answers the question who is asking."""

    source: str
    principals: tuple[str, ...]
    gaps: tuple[Gap, ...]


def identify(estate: Estate, name: str, world: World) -> Identified:
    """Ask the source of an estate called ``name`` who is asking and which scopes there are, and nothing else."""
    wanted = frozenset(op.name for op in sources.operations() if op.always)
    context = sources.Context(wanted, time.monotonic(), world.resolve, frozenset({name}))
    with tempfile.TemporaryDirectory(prefix="keyaudit-doctor-") as place:
        log = EvidenceLog(Path(place))
        try:
            units = [unit for kind in sources.SOURCES for unit in kind.units(estate, context)]
            run_units(units, Run(log, wanted, world.outside(), Tally()))
        finally:
            log.close()
        records = [record for path in segments(Path(place)) for record in read_segment(path)]
    named = {kind.identity(r) for kind in sources.SOURCES for r in records if isinstance(r, Observation)}
    return Identified(name, tuple(sorted(named - {""})), tuple(current_gaps(records)))


def normalize(folder: ScanDir, as_of: datetime) -> _Read:
    """Turn the evidence, and what the catalogue says of certificates at ``as_of``, into fact tables."""
    read = _Read([], {}, set())
    write_facts(_rows(folder, read, sources.normalizers()), folder.facts, STATEMENTS, as_of)
    return read


def _rows(folder: ScanDir, read: _Read, normalizers: Mapping[str, sources.Normalize]) -> Iterator[Fact]:
    for path in segments(folder.evidence):
        # A segment is of one unit, and a unit of one collector.
        first = next(read_segment(path), None)
        normalize = normalizers.get(first.collector) if first else None
        if normalize and normalize.streams:
            read.gaps.extend(current_gaps(_count(read_segment(path), read)))
            yield from normalize.streams(_Stored(path))
        else:
            records = list(read_segment(path))
            read.gaps.extend(current_gaps(_count(records, read)))
            yield from normalize.rows(records) if normalize else ()
    yield from certificate_rows(newest(*map(load_certificates, folder.certificates)))


def _count(records: Iterable[Record], read: _Read) -> Iterator[Record]:
    for record in records:
        if isinstance(record, Observation):
            count = read.calls.get(record.source, ("", "", 0))[2]
            read.calls[record.source] = (record.source_name, record.endpoint, count + 1)
        if record.principal:
            read.principals.add(record.principal)
        yield record


@dataclass(frozen=True, slots=True)
class _Stored:
    """The records of a segment, read anew each time."""

    path: Path

    def __iter__(self) -> Iterator[Record]:
        return read_segment(self.path)


def decide(folder: ScanDir, header: Header, chosen: Catalogue, estate: Estate, gaps: Sequence[Gap]) -> Evaluation:
    """Judge the facts by the controls and write ``verdicts.parquet``."""
    inputs = Inputs(
        facts=folder.facts,
        gaps=gaps,
        operations=sources.operations(),
        policy=estate.policy,
        as_of=header.as_of,
        rules=hipaa_rules(chosen),
        absent=sources.absent(estate),
        alternatives=estate.alternatives is not None,
    )
    return evaluate(chosen.controls, inputs, verdicts=folder.verdicts)


def render(report: Report, folder: ScanDir, formats: Sequence[str]) -> None:
    """Write the report in each of the named formats, and the audit period when there is one."""
    for name in formats:
        artifact = RENDERERS[name](report)
        write_atomically(folder.root / artifact.name, artifact.data)
    if report.period is not None:
        artifact = period_json(report.period)
        write_atomically(folder.root / artifact.name, artifact.data)


EXPORT_NAMES = (*EXPORTS, "cbom")
"""Formats for other programs, by the name that users give them."""


def export(report: Report, folder: ScanDir, name: str) -> Artifact:
    """Return a report in one of the formats for other programs."""
    if name == "cbom":
        return cbom(report, partial(read_facts, folder.facts))
    return EXPORTS[name](report)


def show_diff(diff: Diff, name: str) -> Artifact:
    """Return a comparison of two scans as ``text``, ``json``, ``markdown`` or ``html``."""
    return DIFFS[name](diff)


def show_trend(shown: Trend, name: str) -> Artifact:
    """Return the trend of a series that has a scan as ``text``, ``json``, ``markdown`` or ``html``."""
    return TRENDS[name](shown)


def frameworks(folder: Path) -> tuple[Framework, ...]:
    """Return the frameworks of the catalogue in a folder, by id. Raises ConfigError."""
    return tuple(load_framework(path) for path in sorted((folder / "frameworks").glob("*.yaml")))


def begin(
    folder: ScanDir,
    header: Header,
    chosen: Catalogue,
    *,
    estate_text: bytes,
    controls: Path,
    overwrite: bool,
    certificates: str = "",
    layouts: Mapping[str, bytes] | None = None,
) -> Header:
    """Begin a scan: write what it runs by into the folder. ``chosen`` was loaded from ``controls``.

    ``certificates`` is the user's own table of certificates, ``layouts`` its layout files by source. Raises ConfigError
    for a table that cannot be understood.
    """
    complete = replace(header, catalogue_sha256=chosen.digest, tool_version=__version__)
    table = Path(certificates) if certificates else None
    if table:
        load_certificates(table)
    folder.begin(
        complete.to_json(),
        estate=estate_text,
        controls=controls,
        overwrite=overwrite,
        certificates=table.read_bytes() if table else None,
        layouts=layouts,
    )
    return complete


lint_catalogue = lint
test_control = run_examples

__all__ = [
    "EXPORT_NAMES",
    "Identified",
    "SourceTally",
    "Tally",
    "World",
    "begin",
    "catalogue",
    "diff_schema",
    "export",
    "forecast_as",
    "forecast_caveats",
    "forecast_schema",
    "identify",
    "judge",
    "lint_catalogue",
    "load_catalogue",
    "operations_of",
    "results_schema",
    "scan",
    "select",
    "selected",
    "show_diff",
    "show_trend",
    "test_control",
    "trend_schema",
    "wanted_operations",
]
