"""What the templates are given: order, groups, bounds and words. It adds no fact and hides none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.model.control import Citation, Related, Severity
from scanner.model.ids import Json
from scanner.model.report import PhaseCoverage
from scanner.model.verdict import ControlResult, Counts, Finding, Verdict
from scanner.render import view, words
from scanner.render.view import PRINT, SCREEN, Bounds, Section, build
from tests.render.reports import (
    LAW,
    a_control,
    a_failure,
    a_finding,
    a_gap,
    a_report,
    a_result,
    a_scan,
    a_source,
    a_threshold,
    arn,
)

FEW = Bounds(subjects=2, evidence=1, gaps=1, sources=1)


def section(result: ControlResult, bounds: Bounds = PRINT) -> Section:
    (only,) = build(a_report(result), bounds).sections
    return only


def failing(control: str, severity: Severity, *verdicts: Verdict) -> ControlResult:
    findings = [a_finding(arn(f"{control}-{i}"), verdict) for i, verdict in enumerate(verdicts or (Verdict.FAIL,))]
    return a_result(*findings, control=a_control(control, severity=severity))


def test_the_worst_comes_first_and_what_is_unknown_last() -> None:
    results = (
        failing("KM-AAA-01", Severity.LOW),
        failing("KM-AAA-02", Severity.CRITICAL, Verdict.UNKNOWN),
        failing("KM-AAA-03", Severity.CRITICAL),
        failing("KM-AAA-04", Severity.MEDIUM),
        failing("KM-AAA-05", Severity.HIGH),
        a_result(control=a_control("KM-AAA-06"), passed=1),
    )
    built = build(a_report(*results), PRINT)
    order = ["KM-AAA-03", "KM-AAA-05", "KM-AAA-04", "KM-AAA-01"]
    assert [r.control.id for r in built.risks] == order
    assert [s.result.control.id for s in built.sections] == [*order, "KM-AAA-02"]
    assert [r.control.id for r in built.quiet] == ["KM-AAA-06"]


@pytest.mark.parametrize(
    ("result", "loud"),
    [
        (a_result(passed=1), False),
        (a_result(), False),
        (a_result(a_finding(arn("one"))), True),
        (a_result(a_finding(arn("one"), Verdict.UNKNOWN)), True),
        (replace(a_result(passed=1), verdict=Verdict.UNKNOWN), True),
        (replace(a_result(a_finding(arn("one"), Verdict.UNKNOWN)), verdict=Verdict.PASS), True),
    ],
)
def test_a_control_is_in_the_findings_or_among_the_quiet(result: ControlResult, loud: bool) -> None:
    built = build(a_report(result), PRINT)
    assert (len(built.sections), len(built.quiet)) == ((1, 0) if loud else (0, 1))


def test_subjects_beyond_the_bound_are_counted() -> None:
    result = a_result(*(a_finding(arn(str(i))) for i in range(5)))
    assert section(result, FEW).failed.more == 3
    assert section(result).failed.more == 0


def test_subjects_that_the_engine_left_out_are_counted_too() -> None:
    result = replace(a_result(a_finding(arn("one"))), counts=Counts(0, 5_000, 7, 0), omitted=5_006)
    assert section(result, FEW).failed.more == 4_999
    assert section(result, FEW).unknown == view.Subjects((), 7)


@pytest.mark.parametrize(
    ("findings", "unread", "expected"),
    [
        ([], "", ("nothing of its kind was listed", 0)),
        ([], "kms:ListKeys denied", ("kms:ListKeys denied", 0)),
        (["denied"], "other", ("denied", 0)),
        (["rare", "common", "common", "third"], "", ("common", 2)),
    ],
)
def test_the_most_common_reason_stands_for_the_control(
    findings: list[str], unread: str, expected: tuple[str, int]
) -> None:
    unknown = [a_finding(arn(str(i)), Verdict.UNKNOWN, reason=reason) for i, reason in enumerate(findings)]
    result = replace(a_result(*unknown, unread=unread), verdict=Verdict.UNKNOWN)
    (one,) = build(a_report(result), PRINT).unassessed
    assert (one.reason, one.more) == expected


def test_law_and_standard_are_kept_apart() -> None:
    citations = (
        Citation("sp800-57pt1r5", "8.2.3"),
        Citation("hipaa-164.312", "164.312(a)(1)"),
        Citation("sp800-57pt1r5", "5.3.6"),
        Citation("unheard-of", "1", "author"),
    )
    found = section(a_result(a_finding(arn("one")), control=a_control(citations=citations)))
    assert [(c.title, [p[0].ref for p in c.clauses]) for c in found.law] == [(LAW.title, ["164.312(a)(1)"])]
    assert [(c.title, [p[0].ref for p in c.clauses]) for c in found.standards] == [
        ("NIST SP 800-57 Part 1 Rev. 5", ["8.2.3", "5.3.6"]),
        ("unheard-of", ["1"]),
    ]


def test_a_clause_of_the_same_number_in_another_framework_is_not_law() -> None:
    citation = Citation("sp800-57pt1r5", "164.312(a)(1)")
    found = section(a_result(a_finding(arn("one")), control=a_control(citations=(citation,))))
    assert found.law == ()


@pytest.mark.parametrize(
    ("findings", "addressable", "said"),
    [
        ((a_finding(arn("one")),), True, True),
        ((a_finding(arn("one")),), False, False),
        ((a_finding(arn("one"), Verdict.UNKNOWN),), True, False),
    ],
)
def test_only_a_failure_of_addressable_clauses_may_be_documented(
    findings: tuple[Finding, ...], addressable: bool, said: bool
) -> None:
    found = section(a_result(*findings, addressable_only=addressable))
    assert found.consequence == (words.ALTERNATIVE if said else "")


ROTATE = "aws kms enable-key-rotation --key-id KEY, see KEY_MATERIAL and --key-id KEY_X"


def remedy(*subjects: str, table: str = "keys", text: str = ROTATE, failed: int = 0) -> str:
    control = a_control(table=table, remedy=(("aws", text),), observe=())
    result = a_result(*(a_finding(subject) for subject in subjects), control=control)
    return section(replace(result, counts=Counts(0, failed or len(subjects), 0, 0))).remedy[0][1]


def test_one_failed_key_is_named_in_the_command() -> None:
    wanted = f"aws kms enable-key-rotation --key-id {arn('one')}, see KEY_MATERIAL and --key-id KEY_X"
    assert remedy(arn("one")) == wanted


def test_a_key_store_is_named_in_its_command() -> None:
    text = "aws kms connect-custom-key-store --custom-key-store-id STORE."
    assert remedy("cks-1", table="key_stores", text=text).endswith("--custom-key-store-id cks-1.")


@pytest.mark.parametrize(
    "subject",
    ["; rm -rf /", "$(id)", "`id`", "a b", "a'b", "-x", "a\nb", "", "x" * 301, "a\\1", "key/é", "a|b", "a&b", "a>b"],
)
def test_an_id_that_a_shell_might_run_stays_out_of_the_command(subject: str) -> None:
    assert remedy(subject) == ROTATE


def test_a_command_for_many_keys_names_none() -> None:
    assert remedy(arn("one"), arn("two")) == ROTATE
    assert remedy(arn("one"), failed=2) == ROTATE
    assert remedy(arn("one"), table="key_policies") == ROTATE


def test_gaps_are_grouped_and_keep_their_subjects() -> None:
    gaps = [a_gap(subject=arn(name)) for name in "edcba"]
    other = a_gap(operation="kms:ListKeys", subject=None, error_code="", detail="")
    first, second = build(a_report(gaps=(*gaps, other)), PRINT).gap_groups
    assert (first.operation, first.reason, first.code) == (
        "kms:GetKeyRotationStatus",
        "denied",
        "AccessDeniedException",
    )
    assert (first.count, first.detail) == (5, "no policy allows it")
    assert (first.subjects, first.subjects_more) == ((arn("a"), arn("b"), arn("c")), 2)
    assert (second.count, second.subjects, second.subjects_more) == (1, (), 0)


def test_sources_that_said_nothing_are_found_and_those_with_gaps_come_first() -> None:
    silent = a_source("aws:3", calls=0, gaps=1)
    built = build(a_report(sources=(a_source("aws:2"), silent, a_source("aws:1"))), PRINT)
    assert [s.source for s in built.sources] == ["aws:3", "aws:1", "aws:2"]
    assert built.silent == (silent,)


def test_phases_are_in_the_order_of_a_life() -> None:
    names = ("made-up", "destruction", "access", "rotation", "generation")
    phases = tuple(PhaseCoverage(name, (("KM-AAA-01", Verdict.PASS),)) for name in names)
    built = build(a_report(phases=phases), PRINT)
    assert [(row.part, row.phase) for row in built.phases] == [
        ("generation", "Pre-operational (8.1)"),
        ("rotation", "Operational (8.2)"),
        ("destruction", "Post-operational and destroyed (8.3, 8.4)"),
        ("access", "Every phase"),
        ("made-up", "Not mapped"),
    ]
    assert "storage" in built.phases_empty
    assert "rotation" not in built.phases_empty


def test_controls_are_grouped_worst_first() -> None:
    controls = [("a", Verdict.PASS), ("b", Verdict.FAIL), ("c", Verdict.NOT_APPLICABLE), ("d", Verdict.PASS)]
    assert view.by_verdict(controls) == [
        (Verdict.FAIL, ["b"]),
        (Verdict.PASS, ["a", "d"]),
        (Verdict.NOT_APPLICABLE, ["c"]),
    ]


def test_a_threshold_is_listed_once_with_its_controls() -> None:
    same, other = a_threshold(), a_threshold(source="elsewhere")
    results = [
        a_result(control=a_control(f"KM-AAA-0{i}"), thresholds=(use,)) for i, use in enumerate((same, same, other))
    ]
    listed = build(a_report(*results), PRINT).thresholds
    assert sorted((use.source, ids) for use, ids in listed) == [
        (same.source, ("KM-AAA-00", "KM-AAA-01")),
        ("elsewhere", ("KM-AAA-02",)),
    ]


def test_a_policy_that_nothing_used_is_named() -> None:
    result = a_result(thresholds=(a_threshold(),))
    report = a_report(result, scan=a_scan(policy={"kek_max_days": 1, "dek_max_days": 2}))
    assert build(report, PRINT).policy_unused == ("dek_max_days",)


def terms(table: str, *observe: str, related: tuple[Related, ...] = ()) -> list[tuple[str, str, str]]:
    result = a_result(control=a_control(table=table, observe=observe, related=related))
    return [(t.name, t.table, t.meaning) for t in build(a_report(result), PRINT).terms]


def test_a_term_is_explained_by_the_table_it_was_read_from() -> None:
    assert terms("key_stores", "kind") == [("kind", "key_stores", "`hsm_cluster` or `external`.")]
    assert terms("keys", "name") != terms("key_stores", "name")


@pytest.mark.parametrize(
    ("aggregate", "where", "value", "meaning"),
    [
        ("count", "", "", "Number of rows of the subject's `key_grants`."),
        ("count", "decrypts", "", "Number of rows of the subject's `key_grants` with `decrypts`."),
        ("any", "decrypts", "", "Whether any row of the subject's `key_grants` meets `decrypts`."),
        ("all", "decrypts", "", "Whether every row of the subject's `key_grants` meets `decrypts`."),
        ("min", "", "created_at", "Smallest `created_at` of the subject's `key_grants`."),
        ("max", "decrypts", "created_at", "Largest `created_at` of the subject's `key_grants` with `decrypts`."),
    ],
)
def test_a_value_over_other_rows_is_explained(aggregate: str, where: str, value: str, meaning: str) -> None:
    related = Related("grants", aggregate, "key_grants", "key_id", "key_id", where, value)
    assert terms("keys", "grants", related=(related,)) == [("grants", "keys", meaning)]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (730, "days", "730 days"),
        ("owner", "", "owner"),
        ([], "", "none"),
        (["1", "2"], "x", "1, 2 x"),
        (True, "", "yes"),
    ],
)
def test_thresholds_in_words(value: Json, unit: str, text: str) -> None:
    assert view.threshold_text(value, unit) == text


def test_the_screen_shows_more_than_paper() -> None:
    assert all(getattr(SCREEN, name) > getattr(PRINT, name) for name in ("subjects", "evidence", "gaps", "sources"))


def test_the_view_of_a_report_without_hipaa() -> None:
    assert build(a_report(frameworks=()), PRINT).hipaa is None
    assert build(a_failure(), PRINT).hipaa is not None


@pytest.mark.parametrize(("controls", "shown"), [(1, 12), (20, 12), (50, 8), (90, 4), (400, 3)])
def test_the_more_controls_have_findings_the_fewer_are_shown_of_each(controls: int, shown: int) -> None:
    findings = [a_finding(arn(str(i))) for i in range(20)]
    report = a_report(*(a_result(*findings, control=a_control(f"KM-AAA-{i:03d}")) for i in range(controls)))
    view = build(report, PRINT)
    assert {len(section.failed.shown) for section in view.sections} == {shown}
    assert {section.failed.more for section in view.sections} == {20 - shown}
    assert view.unlisted == controls * (20 - shown)
