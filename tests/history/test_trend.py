"""The trend of series that are written as text."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.errors import EvidenceError, UsageError
from scanner.history import trend as trends
from scanner.history.series import history_of
from scanner.history.trend import narrow, trend
from scanner.model.control import Clause, Framework, Severity
from scanner.model.history import History
from scanner.model.trend import Remediation, Track, Trend
from scanner.model.verdict import Verdict
from tests.history.grids import series, snapshots
from tests.history.scans import START, digest

LETTERS = {Verdict.FAIL: "F", Verdict.UNKNOWN: "U", Verdict.PASS: "P", Verdict.NOT_APPLICABLE: ".", None: "-"}
LAW = Framework(
    "hipaa-164.312",
    "45 CFR 164.312",
    "",
    "",
    (
        Clause("164.312(b)", "Audit controls", "Standard", "", binding=True),
        Clause("164.312(a)(1)", "Access control", "Standard", "", binding=True),
    ),
)
NIST = Framework("sp800-57pt1r5", "NIST SP 800-57", "", "", (Clause("5.3.6", "Cryptoperiods", "", "", binding=False),))


def told(track: Track) -> str:
    return "".join(LETTERS[one] for one in track.verdicts)


def controls(found: Trend) -> dict[str, str]:
    return {track.name: told(track) for track in found.controls}


def by(found: Trend, severity: Severity) -> Remediation:
    return next(one for one in found.remediation if one.severity is severity)


def test_nothing_has_an_empty_trend() -> None:
    found = trend(History())
    assert (found.series, found.scans, found.controls, found.clauses, found.recurring) == ("", (), (), (), ())
    assert {one.open + one.fixed + one.untold for one in found.remediation} == {0}


def test_a_track_has_a_verdict_for_each_scan_and_none_where_it_was_not_judged() -> None:
    found = trend(series({"KM-A a": "FFP-", "KM-A b": "PFU-", "KM-B a": "---P"}))
    assert controls(found) == {"KM-A": "FFU-", "KM-B": "---P"}
    assert {track.name: track.failed for track in found.controls} == {
        "KM-A": (1, 2, 0, None),
        "KM-B": (None, None, None, 0),
    }


def test_controls_stand_the_worst_first() -> None:
    rows = {
        "KM-A a": "FP",
        "KM-B a": "FF",
        "KM-C a": "UU",
        "KM-D a": "FF",
        "KM-E a": "F-",
        "KM-F a": "PF",
        "KM-F b": "PF",
    }
    given_ = {"KM-D": {"severity": Severity.CRITICAL}}
    found = trend(series(rows, controls=given_))
    assert list(controls(found)) == ["KM-D", "KM-F", "KM-B", "KM-C", "KM-A", "KM-E"]


def test_a_clause_has_the_worst_verdict_of_its_controls() -> None:
    cites = {
        "KM-A": {"clauses": (("sp800-57pt1r5", "5.3.6"), ("hipaa-164.312", "164.312(a)(1)"))},
        "KM-B": {"clauses": (("hipaa-164.312", "164.312(a)(1)"), ("hipaa-164.312", "164.312(b)"))},
        "KM-C": {"clauses": (("other", "7"), ("hipaa-164.312", "164.312(zz)"))},
    }
    history = series({"KM-A a": "FUP-", "KM-B a": "PFP-", "KM-C a": "---P"}, controls=cites)
    found = trend(history, [NIST, LAW])
    assert [(title, [(t.name, t.title, told(t)) for t in tracks]) for title, tracks in found.clauses] == [
        (
            "45 CFR 164.312",
            [
                ("164.312(b)", "Audit controls", "PFP-"),
                ("164.312(a)(1)", "Access control", "FFP-"),
                ("164.312(zz)", "", "---P"),
            ],
        ),
        ("other", [("7", "", "---P")]),
        ("NIST SP 800-57", [("5.3.6", "Cryptoperiods", "FUP-")]),
    ]
    assert found.clauses[0][1][1].failed == (1, 1, 0, None)
    # Without the frameworks clauses are named by their ids, the law first all the same.
    assert [title for title, _ in trend(history).clauses] == ["hipaa-164.312", "other", "sp800-57pt1r5"]


def test_time_to_remediate_counts_days_between_scans() -> None:
    rows = {"KM-A a": "FFPPP", "KM-A b": "PFFFP", "KM-A c": "PPFFF", "KM-B a": "FFFFU", "KM-B b": "PPPPF"}
    given_ = {"KM-B": {"severity": Severity.CRITICAL}}
    found = trend(series(rows, days=[0, 1, 4, 4.5, 10], controls=given_))
    assert [one.severity for one in found.remediation] == list(Severity)
    assert by(found, Severity.HIGH) == Remediation(
        severity=Severity.HIGH, fixed=2, mean_days=6.5, longest_days=9, open=1, oldest_open_days=6, untold=0
    )
    assert by(found, Severity.CRITICAL) == Remediation(
        severity=Severity.CRITICAL, fixed=0, mean_days=None, longest_days=None, open=1, oldest_open_days=0, untold=1
    )
    assert by(found, Severity.LOW).open == 0


@pytest.mark.parametrize(
    ("row", "fixed", "open_", "untold"),
    [
        ("FP", 1, 0, 0),
        ("FU", 0, 0, 1),
        ("F-", 0, 0, 1),
        ("FF", 0, 1, 0),
        ("FUF", 0, 1, 0),
        ("UU", 0, 0, 0),
        ("FPF", 1, 1, 0),
    ],
)
def test_unknown_is_neither_open_nor_mended(row: str, fixed: int, open_: int, untold: int) -> None:
    one = by(trend(series({"KM-A a": row})), Severity.HIGH)
    assert (one.fixed, one.open, one.untold) == (fixed, open_, untold)


def test_what_came_back_is_told_the_most_often_first() -> None:
    rows = {"KM-A a": "FPFPFP", "KM-A b": "FFFFFF", "KM-C c": "FUFUFU", "KM-B d": "FPPPPF", "KM-B e": "FFFPPP"}
    found = trend(series(rows, days=range(6)))
    assert [(one.subject, one.times, one.open) for one in found.recurring] == [("a", 3, False), ("d", 2, True)]
    first = found.recurring[0]
    assert (first.first_seen, first.last_seen) == (START, START + timedelta(days=4))
    assert (first.label, first.source) == ("alias/a", "aws:1:us-east-1")


def test_more_than_a_page_of_what_came_back_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trends, "MOST_RECURRING", 2)
    found = trend(series({f"KM-A {subject}": "FPF" for subject in "abcde"}))
    assert ([one.subject for one in found.recurring], found.recurring_omitted) == (["a", "b"], 3)


def test_scans_have_totals_and_say_where_the_controls_changed() -> None:
    scans = {
        1: {"catalogue_sha256": digest("d")},
        2: {"catalogue_sha256": digest("d"), "selection": "one control"},
        3: {"catalogue_sha256": digest("d"), "selection": "one control"},
    }
    given_ = {"KM-A": {"waived": 1}, "KM-B": {"severity": Severity.LOW}}
    found = trend(series({"KM-A a": "FFFP", "KM-B b": "FUPP", "KM-B c": "F-PP"}, scans=scans, controls=given_))
    assert found.series == "nightly"
    assert [one.catalogue_changed for one in found.scans] == [False, True, True, False]
    first = found.scans[0]
    assert (first.failed, first.unknown, first.passed, first.not_applicable) == (2, 0, 0, 0)
    assert (first.findings, first.waived) == (3, 1)
    assert dict(first.by_severity) == {
        Severity.CRITICAL: 0,
        Severity.HIGH: 1,
        Severity.MEDIUM: 0,
        Severity.LOW: 2,
    }


def test_a_finding_of_a_control_that_nothing_ran_is_refused() -> None:
    history = series({"KM-A a": "FF"})
    with pytest.raises(EvidenceError, match="a finding of KM-A, which none of its scans ran"):
        trend(replace(history, controls=()))


CITES = {
    "KM-A": {"clauses": (("hipaa-164.312", "164.312(a)(1)"),)},
    "KM-B": {"clauses": (("hipaa-164.312", "164.312(b)"), ("x", "9"))},
    "KM-C": {"clauses": (("x", "9"),)},
}


@pytest.mark.parametrize(
    ("only", "left"),
    [
        ({}, "ABC"),
        ({"controls": ["KM-A"]}, "A"),
        ({"clauses": ["9"]}, "BC"),
        ({"controls": ["KM-A"], "clauses": ["164.312(b)"]}, "AB"),
    ],
)
def test_a_series_is_narrowed_to_controls_and_clauses(only: dict[str, list[str]], left: str) -> None:
    history = series({f"KM-{name} a": "FP" for name in "ABC"}, controls=CITES)
    found = narrow(history, **only)
    assert "".join(str(one.id)[-1] for one in found.controls) == left
    assert "".join(str(one.control)[-1] for one in found.findings) == left
    assert trend(found).scans[0].failed == len(left)


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ({"controls": ["KM-Z"]}, "no scan of the series ran a control called 'KM-Z'"),
        ({"clauses": ["164"]}, "no scan of the series ran a control that cites '164'"),
    ],
)
def test_what_no_scan_ran_is_told(only: dict[str, list[str]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        narrow(series({"KM-A a": "FP"}), **only)


ROWS = st.lists(st.tuples(st.sampled_from("AB"), st.text("FUP-", min_size=5, max_size=5)), min_size=1, max_size=6)


@given(ROWS, st.randoms(use_true_random=False))
def test_tracks_add_up_to_the_totals_of_scans_in_any_order(rows: list[tuple[str, str]], dice: random.Random) -> None:
    made = snapshots({f"KM-{control} s{n}": row for n, (control, row) in enumerate(rows)})
    shuffled = list(made)
    dice.shuffle(shuffled)
    found = trend(history_of(shuffled))
    assert found == trend(history_of(made))
    for place, one in enumerate(made):
        verdicts = [track.verdicts[place] for track in found.controls]
        totals, scan = one.scan.totals, found.scans[place]
        assert (scan.passed, scan.failed, scan.unknown) == (totals.passed, totals.failed, totals.unknown)
        assert verdicts.count(Verdict.FAIL) == scan.failed
        assert verdicts.count(Verdict.PASS) == scan.passed
        assert sum(track.failed[place] or 0 for track in found.controls) == scan.findings
        assert sum(count for _, count in scan.by_severity) == scan.findings
    last = sum(one.verdict is Verdict.FAIL for one in made[-1].findings)
    assert sum(one.open for one in found.remediation) == last
