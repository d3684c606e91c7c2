"""The report put together: totals, clauses, phases, sources, ages of keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from scanner.evaluate.assemble import (
    MAX_AGES,
    assemble,
    clause_coverage,
    key_ages,
    limits,
    phase_coverage,
    totals,
    worst,
)
from scanner.evaluate.store import write_facts
from scanner.model.control import Basis, Catalogue, Citation, Clause, Framework
from scanner.model.ids import Digest
from scanner.model.report import Population, ScanInfo, Totals
from scanner.model.verdict import ControlResult, Counts, ThresholdUse, Verdict
from tests.evaluate.builders import AS_OF, OTHER, SOURCE, a_control, a_gap, a_key, listed
from tests.evaluate.inventories import a_certificate, a_store
from tests.render import reports as results
from tests.render.inventories import an_answer

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_result(verdict: Verdict, *cited: str, phase: str = "rotation", control_id: str = "KM-TST-01") -> ControlResult:
    control = a_control(id=control_id, phase=phase, citations=tuple(Citation("law", ref) for ref in cited))
    return ControlResult(
        control=control,
        verdict=verdict,
        counts=Counts(),
        thresholds=(),
        findings=(),
        omitted=0,
        addressable_only=False,
    )


def use(name: str, value: Any, unit: str = "days") -> ThresholdUse:  # noqa: ANN401 - any threshold
    return ThresholdUse(
        name=name,
        value=value,
        default=value,
        unit=unit,
        basis=Basis.POLICY,
        default_basis=Basis.POLICY,
        source="",
        overridden=False,
    )


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((), None),
        (("not_applicable",), "not_applicable"),
        (("not_applicable", "pass"), "pass"),
        (("pass", "unknown", "pass"), "unknown"),
        (("unknown", "fail", "pass", "not_applicable"), "fail"),
    ],
)
def test_a_group_stands_for_its_worst_verdict(verdicts: tuple[str, ...], expected: str | None) -> None:
    assert worst(Verdict(verdict) for verdict in verdicts) == (expected and Verdict(expected))


def test_totals_count_controls() -> None:
    results = [a_result(Verdict(v)) for v in ("pass", "pass", "pass", "fail", "fail", "unknown")]
    assert totals(results) == Totals(3, 2, 1, 0)


def test_every_clause_has_the_controls_that_cite_it() -> None:
    clauses = tuple(Clause(ref, ref, "", "", binding=True) for ref in ("1", "2", "3"))
    framework = Framework("law", "Law", "1", "", clauses)
    results = [
        a_result(Verdict.PASS, "1", control_id="KM-TST-02"),
        a_result(Verdict.FAIL, "1", "2", control_id="KM-TST-01"),
        a_result(Verdict.UNKNOWN, "4", control_id="KM-TST-03"),
    ]
    first, second, third = clause_coverage(framework, results)
    assert (first.verdict, first.controls) == ("fail", (("KM-TST-01", "fail"), ("KM-TST-02", "pass")))
    assert (second.verdict, second.controls) == ("fail", (("KM-TST-01", "fail"),))
    assert (third.verdict, third.controls) == (None, ())
    assert clause_coverage(Framework("other", "", "", "", clauses[:1]), results)[0].verdict is None


def test_phases_come_in_the_order_of_the_catalogue() -> None:
    results = [a_result(Verdict.PASS, phase=phase) for phase in ("storage", "rotation", "storage")]
    assert [(one.phase, len(one.controls)) for one in phase_coverage(results)] == [("storage", 2), ("rotation", 1)]


def test_limits_are_whole_numbers_of_days() -> None:
    result = a_result(Verdict.PASS)
    uses = (use("a", 5), use("b", 5, "bits"), use("c", 5.5), use("d", 365))
    assert limits([replace(result, thresholds=uses)]) == {"a": 5, "d": 365}


def aged(key_id: str, days: int | None, **given: Any) -> Any:  # noqa: ANN401 - a KeyFact
    since = None if days is None else AS_OF - timedelta(days=days)
    return a_key(key_id, **{"key_type": "symmetric_key_wrapping", "material_since": since, **given})


def test_ages_are_those_of_customer_keys_in_use_oldest_first(tmp_path: Path) -> None:
    keys = [
        aged("young", 5, name="alias/young"),
        aged("old", 900),
        aged("dark", None),
        aged("other kind", 5, key_type="private_signature"),
        aged("no kind", 5, key_type=None),
        aged("data", 100, key_type="symmetric_data_encryption"),
        aged("provider", 5, managed_by="provider"),
        aged("anybody", 7, managed_by=None),
        aged("gone", 5, state="destroyed"),
        aged("going", 5, state="deactivated"),
    ]
    write_facts(keys, tmp_path / "facts")
    ages, omitted, unknown = key_ages(tmp_path / "facts", {"kek_max_days": 730, "dek_max_days": 90}, NOW)
    assert [(a.key_id, a.label, a.age_days, a.limit_days, a.limit_name) for a in ages] == [
        ("old", "", 900, 730, "kek_max_days"),
        ("data", "", 100, 90, "dek_max_days"),
        ("anybody", "", 7, 730, "kek_max_days"),
        ("young", "alias/young", 5, 730, "kek_max_days"),
    ]
    assert (omitted, unknown) == (0, 3)


def test_a_long_list_of_ages_is_cut(tmp_path: Path) -> None:
    write_facts([aged(f"k{i:02}", 1) for i in range(MAX_AGES + 5)], tmp_path / "facts")
    ages, omitted, unknown = key_ages(tmp_path / "facts", {"kek_max_days": 730}, NOW)
    assert ([age.key_id for age in ages][:2], len(ages), omitted, unknown) == (["k00", "k01"], MAX_AGES, 5, 0)


def test_the_clock_of_ages_is_utc(tmp_path: Path) -> None:
    write_facts([aged("k", 1)], tmp_path / "facts")
    there = NOW.astimezone(timezone(timedelta(hours=-1)))
    assert key_ages(tmp_path / "facts", {"kek_max_days": 730}, there)[0][0].age_days == 1


def info() -> ScanInfo:
    return ScanInfo(
        id="1",
        organization="Test",
        as_of=NOW,
        started=NOW,
        ended=NOW,
        tool_version="1",
        catalogue_sha256=Digest(""),
        estate_sha256=Digest(""),
        principals=(),
        selection="all controls",
        policy={},
    )


def test_the_report_has_every_source_with_what_was_read_and_what_was_not(tmp_path: Path) -> None:
    facts = [a_key(), listed(), listed("key_grants", "k"), listed("key_grants", "l", complete=False)]
    write_facts(facts, tmp_path / "facts")
    framework = Framework("law", "Law", "1", "", (Clause("1", "One", "", "", binding=True),))
    report = assemble(
        info(),
        catalogue=Catalogue((), (framework,), Digest("")),
        results=[a_result(Verdict.FAIL, "1")],
        gaps=[a_gap("z", source=OTHER, source_name="west"), a_gap("b", "k"), a_gap("a", "k"), a_gap("a", source=OTHER)],
        calls={SOURCE: ("main", "https://kms", 12)},
        facts=tmp_path / "facts",
        as_of=NOW,
    )
    east, west = report.sources
    assert (east.source, east.name, east.calls, east.gaps) == (SOURCE, "main", 12, 2)
    assert east.populations == (Population("key_grants", 2, complete=False), Population("keys", 1, complete=True))
    assert (west.source, west.name, west.endpoint, west.calls, west.gaps) == (OTHER, "west", "https://kms", 0, 2)
    assert west.populations == ()
    told = [(gap.source, gap.operation) for gap in report.gaps]
    assert told == [(SOURCE, "a"), (SOURCE, "b"), (OTHER, "a"), (OTHER, "z")]
    assert report.totals == Totals(0, 1, 0, 0)
    assert report.clauses[0][1][0].verdict == "fail"
    assert (report.phases[0].phase, report.key_ages_unknown) == ("rotation", 1)


def test_the_report_has_the_inventory_and_the_raw_answers(tmp_path: Path) -> None:
    write_facts([a_store("s"), a_certificate()], tmp_path / "facts")
    result = results.a_result(results.a_finding("k"))
    report = assemble(
        info(),
        catalogue=Catalogue((), (), Digest("")),
        results=[result],
        gaps=[],
        calls={},
        facts=tmp_path / "facts",
        as_of=NOW,
        find=lambda wanted: (one for one in (an_answer("k"), an_answer("other")) if one.id in wanted),
    )
    assert [one.store_id for one in report.inventory.stores] == ["s"]
    assert report.observations == (an_answer("k"),)
