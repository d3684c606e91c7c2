"""The forecast of a folder of facts: its bounds, its order, and what it says of what it does not know."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from scanner import pipeline
from scanner.errors import EvidenceError, UsageError
from scanner.evaluate.store import write_facts
from scanner.history.forecast import REPORT_DAYS, forecast, limits_of, read_forecast
from scanner.model.control import Basis
from scanner.model.forecast import DueKind, Limit
from scanner.scandir import ScanDir
from scanner.scanheader import Header
from tests.history.forecasts import AS_OF, a_key, a_scan_folder, listed
from tests.render.reports import a_report, a_result, a_threshold

YEAR = {"kek_max_days": Limit(365, Basis.POLICY)}


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> ScanDir:
    """Five keys, one of them late and one with a name that is SQL, and a listing that broke off."""
    ages = {"late": 400, "b": 350, "a": 350, "x'); DROP TABLE y; --": 340, "far": 100}
    keys = [a_key(name, age) for name, age in ages.items()]
    coverage = [listed("keys"), listed("keys", complete=False), listed("agreements")]
    return a_scan_folder(tmp_path_factory.mktemp("it's"), [*keys, *coverage], kek_max_days=365)


def test_the_overdue_come_first_then_days_and_names(scanned: ScanDir) -> None:
    coming = forecast(scanned.facts, YEAR, AS_OF, 30)
    assert [(due.subject, due.overdue) for due in coming.due] == [
        ("late", True),
        ("a", False),
        ("b", False),
        ("x'); DROP TABLE y; --", False),
    ]
    assert coming.weeks == ((-1, DueKind.ROTATION, 1), (2, DueKind.ROTATION, 2), (3, DueKind.ROTATION, 1))
    assert (coming.as_of, coming.days, coming.omitted, coming.unknown) == (AS_OF, 30, 0, ())


def test_what_is_too_much_is_counted(scanned: ScanDir) -> None:
    coming = forecast(scanned.facts, YEAR, AS_OF, 30, most=2)
    assert [due.subject for due in coming.due] == ["late", "a"]
    assert coming.omitted == 2
    assert sum(number for _, _, number in coming.weeks) == 4


@pytest.mark.parametrize(("days", "found"), [(0, 1), (14, 1), (15, 3), (400, 5)])
def test_the_last_day_belongs_to_it(scanned: ScanDir, days: int, found: int) -> None:
    assert len(forecast(scanned.facts, YEAR, AS_OF, days).due) == found


def test_a_limit_that_the_scan_did_not_judge_by_leaves_the_deadline_unknown(scanned: ScanDir) -> None:
    coming = forecast(scanned.facts, {}, AS_OF, 30)
    assert (coming.due, coming.unknown) == ((), ((DueKind.ROTATION, 5),))


def test_what_was_listed_in_part_or_not_at_all_is_told(scanned: ScanDir) -> None:
    coming = forecast(scanned.facts, YEAR, AS_OF, 30)
    keys = {DueKind.ROTATION, DueKind.AUTOMATIC_ROTATION, DueKind.KEY_EXPIRY, DueKind.DELETION}
    assert set(coming.incomplete) == keys
    # No register of exceptions: nothing is waived. All others might be there, unseen.
    assert set(coming.unread) == set(DueKind) - keys - {DueKind.AGREEMENT, DueKind.WAIVER}


def test_one_kind_is_about_that_kind_alone(scanned: ScanDir) -> None:
    coming = forecast(scanned.facts, {}, AS_OF, 30, kinds={DueKind.DOCUMENT})
    assert (coming.due, coming.unknown, coming.incomplete) == ((), (), ())
    assert coming.unread == (DueKind.DOCUMENT,)


def test_at_the_end_of_the_calendar_there_is_no_tomorrow(scanned: ScanDir) -> None:
    coming = forecast(scanned.facts, YEAR, datetime(9999, 12, 31, 12, tzinfo=UTC), 90)
    assert {due.overdue for due in coming.due} == {True}
    assert len(coming.due) == 5


def test_the_scan_of_an_older_version_has_no_table_of_exceptions(tmp_path: Path) -> None:
    write_facts([a_key("one", 360)], tmp_path / "facts")
    (tmp_path / "facts" / "exceptions.parquet").unlink()
    assert [due.subject for due in forecast(tmp_path / "facts", YEAR, AS_OF, 30).due] == ["one"]
    (tmp_path / "facts" / "keys.parquet").write_bytes(b"not a table")
    with pytest.raises(duckdb.Error):
        forecast(tmp_path / "facts", YEAR, AS_OF, 30)


def test_limits_are_the_thresholds_in_days() -> None:
    days = a_threshold(name="kek_max_days", value=365, unit="days", basis=Basis.POLICY, overridden=True)
    others = (
        a_threshold(name="hours", value=3, unit="hours"),
        a_threshold(name="not_a_number", value="x", unit="days"),
    )
    assert limits_of([a_result(thresholds=(days, *others))]) == {"kek_max_days": Limit(365, Basis.POLICY, own=True)}


def test_a_finished_scan_is_read_by_the_limits_that_it_judged_by(scanned: ScanDir) -> None:
    coming, organization = read_forecast(scanned, 30, kinds={DueKind.ROTATION}, most=2)
    assert [due.subject for due in coming.due] == ["late", "a"]
    assert {(due.basis, due.own) for due in coming.due} == {(Basis.POLICY, True)}
    assert organization == "Example Clinic"
    assert not list(scanned.root.glob(".*"))


def test_nothing_is_written_so_the_folder_may_be_read_only(scanned: ScanDir) -> None:
    before = {path: path.stat().st_mtime_ns for path in scanned.root.rglob("*")}
    read_forecast(scanned, 30)
    assert {path: path.stat().st_mtime_ns for path in scanned.root.rglob("*")} == before


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("results.json", "[]", "not as keyaudit writes it"),
        ("results.json", "{", "not as keyaudit writes it"),
        ("results.json", '{"controls": [{"thresholds": [{"name": "x"}]}]}', "not as keyaudit writes it: 'unit'"),
        ("results.json", None, "No such file"),
        ("facts/coverage.parquet", "x", "coverage.parquet"),
    ],
)
def test_a_damaged_scan_says_what_is_wrong(tmp_path: Path, name: str, text: str | None, said: str) -> None:
    folder = a_scan_folder(tmp_path / "scan", [])
    if text is None:
        (folder.root / name).unlink()
    else:
        (folder.root / name).write_text(text)
    with pytest.raises(EvidenceError) as caught:
        read_forecast(folder, 30)
    assert said in str(caught.value)
    assert str(folder.root) in str(caught.value)


def test_a_scan_that_was_not_finished_is_none(tmp_path: Path) -> None:
    folder = a_scan_folder(tmp_path / "scan", [], state="collecting")
    with pytest.raises(UsageError, match="was not finished") as caught:
        read_forecast(folder, 30)
    assert "--resume" in caught.value.hint


def test_the_report_of_a_scan_has_the_forecast_of_a_quarter(scanned: ScanDir) -> None:
    judged = a_report(a_result(thresholds=(a_threshold(name="kek_max_days", value=365, unit="days"),)))
    whole = pipeline.over_time(judged, scanned, Header.from_json(scanned.read_header()))
    assert whole.forecast is not None
    assert (whole.forecast.days, len(whole.forecast.due)) == (REPORT_DAYS, 4)
