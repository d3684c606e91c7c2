"""When a finding began and ended: only a scan that judged it and could see it mends it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.history.diff import compare
from scanner.history.episodes import Episodes, episodes
from scanner.history.series import history_of
from scanner.history.standing import enclosing
from scanner.model.diff import FindingChange, Standing
from scanner.model.history import FindingHistory
from tests.history.grids import REGION, series, snapshots


def of(row: str, **given_: str) -> Episodes:
    """Return the episodes of one finding beside which its control has another subject, which always passes."""
    (found,) = episodes(series({"KM-A key/a": row}, **given_))
    return found


@pytest.mark.parametrize(
    ("row", "mended", "running"),
    [
        ("F", (), 0),
        ("P", None, None),
        ("FFF", (), 0),
        ("PFF", (), 1),
        ("FP", ((0, 1),), None),
        ("FFPP", ((0, 2),), None),
        ("FPFP", ((0, 1), (2, 3)), None),
        ("FPF", ((0, 1),), 2),
        ("FUF", (), 0),
        ("F-F", (), 0),
        ("FUUP", ((0, 3),), None),
        ("F-UP", ((0, 3),), None),
        ("FU", (), 0),
        ("F-", (), 0),
        ("UFP", ((1, 2),), None),
        ("FPU", ((0, 1),), None),
        ("FPUF", ((0, 1),), 3),
        ("FUPUF", ((0, 2),), 4),
        ("FPPF--", ((0, 1),), 3),
    ],
)
def test_episodes_of_a_row(row: str, mended: tuple[tuple[int, int], ...] | None, running: int | None) -> None:
    if mended is None:
        assert list(episodes(series({"KM-A key/a": row}))) == []
        return
    found = of(row)
    assert (found.mended, found.running) == (mended, running)
    assert (found.first_failed, found.last_failed) == (row.index("F"), row.rindex("F"))
    assert found.times == len(mended) + (running is not None)


def test_what_was_only_ever_unknown_never_began() -> None:
    assert of("UPU") == Episodes((), None, -1, -1)


@pytest.mark.parametrize(
    ("why", "rows", "given_", "mended"),
    [
        ("another subject of the scope is unknown", {"KM-A b": "PUP"}, {}, ((0, 2),)),
        ("the scope was not listed", {f"KM-A {REGION}": "PUP"}, {}, ((0, 2),)),
        ("its account was not listed", {"KM-A aws:1 aws:1": "PUP"}, {}, ((0, 2),)),
        ("another scope was not listed", {"KM-A aws:2 aws:2": "PUP"}, {}, ((0, 1),)),
        ("another control could not tell", {"KM-B b": "PUP"}, {}, ((0, 1),)),
        ("the key is there, so it was judged", {"KM-A b": "PUP"}, {"keys": {"key/a": "xxx"}}, ((0, 1),)),
        ("the key is not there", {"KM-A b": "PUP"}, {"keys": {"key/a": "x-x"}}, ((0, 2),)),
        ("the key is there, the control was not run", {"KM-A key/a": "F-P"}, {"keys": {"key/a": "xxx"}}, ((0, 2),)),
        ("nothing of the region was seen", {"KM-B b": "PPP"}, {"seen": "x-x"}, ((0, 2),)),
        ("the region was seen by its keys", {"KM-B b": "PPP"}, {"keys": {"k": "xx-"}}, ((0, 1),)),
        ("the region was seen no more", {"KM-B b": "PPP"}, {"seen": "x--"}, ()),
        ("a gap touched it", {}, {"unread": "-x-"}, ((0, 2),)),
        ("a gap touched it elsewhere", {}, {"unread": "-x-", "scopes": {REGION: "wwx"}}, ((0, 1),)),
        ("it was unknown itself", {"KM-A key/a": "FUP"}, {"scopes": {REGION: "www"}}, ((0, 2),)),
        ("the scope was read whole", {"KM-A b": "PUP"}, {"scopes": {REGION: "www"}}, ((0, 1),)),
        ("the scope was not read whole", {"KM-A b": "PUP"}, {"scopes": {REGION: "wxw"}}, ((0, 2),)),
        (
            "what it lies in was not read whole",
            {"KM-A b": "PUP"},
            {"scopes": {REGION: "www", "aws:1": "wxw"}},
            ((0, 2),),
        ),
        ("its source was not read whole", {"KM-A b": "PUP"}, {"scopes": {REGION: "www", "aws:main": "wxw"}}, ((0, 2),)),
        ("its scope gave no answer", {}, {"scopes": {REGION: "w-w", "aws:2": "www"}}, ((0, 2),)),
        ("nothing was unknown in a scope with gaps", {}, {"scopes": {REGION: "xxx"}}, ((0, 1),)),
    ],
)
def test_what_a_scan_could_not_see_is_not_mended(
    why: str, rows: dict[str, str], given_: dict[str, object], mended: tuple[tuple[int, int], ...]
) -> None:
    history = series({"KM-A key/a": "FPP", **rows}, **given_)
    (found,) = [
        one
        for finding, one in zip(history.findings, episodes(history), strict=True)
        if (finding.control, finding.subject) == ("KM-A", "key/a")
    ]
    assert found.mended == mended, why
    assert (found.running is None) == bool(mended)


def test_a_key_that_is_unknown_itself_is_not_mended_by_being_there() -> None:
    history = series({"KM-A key/a": "FUUP", "KM-A b": "PUUU"}, keys={"key/a": "xxxx"})
    first = next(one for f, one in zip(history.findings, episodes(history), strict=True) if f.subject == "key/a")
    assert first.mended == ((0, 3),)


@given(st.text("FUP-", min_size=1, max_size=12).filter(lambda row: "F" in row or "U" in row))
def test_a_row_is_read_as_a_person_would(row: str) -> None:
    mended, first = [], None
    for place, letter in enumerate(row):
        if letter == "F":
            first = place if first is None else first
        elif letter == "P" and first is not None:
            mended.append((first, place))
            first = None
    found = of(row)
    assert (list(found.mended), found.running) == (mended, first)


NAMES = ("KM-A a", "KM-A b", "KM-B a", "KM-A c aws:2:us-east-1", "KM-A aws:1 aws:1")


@given(
    st.lists(st.text("FUP-", min_size=2, max_size=2), min_size=len(NAMES), max_size=len(NAMES)),
    st.text("x-", min_size=2, max_size=2),
    st.text("x-", min_size=2, max_size=2),
    st.none() | st.tuples(*[st.text("wx-", min_size=2, max_size=2)] * 3),
)
def test_two_scans_are_told_as_a_comparison_tells_them(
    rows: list[str], seen: str, unread: str, read: tuple[str, str, str] | None
) -> None:
    scopes = dict(zip((REGION, "aws:1", "aws:2:us-east-1"), read, strict=True)) if read else None
    old, new = snapshots(dict(zip(NAMES, rows, strict=True)), seen=seen, unread=unread, scopes=scopes)
    history, diff = history_of([old, new]), compare(old, new)
    told = list(zip(history.findings, episodes(history), strict=True))
    assert {_key(finding) for finding, one in told if one.mended} == set(map(_key, diff.fixed))
    untold = {_key(finding) for finding, one in told if one.running == 0 and one.last_failed == 0}
    assert untold == {_key(entry) for entry in diff.unknown if entry.before is Standing.FAIL}


def _key(of: FindingHistory | FindingChange) -> tuple[str, str, str]:
    return of.control, of.subject, of.source


def test_a_scope_lies_in_others() -> None:
    assert enclosing(REGION) == [REGION, "aws:1", "aws"]
