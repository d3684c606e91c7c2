"""How a subject stands: a verdict, or an honest reason why there is none."""

from __future__ import annotations

import pytest

from scanner.errors import EvidenceError
from scanner.history.standing import Side
from scanner.model.diff import Standing
from scanner.model.history import LoggingState, Snapshot
from scanner.model.ids import ControlId
from scanner.model.verdict import Verdict
from tests.history.snapshots import ACCOUNT, ONE, REGION, a_control, a_finding, a_key, a_scope, a_snapshot

KEY = (ONE, "key/a", REGION)
UNREAD = (a_control(unread=True),)
OLD = a_snapshot(a_finding(), keys=[a_key()])
GAP = "it was not seen, and a gap touches what the control reads"


def of(snapshot: Snapshot, other: Snapshot = OLD) -> tuple[Standing, str]:
    return Side(snapshot, other).standing(KEY)


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.UNKNOWN])
def test_a_finding_stands_by_its_verdict_and_says_why(verdict: Verdict) -> None:
    assert of(a_snapshot(a_finding(verdict=verdict))) == (Standing(verdict.value), a_finding(verdict=verdict).reason)


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.NOT_APPLICABLE])
def test_what_is_settled_stands_by_its_verdict(verdict: Verdict) -> None:
    assert of(a_snapshot(settled={KEY: verdict})) == (Standing(verdict.value), "")


@pytest.mark.parametrize(
    ("snapshot", "standing", "why"),
    [
        (a_snapshot(), Standing.ABSENT, ""),
        (a_snapshot(controls=()), Standing.NOT_RUN, "the control was not run"),
        (a_snapshot(scopes=()), Standing.NOT_SEEN, "its scope gave no answer"),
        # A gap elsewhere does not hide a subject of a scope that was read without one.
        (a_snapshot(controls=UNREAD), Standing.ABSENT, ""),
        (a_snapshot(controls=UNREAD, scopes=[a_scope(whole=False)]), Standing.NOT_SEEN, GAP),
        (a_snapshot(controls=UNREAD, scopes=[a_scope(), a_scope(ACCOUNT, whole=False)]), Standing.NOT_SEEN, GAP),
        (a_snapshot(controls=UNREAD, scopes=[a_scope(), a_scope("aws:main", whole=False)]), Standing.NOT_SEEN, GAP),
        (a_snapshot(controls=UNREAD, scopes=[a_scope(), a_scope("aws:other", whole=False)]), Standing.ABSENT, ""),
        (a_snapshot(scopes=[a_scope(whole=False)]), Standing.ABSENT, ""),
        (
            a_snapshot(a_finding(REGION, Verdict.UNKNOWN), scopes=[a_scope(whole=False)]),
            Standing.NOT_SEEN,
            "it was not seen, and its scope was not listed to the end",
        ),
        (
            a_snapshot(a_finding(ACCOUNT, Verdict.UNKNOWN, source=ACCOUNT), scopes=[a_scope(whole=False)]),
            Standing.NOT_SEEN,
            "it was not seen, and its scope was not listed to the end",
        ),
        (
            a_snapshot(a_finding("aws:9", Verdict.UNKNOWN, source="aws:9"), scopes=[a_scope(whole=False)]),
            Standing.ABSENT,
            "",
        ),
    ],
)
def test_without_a_verdict_of_a_scan_directory(snapshot: Snapshot, standing: Standing, why: str) -> None:
    assert of(snapshot) == (standing, why)


@pytest.mark.parametrize(
    ("snapshot", "standing", "why"),
    [
        (a_snapshot(keys=[a_key("key/b")], scopes=None), Standing.NO_FINDING, ""),
        (
            a_snapshot(logging=(LoggingState(scope=REGION, management_recorded=None, use_recorded=None),), scopes=None),
            Standing.NO_FINDING,
            "",
        ),
        (a_snapshot(a_finding("key/b"), scopes=None), Standing.NO_FINDING, ""),
        (a_snapshot(scopes=None), Standing.NOT_SEEN, "nothing of its scope was seen"),
        (a_snapshot(keys=[a_key("key/b")], controls=UNREAD, scopes=None), Standing.NOT_SEEN, GAP),
        (a_snapshot(scopes=None, controls=()), Standing.NOT_RUN, "the control was not run"),
    ],
)
def test_without_a_verdict_of_the_store(snapshot: Snapshot, standing: Standing, why: str) -> None:
    assert of(snapshot) == (standing, why)


def test_a_register_without_keys_is_not_expected_to_show_any() -> None:
    # The store keeps no passes: a document that is mended leaves nothing of its source to see.
    old = a_snapshot(a_finding("baa", source="agreements"))
    side = Side(a_snapshot(scopes=None), old)
    assert side.standing((ONE, "baa", "agreements")) == (Standing.NO_FINDING, "")


@pytest.mark.parametrize(
    ("snapshot", "listed"),
    [
        (a_snapshot(), True),
        (a_snapshot(scopes=[a_scope(keys=False)]), False),
        (a_snapshot(scopes=[a_scope(keys=None)]), False),
        (a_snapshot(scopes=()), False),
        (a_snapshot(keys=[a_key()], scopes=None), True),
        (a_snapshot(keys=[a_key()], scopes=None, keys_complete=None), False),
        (a_snapshot(keys=[a_key()], scopes=None, keys_complete=False), False),
        (a_snapshot(scopes=None), False),
    ],
)
def test_whether_the_keys_of_a_scope_were_listed(snapshot: Snapshot, listed: bool) -> None:
    assert Side(snapshot, OLD).listed_keys(REGION) is listed


def test_a_finding_of_a_control_that_was_not_run_is_refused() -> None:
    stray = a_snapshot(a_finding(control=ControlId("KM-XXX-01")))
    with pytest.raises(EvidenceError, match=r"scan scan-1 has a finding of KM-XXX-01, which it did not run"):
        Side(stray, OLD)
