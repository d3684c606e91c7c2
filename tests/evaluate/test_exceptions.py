"""What waivers and alternatives cover: beside verdicts that stay what they are, and counted for a second round."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.errors import ControlError
from scanner.evaluate.store import read_facts
from scanner.model.control import Citation, Control
from scanner.model.exceptions import ALTERNATIVE, WAIVER, ExceptionFact
from scanner.model.facts import Fact
from scanner.model.ids import ControlId, Digest, SourceId
from scanner.model.verdict import Verdict
from tests.evaluate.builders import OTHER, SOURCE, Judged, a_control, a_gap, a_key, grants, judge, listed

SPECIFICATION = "164.312(a)(2)(iv)"
RULES = {SPECIFICATION: "Addressable", "164.312(e)(2)(ii)": "Addressable", "164.312(b)": "Standard"}
COUNTED = a_control(
    id=ControlId("KM-EXC-02"),
    table="exceptions",
    applies="true",
    pass_when="matched_count > 0",
    fail_when="matched_count = 0",
)
DECIDED = a_control(
    id=ControlId("KM-DOC-02"),
    table="addressable_specifications",
    applies="failing_count > 0",
    pass_when="undecided_count = 0",
    fail_when="undecided_count > 0",
)


def an_exception(name: str = "one", kind: str = WAIVER, **given: Any) -> ExceptionFact:  # noqa: ANN401 - any column
    """Return an exception in force over every key of the control."""
    fields: dict[str, Any] = {
        "source": SourceId("exceptions"),
        "evidence": (Digest("sha256:4"),),
        "clause": SPECIFICATION if kind == ALTERNATIVE else "none",
        "controls": ("KM-TST-01",),
        "subjects": ("*",),
        "scope": "*",
        "owner": "team",
        "approver": "boss",
        "reason": "why",
        "measure": "a locked room" if kind == ALTERNATIVE else "none",
        "begins_at": datetime(2025, 1, 1),  # noqa: DTZ001 - as tables keep it
        "ends_at": datetime(2026, 6, 30),  # noqa: DTZ001 - as tables keep it
        "documented": False,
        "in_force": True,
    }
    return ExceptionFact(exception_id=name, kind=kind, **{**fields, **given})


def short(key: str, **given: Any) -> Fact:  # noqa: ANN401 - any column
    return a_key(key, length_bits=128, **given)


LISTED = (listed(), *(listed(table, "exceptions", source="exceptions") for table in ("exceptions", DECIDED.table)))


def decide(folder: Path, *facts: Fact, controls: tuple[Control, ...] = (a_control(),), **given: Any) -> Judged:  # noqa: ANN401
    return judge(folder, controls, [*facts, *LISTED], rules=RULES, alternatives=True, **given)


def covered(judged: Judged) -> dict[str, str]:
    """Return what covers each subject that is covered."""
    return {subject: waiver for subject, waiver in judged.rows("subject, waiver", "KM-TST-%") if waiver}


def counted(judged: Judged, name: str = "one") -> tuple[Any, Any]:
    (row,) = [one for one in read_facts(judged.facts, "exceptions") if one["exception_id"] == name]
    return row["matched_count"], row["covered_count"]


def specification(judged: Judged, clause: str = SPECIFICATION) -> tuple[Any, ...]:
    (row,) = [one for one in read_facts(judged.facts, DECIDED.table) if one["clause"] == clause]
    return row["failing_count"], row["decided_count"], row["undecided_count"]


def test_a_failure_that_is_covered_stays_one(tmp_path: Path) -> None:
    judged = decide(tmp_path, short("bad"), a_key("good"), an_exception())
    assert judged.rows("subject, verdict, waiver") == [("bad", "fail", "one"), ("good", "pass", "")]
    (finding,) = judged.result.findings
    assert (judged.result.verdict, judged.result.counts.failed, judged.result.waived) == (Verdict.FAIL, 1, 1)
    assert finding.waiver is not None
    assert (finding.waiver.id, finding.waiver.kind, finding.waiver.owner, finding.waiver.approver) == (
        "one",
        "waiver",
        "team",
        "boss",
    )
    assert (finding.waiver.reason, finding.waiver.measure) == ("why", "")
    assert finding.waiver.expires == datetime(2026, 6, 30, tzinfo=UTC)
    assert counted(judged) == (1, 1)


SUBJECTS = [
    (("b*",), "*", ("KM-TST-01",), {"bad", "b[1]"}),
    (("b?d",), "*", ("KM-TST-01",), {"bad"}),
    (("b[1]",), "*", ("KM-TST-01",), {"b[1]"}),
    (("b\\*",), "*", ("KM-TST-01",), set()),
    (("B*",), "*", ("KM-TST-01",), set()),
    (("bad", "a:*"), "*", ("KM-TST-01",), {"bad", "a:k/1"}),
    (("*",), "*us-west-2", ("KM-TST-01",), {"a:k/1"}),
    (("*",), "*", ("KM-TST-02",), set()),
    (("'; DROP TABLE keys; --",), "*", ("KM-TST-01",), set()),
]


@pytest.mark.parametrize(("subjects", "scope", "controls", "found"), SUBJECTS)
def test_it_covers_the_failures_of_its_controls_that_its_patterns_match(
    tmp_path: Path, subjects: tuple[str, ...], scope: str, controls: tuple[str, ...], found: set[str]
) -> None:
    keys = [short("bad"), short("b[1]"), short("a:k/1", source=OTHER), a_key("bade")]
    judged = decide(tmp_path, *keys, an_exception(subjects=subjects, scope=scope, controls=controls))
    assert set(covered(judged)) == found


@pytest.mark.parametrize("in_force", [False, None])
def test_what_is_not_in_force_matches_and_does_not_cover(tmp_path: Path, in_force: bool | None) -> None:
    judged = decide(tmp_path, short("bad"), an_exception(in_force=in_force))
    assert covered(judged) == {}
    assert (judged.result.waived, judged.result.findings[0].waiver, counted(judged)) == (0, None, (1, 0))


def test_of_several_the_one_that_lasts_longest_covers_and_then_the_first_by_id(tmp_path: Path) -> None:
    longer = datetime(2026, 7, 1)  # noqa: DTZ001 - as tables keep it
    three = [an_exception("a"), an_exception("c", ends_at=longer), an_exception("b", ends_at=longer)]
    judged = decide(tmp_path, short("bad"), *three)
    assert covered(judged) == {"bad": "b"}
    assert [counted(judged, name) for name in "abc"] == [(1, 0), (1, 1), (1, 0)]


def test_an_alternative_covers_only_what_cites_its_clause(tmp_path: Path) -> None:
    stranger = a_control(id=ControlId("KM-TST-02"), citations=(Citation("hipaa-164.312", "164.312(b)"),))
    both = an_exception(kind=ALTERNATIVE, controls=("KM-TST-01", "KM-TST-02"))
    judged = decide(tmp_path, short("bad"), both, controls=(a_control(), stranger))
    assert judged.rows("control_id, waiver") == [("KM-TST-01", "one"), ("KM-TST-02", "")]
    applied = judged.result_of("KM-TST-01").findings[0].waiver
    assert applied is not None
    assert applied.measure == "a locked room"


UNSETTLED = [
    ([a_key("odd", length_bits=None)], (), ("KM-TST-01",), None),
    ([], (a_gap("list", source=OTHER),), ("KM-TST-01",), None),
    ([], (), ("KM-TST-01", "KM-TST-77"), None),
    ([], (), ("KM-TST-01",), 0),
    ([], (a_gap("rotation"),), ("KM-TST-01",), 0),
    ([short("bad")], (a_gap("list", source=OTHER),), ("KM-TST-01",), 1),
]


@pytest.mark.parametrize(("keys", "gaps", "controls", "matched"), UNSETTLED)
def test_that_nothing_matches_is_known_only_when_its_controls_were_judged_to_the_end(
    tmp_path: Path, keys: list[Fact], gaps: tuple[Any, ...], controls: tuple[str, ...], matched: int | None
) -> None:
    judged = decide(
        tmp_path, a_key("good"), *keys, an_exception(controls=controls), gaps=gaps, controls=(a_control(), COUNTED)
    )
    assert counted(judged)[0] == matched
    expected = {None: Verdict.UNKNOWN, 0: Verdict.FAIL, 1: Verdict.PASS}[matched]
    assert judged.result_of("KM-EXC-02").verdict is expected


def test_a_listing_that_is_not_complete_leaves_it_open(tmp_path: Path) -> None:
    facts = [a_key("good"), an_exception(), listed(complete=False), *LISTED[1:]]
    judged = judge(tmp_path, [a_control()], facts, rules=RULES)
    assert counted(judged) == (None, 0)


def test_a_table_that_nothing_fills_has_nothing_that_could_fail(tmp_path: Path) -> None:
    judged = judge(tmp_path, [a_control()], [an_exception(), *LISTED[1:]], rules=RULES, absent=frozenset({"keys"}))
    assert counted(judged) == (0, 0)


def test_controls_over_exceptions_are_judged_after_the_others_and_stand_in_one_file(tmp_path: Path) -> None:
    judged = decide(tmp_path, short("bad"), a_key("good"), an_exception(), controls=(DECIDED, a_control(), COUNTED))
    assert [str(one.control.id) for one in judged.evaluation.results] == ["KM-DOC-02", "KM-TST-01", "KM-EXC-02"]
    assert judged.rows("control_id, subject, verdict") == [
        ("KM-DOC-02", SPECIFICATION, "fail"),
        ("KM-EXC-02", "one", "pass"),
        ("KM-TST-01", "bad", "fail"),
        ("KM-TST-01", "good", "pass"),
    ]


def test_a_waiver_is_no_decision_about_a_specification_and_an_alternative_is(tmp_path: Path) -> None:
    facts = [short("bad"), short("worse"), an_exception(), an_exception("two", ALTERNATIVE, subjects=("bad",))]
    judged = decide(tmp_path, *facts, controls=(a_control(), DECIDED))
    assert specification(judged) == (2, 1, 1)
    assert judged.result_of("KM-DOC-02").verdict is Verdict.FAIL


def test_a_specification_is_decided_about_when_each_failure_is(tmp_path: Path) -> None:
    judged = decide(tmp_path, short("bad"), an_exception(kind=ALTERNATIVE), controls=(a_control(), DECIDED))
    assert specification(judged) == (1, 1, 0)
    assert judged.result_of("KM-DOC-02").verdict is Verdict.PASS
    (row,) = read_facts(judged.facts, DECIDED.table)
    assert (row["controls"], row["source"], row["evidence"]) == (["KM-TST-01"], "exceptions", ["sha256:3"])


def test_without_a_register_of_alternatives_nobody_knows_what_was_decided(tmp_path: Path) -> None:
    judged = judge(tmp_path, [a_control(), DECIDED], [short("bad"), *LISTED], rules=RULES)
    assert specification(judged) == (1, None, None)
    assert judged.result_of("KM-DOC-02").verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("keys", "expected", "verdict"),
    [
        ([a_key("good")], (0, 0, 0), Verdict.NOT_APPLICABLE),
        ([a_key("odd", length_bits=None)], (None, 0, None), Verdict.UNKNOWN),
        ([short("bad"), a_key("odd", length_bits=None)], (1, 1, None), Verdict.UNKNOWN),
    ],
)
def test_a_specification_that_may_fail_elsewhere_is_not_settled(
    tmp_path: Path, keys: list[Fact], expected: tuple[Any, ...], verdict: Verdict
) -> None:
    judged = decide(tmp_path, *keys, an_exception(kind=ALTERNATIVE, subjects=("bad",)), controls=(a_control(), DECIDED))
    assert specification(judged) == expected
    assert judged.result_of("KM-DOC-02").verdict is verdict


CITED = (Citation("hipaa-164.312", SPECIFICATION), Citation("hipaa-164.312", "164.312(e)(2)(ii)"))


@pytest.mark.parametrize(
    ("citations", "clauses", "subjects", "alternative"),
    [
        (CITED[:1], (SPECIFICATION,), ("*",), True),
        (CITED[:1], (SPECIFICATION,), ("bad",), False),
        (CITED, (SPECIFICATION,), ("*",), False),
        (CITED, (SPECIFICATION, "164.312(e)(2)(ii)"), ("*",), True),
        ((*CITED[:1], Citation("hipaa-164.312", "164.312(b)")), (SPECIFICATION,), ("*",), False),
    ],
)
def test_an_alternative_is_documented_when_every_failure_is_under_one_for_every_clause(
    tmp_path: Path,
    citations: tuple[Citation, ...],
    clauses: tuple[str, ...],
    subjects: tuple[str, ...],
    alternative: bool,
) -> None:
    given = [an_exception(clause, ALTERNATIVE, clause=clause, subjects=subjects) for clause in clauses]
    judged = decide(tmp_path, short("bad"), short("worse"), *given, controls=(a_control(citations=citations),))
    assert judged.result.alternative is alternative
    assert judged.result.verdict is Verdict.FAIL


def test_without_exceptions_and_their_listing_nothing_is_counted(tmp_path: Path) -> None:
    judged = judge(tmp_path, [a_control()], [short("bad"), listed()], rules=RULES)
    assert read_facts(judged.facts, DECIDED.table) == []
    assert (judged.result.waived, judged.rows("waiver")) == (0, [("",)])


def test_no_other_control_may_read_what_is_counted_after_it(tmp_path: Path) -> None:
    early = replace(grants("any", "in_force"), table="exceptions", on="source", to="source")
    with pytest.raises(ControlError, match="what exceptions says is known when every other control was judged"):
        judge(tmp_path, a_control(related=(early,), pass_when="found", fail_when="NOT found"), [a_key()])


def test_the_same_evidence_gives_the_same_files(tmp_path: Path) -> None:
    made = []
    for name, turn in (("a", 1), ("b", -1)):
        (tmp_path / name).mkdir()
        facts = [short("bad"), short("worse"), an_exception(), an_exception("two", ALTERNATIVE)][::turn]
        judged = decide(tmp_path / name, *facts, controls=(a_control(), COUNTED, DECIDED))
        names = ("exceptions", DECIDED.table)
        made.append((judged.verdicts.read_bytes(), *((judged.facts / f"{one}.parquet").read_bytes() for one in names)))
    assert made[0] == made[1]
    assert SOURCE in {row["source"] for row in read_facts(tmp_path / "a" / "facts", "keys")}
