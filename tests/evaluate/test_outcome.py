"""From verdicts of rows to the verdict of a control, its counts and its findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.evaluate.locked import Limits
from scanner.model.control import Basis, Citation, RestsOn
from scanner.model.facts import Fact
from scanner.model.observation import Gap
from scanner.model.verdict import Counts, Verdict
from tests.evaluate.builders import OTHER, SOURCE, a_control, a_gap, a_key, a_parameter, judge, listed

GOOD, BAD, DARK = a_key("good"), a_key("bad", length_bits=128), a_key("dark", length_bits=None)
NOT_OURS = a_key("provider", managed_by="provider")
ABOUT_GOOD = a_gap("describe", "good")


@pytest.mark.parametrize(
    ("facts", "gaps", "verdict"),
    [
        ([GOOD, NOT_OURS, listed()], [], "pass"),
        ([GOOD, BAD, DARK, listed()], [], "fail"),
        ([GOOD, BAD, listed(complete=False)], [a_gap("who")], "fail"),
        ([GOOD, DARK, listed()], [], "unknown"),
        ([GOOD, listed()], [ABOUT_GOOD], "unknown"),
        ([GOOD, listed()], [a_gap("describe", "elsewhere")], "unknown"),
        ([GOOD, listed()], [a_gap("list", source=OTHER)], "unknown"),
        ([GOOD, listed()], [a_gap("who", source=OTHER)], "unknown"),
        ([GOOD, listed()], [a_gap("grants", "good")], "pass"),
        ([GOOD, listed(complete=False)], [], "unknown"),
        ([NOT_OURS, listed()], [], "not_applicable"),
        ([listed()], [], "not_applicable"),
        ([listed()], [a_gap("rotation", "k")], "not_applicable"),
        ([listed()], [a_gap("describe", "k")], "unknown"),
        ([NOT_OURS, listed(complete=False)], [], "unknown"),
        ([], [], "unknown"),
        ([listed("key_policies")], [], "unknown"),
        ([NOT_OURS], [], "unknown"),
    ],
)
def test_the_verdict_of_a_control(tmp_path: Path, facts: list[Fact], gaps: list[Gap], verdict: str) -> None:
    result = judge(tmp_path, a_control(), facts, gaps=gaps).result
    assert result.verdict.value == verdict


@pytest.mark.parametrize(
    ("facts", "gaps", "verdict", "unread"),
    [
        ([], [], "not_applicable", False),
        ([], [a_gap("describe", "elsewhere")], "not_applicable", False),
        ([NOT_OURS], [a_gap("describe", "elsewhere")], "not_applicable", False),
        ([GOOD], [], "pass", False),
        ([GOOD], [a_gap("describe", "elsewhere")], "unknown", True),
        ([BAD], [a_gap("describe", "elsewhere")], "fail", True),
        ([DARK], [a_gap("describe", "elsewhere")], "unknown", True),
        ([], [a_gap("list", source=OTHER)], "unknown", True),
    ],
)
def test_what_no_source_can_have_is_not_applicable_whatever_gap_touches_the_control(
    tmp_path: Path, facts: list[Fact], gaps: list[Gap], verdict: str, *, unread: bool
) -> None:
    result = judge(tmp_path, a_control(), facts, gaps=gaps, absent=frozenset({"keys"})).result
    assert (result.verdict.value, bool(result.unread)) == (verdict, unread)


def test_counts_have_every_subject_and_every_scope(tmp_path: Path) -> None:
    facts = [GOOD, BAD, DARK, NOT_OURS, listed()]
    result = judge(tmp_path, a_control(), facts, gaps=[a_gap("list", source=OTHER)]).result
    assert result.counts == Counts(passed=1, failed=1, unknown=2, not_applicable=1)


def test_findings_are_failures_then_unknowns_by_subject(tmp_path: Path) -> None:
    facts = [GOOD, DARK, a_key("abc", length_bits=None), BAD, a_key("zzz", length_bits=1), listed()]
    result = judge(tmp_path, a_control(), facts, gaps=[a_gap("list", source=OTHER)]).result
    assert [(f.verdict, f.subject) for f in result.findings] == [
        (Verdict.FAIL, "bad"),
        (Verdict.FAIL, "zzz"),
        (Verdict.UNKNOWN, "abc"),
        (Verdict.UNKNOWN, OTHER),
        (Verdict.UNKNOWN, "dark"),
    ]
    assert result.omitted == 0


def test_a_finding_tells_what_was_seen_and_where_it_is_written(tmp_path: Path) -> None:
    control = a_control(observe=("length_bits", "tags"), rests_on=RestsOn.ATTESTED)
    key = a_key("bad", length_bits=128, tags=("a=1",), name="alias/x", evidence=("sha256:1", "sha256:2"))
    (finding,) = judge(tmp_path, control, [key, listed()]).result.findings
    assert (finding.control, finding.subject, finding.source) == ("KM-TST-01", "bad", SOURCE)
    assert (finding.label, finding.rests_on, finding.reason) == ("alias/x", "attested", "")
    assert finding.observed == {"length_bits": 128, "tags": ["a=1"]}
    assert finding.evidence == ("sha256:1", "sha256:2")


def test_findings_are_limited_and_the_rest_is_counted(tmp_path: Path) -> None:
    keys = [a_key(f"k{i}", length_bits=1 if i < 3 else None) for i in range(6)]
    judged = judge(tmp_path, a_control(), [*keys, listed()], limits=Limits(findings=4, threads=1))
    assert [finding.subject for finding in judged.result.findings] == ["k0", "k1", "k2", "k3"]
    assert judged.result.omitted == 2
    assert len(judged.rows()) == 6


def test_without_a_finding_there_is_none(tmp_path: Path) -> None:
    assert judge(tmp_path, a_control(), [GOOD, listed()]).result.findings == ()


@pytest.mark.parametrize(
    ("cited", "addressable"),
    [
        (["a"], True),
        (["a", "b"], True),
        (["a", "r"], False),
        (["a", "s"], False),
        (["a", "not a clause"], False),
        ([], False),
    ],
)
def test_addressable_only_when_every_hipaa_clause_is(tmp_path: Path, cited: list[str], *, addressable: bool) -> None:
    citations = (*(Citation("hipaa-164.312", ref) for ref in cited), Citation("sp800-57pt1r5", "5.2"))
    rules = {"a": "Addressable", "b": "Addressable", "r": "Required", "s": "Standard"}
    judged = judge(tmp_path, a_control(citations=citations), [GOOD, listed()], rules=rules)
    assert judged.result.addressable_only is addressable


def test_thresholds_are_those_of_the_policy(tmp_path: Path) -> None:
    limit = a_parameter("least", 100, Basis.NIST_SHALL, "bits")
    control = a_control(parameters=(limit,), pass_when="length_bits >= $least", fail_when="length_bits < $least")
    judged = judge(tmp_path, control, [GOOD, listed()], policy={"least": 512})
    assert judged.result.verdict == "fail"
    (use,) = judged.result.thresholds
    assert (use.value, use.default, use.basis, use.overridden) == (512, 100, Basis.POLICY, True)
