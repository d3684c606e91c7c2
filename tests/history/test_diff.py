"""What changed between two scans: every pair has one place, and unknown is never fixed."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.history.diff import Move, compare, move_of
from scanner.history.standing import Key
from scanner.model.control import Severity
from scanner.model.diff import Because, Change, Diff, FindingChange, Standing
from scanner.model.history import ControlState, FindingState, Snapshot
from scanner.model.ids import ControlId
from scanner.model.verdict import Verdict
from tests.history.snapshots import JULY, ONE, OTHER, REGION, a_control, a_finding, a_record, a_scope, a_snapshot, sha

KEY = (ONE, "key/a", REGION)
F, U, P, N = Standing.FAIL, Standing.UNKNOWN, Standing.PASS, Standing.NOT_APPLICABLE
GONE, KEPT, UNSEEN, UNRUN = Standing.ABSENT, Standing.NO_FINDING, Standing.NOT_SEEN, Standing.NOT_RUN
PLACES: dict[Move, set[tuple[Standing, Standing]]] = {
    Move.APPEARED: {(before, F) for before in Standing if before is not F},
    Move.PERSISTING: {(F, F)},
    Move.FIXED: {(F, now) for now in (P, N, GONE, KEPT)},
    Move.UNKNOWN: {*((before, U) for before in Standing if before is not U), (F, UNSEEN), (F, UNRUN)},
    Move.STILL_UNKNOWN: {(U, U), (U, UNSEEN), (U, UNRUN)},
    Move.CHANGED: {*((U, now) for now in (P, N, GONE, KEPT)), (P, N), (N, P)},
}


def lists(diff: Diff) -> dict[Move, tuple[FindingChange, ...]]:
    return {
        Move.APPEARED: diff.appeared,
        Move.FIXED: diff.fixed,
        Move.PERSISTING: diff.persisting,
        Move.CHANGED: diff.changed,
        Move.UNKNOWN: diff.unknown,
    }


@pytest.mark.parametrize(("before", "now"), list(product(Standing, Standing)))
def test_every_pair_has_the_place_that_is_written_here(before: Standing, now: Standing) -> None:
    places = [move for move, pairs in PLACES.items() if (before, now) in pairs]
    assert places in ([move_of(before, now)], [])
    assert places or move_of(before, now) is Move.NONE


def test_what_cannot_be_told_now_is_never_fixed() -> None:
    fixed = [(before, now) for before, now in product(Standing, Standing) if move_of(before, now) is Move.FIXED]
    assert {now for _, now in fixed}.isdisjoint({F, U, UNSEEN, UNRUN})


def side(verdict: Verdict | None, **given: object) -> Snapshot:
    """Return a scan in which key/a has this verdict; None: it is not there."""
    if verdict in (Verdict.FAIL, Verdict.UNKNOWN):
        return a_snapshot(a_finding(verdict=verdict), **given)  # type: ignore[arg-type]  # any field
    return a_snapshot(settled={KEY: verdict} if verdict else {}, **given)  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(("before", "now"), list(product([*Verdict, None], [*Verdict, None])))
def test_a_pair_of_verdicts_is_told_once_or_not_at_all(before: Verdict | None, now: Verdict | None) -> None:
    diff = compare(side(before), side(now))
    stood, stands = (Standing(one.value) if one else GONE for one in (before, now))
    told = {move: entries for move, entries in lists(diff).items() if entries}
    expected = move_of(stood, stands)
    if expected in (Move.NONE, Move.STILL_UNKNOWN):
        assert told == {}
        assert diff.still_unknown == (expected is Move.STILL_UNKNOWN)
    else:
        assert list(told) == [expected]
        ((entry,),) = told.values()
        assert (entry.before, entry.now, entry.subject, entry.severity) == (stood, stands, "key/a", Severity.HIGH)


def test_what_failed_and_was_not_seen_is_unknown_with_the_reason() -> None:
    gap = a_snapshot(controls=[a_control(unread=True)], scopes=[a_scope(whole=False)])
    diff = compare(a_snapshot(a_finding()), gap)
    assert [(e.before, e.now) for e in diff.unknown] == [(F, UNSEEN)]
    assert diff.unknown[0].why == "it was not seen, and a gap touches what the control reads"
    assert diff.fixed == ()


def test_what_failed_under_a_control_that_was_not_run_is_unknown() -> None:
    diff = compare(a_snapshot(a_finding()), a_snapshot(controls=[a_control(OTHER)]))
    assert [(e.control, e.now, e.why) for e in diff.unknown] == [(ONE, UNRUN, "the control was not run")]


def test_a_scan_of_the_store_is_no_longer_found() -> None:
    stored = a_snapshot(a_finding("key/b"), scopes=None)
    diff = compare(a_snapshot(a_finding(), a_finding("key/b")), stored)
    assert [(e.subject, e.now) for e in diff.fixed] == [("key/a", KEPT)]


def test_what_moved_in_what_was_observed() -> None:
    later = a_finding(observed={"rotation_enabled": False, "age_days": 430, "new": 1})
    diff = compare(a_snapshot(a_finding()), a_snapshot(later))
    assert diff.persisting[0].moved == (Change("age_days", 400, 430),)
    assert diff.persisting[0].observed == later.observed


def test_what_is_fixed_keeps_what_was_observed() -> None:
    diff = compare(a_snapshot(a_finding(label="alias/a")), a_snapshot(settled={KEY: Verdict.PASS}))
    assert (diff.fixed[0].observed, diff.fixed[0].label) == (a_finding().observed, "alias/a")


@pytest.mark.parametrize(("before", "now"), [("", "WVR-1"), ("WVR-1", ""), ("WVR-1", "ALT-2")])
def test_a_failure_whose_waiver_changed_is_changed_and_still_fails(before: str, now: str) -> None:
    diff = compare(a_snapshot(a_finding(waiver=before)), a_snapshot(a_finding(waiver=now)))
    assert diff.persisting == ()
    assert [(e.before, e.now, e.waiver_before, e.waiver) for e in diff.changed] == [(F, F, before, now)]


def test_the_same_waiver_persists() -> None:
    diff = compare(a_snapshot(a_finding(waiver="WVR-1")), a_snapshot(a_finding(waiver="WVR-1")))
    assert [e.waiver for e in diff.persisting] == ["WVR-1"]


CHANGED = (a_control(digest=sha("2")),)
STRICTER = (a_control(thresholds=(("kek_max_days", 90),)),)


@pytest.mark.parametrize(
    ("controls", "rejudged", "changed", "because"),
    [
        ((a_control(),), {ONE: {KEY: Verdict.FAIL}}, False, Because.UNTOLD),
        (CHANGED, None, True, Because.UNTOLD),
        (CHANGED, {}, True, Because.UNTOLD),
        (CHANGED, {ONE: {KEY: Verdict.FAIL}}, True, Because.CONTROL),
        (STRICTER, {ONE: {KEY: Verdict.FAIL}}, True, Because.CONTROL),
        (STRICTER, {ONE: {KEY: Verdict.PASS}}, True, Because.ESTATE),
        (CHANGED, {ONE: {}}, True, Because.ESTATE),
    ],
)
def test_what_moved_a_verdict(
    controls: tuple[ControlState, ...],
    rejudged: dict[ControlId, dict[Key, Verdict]] | None,
    changed: bool,
    because: Because,
) -> None:
    old, new = side(Verdict.PASS), side(Verdict.FAIL, controls=controls)
    entry = compare(old, new, rejudged).appeared[0]
    assert (entry.control_changed, entry.because) == (changed, because)


@pytest.mark.parametrize(
    ("new", "because"),
    [
        (a_snapshot(controls=CHANGED), Because.CONTROL),  # the new control does not look at such a subject
        (a_snapshot(controls=(replace(CHANGED[0], unread=True),), scopes=()), Because.UNTOLD),
        (a_snapshot(a_finding(), controls=CHANGED), Because.UNTOLD),
    ],
)
def test_what_did_not_move_or_cannot_be_told_has_no_cause(new: Snapshot, because: Because) -> None:
    diff = compare(a_snapshot(a_finding()), new, {ONE: {}})
    (entry,) = (entry for entries in lists(diff).values() for entry in entries)
    assert (entry.control_changed, entry.because) == (True, because)


def test_the_worst_comes_first() -> None:
    controls = [a_control(ONE, severity=Severity.LOW), a_control(OTHER, severity=Severity.CRITICAL)]
    findings = [a_finding("b"), a_finding("a"), a_finding("c", control=OTHER)]
    diff = compare(a_snapshot(controls=controls), a_snapshot(*findings, controls=controls))
    assert [e.subject for e in diff.appeared] == ["c", "a", "b"]


def test_the_scans_are_told() -> None:
    old, new = a_snapshot(), a_snapshot(scan=a_record("scan-2", as_of=JULY, estate_sha256=sha("9")))
    diff = compare(old, new)
    assert (diff.old, diff.new, diff.warnings) == (old.scan, new.scan, ("the estate file is not the same",))


SUBJECTS = ["a", "b", "c", ""]
VERDICTS = st.dictionaries(
    st.tuples(st.sampled_from([ONE, OTHER]), st.sampled_from(SUBJECTS), st.sampled_from([REGION, "pkcs11:root"])),
    st.sampled_from(list(Verdict)),
)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Draw a scan of a few subjects, whole or not, from a directory or the store."""
    verdicts: dict[tuple[ControlId, str, str], Verdict] = draw(VERDICTS)
    findings: list[FindingState] = [
        a_finding(subject, verdict, control, source=source)
        for (control, subject, source), verdict in verdicts.items()
        if verdict in (Verdict.FAIL, Verdict.UNKNOWN)
    ]
    settled: dict[tuple[str, str, str], Verdict] = {
        key: v for key, v in verdicts.items() if v not in (Verdict.FAIL, Verdict.UNKNOWN)
    }
    controls = [
        a_control(one, unread=draw(st.booleans()), digest=sha(draw(st.sampled_from("12")))) for one in (ONE, OTHER)
    ]
    scopes = [a_scope(source, whole=draw(st.booleans())) for source in (REGION, "pkcs11:root")]
    return a_snapshot(
        *findings, controls=controls, scopes=draw(st.sampled_from([scopes, scopes[:1], None])), settled=settled
    )


@settings(max_examples=60, deadline=None)
@given(snapshots(), snapshots())
def test_no_finding_is_lost_or_told_twice(old: Snapshot, new: Snapshot) -> None:
    diff = compare(old, new)
    told = [(e.control, e.subject, e.source) for entries in lists(diff).values() for e in entries]
    assert len(told) == len(set(told))
    before, now = ({(f.control, f.subject, f.source) for f in one.findings} for one in (old, new))
    assert before | now <= set(told) | {
        (f.control, f.subject, f.source) for f in (*old.findings, *new.findings) if f.verdict is Verdict.UNKNOWN
    }
    failing = {(f.control, f.subject, f.source) for f in new.findings if f.verdict is Verdict.FAIL}
    assert {(e.control, e.subject, e.source) for e in (*diff.appeared, *diff.persisting)} == failing
    assert all(e.before is F for e in diff.fixed)
    assert len(before | now) <= len(told) + diff.still_unknown


@settings(max_examples=30, deadline=None)
@given(snapshots())
def test_a_scan_does_not_differ_from_itself(one: Snapshot) -> None:
    diff = compare(one, one)
    assert (diff.appeared, diff.fixed, diff.changed, diff.unknown, diff.controls, diff.keys) == ((),) * 6
    assert diff.warnings == ("both are the same scan",)
