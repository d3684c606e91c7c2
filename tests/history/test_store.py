"""The store on SQLite and PostgreSQL: what goes in comes out, whatever the order, the crash and the crowd."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from scanner.errors import ConfigError, MissingExtraError, UsageError
from scanner.history.db.connect import StoreError
from scanner.history.series import history_of
from scanner.history.store import Checkpoint, Store, open_store
from scanner.model.history import History
from scanner.model.verdict import Verdict
from tests.history.conftest import PASSWORD
from tests.history.scans import HOSTILE, START, a_control, a_finding, a_key_state, a_snapshot, digest


def seen(store: Store) -> dict[str, tuple[str, str]]:
    """Return first and last scan of each finding, by subject."""
    return {one.subject: (one.first_scan, one.last_scan) for one in store.seen("nightly")}


def test_what_goes_in_comes_out(url: str) -> None:
    unknown = a_finding("u", verdict=Verdict.UNKNOWN, reason=f"denied {HOSTILE}", waiver="W-1", label="")
    key = a_key_state("k", name=HOSTILE, expires_at=START, material_since=START, rotation_enabled=None)
    bare = a_key_state("m", **dict.fromkeys(("managed_by", "key_type", "state", "created_at", "expires")))
    whole = a_snapshot(1, "a", unknown, a_finding(HOSTILE), keys=[key, bare], organization=HOSTILE)
    other = a_control("KM-ACC-01", unread=True, thresholds=(), clauses=(), verdict=Verdict.NOT_APPLICABLE)
    whole = replace(whole, controls=(other, *whole.controls), keys_complete=None)
    store = open_store(url)
    store.record(whole)
    empty = replace(a_snapshot(2, series=HOSTILE, controls=[]), logging=(), scopes=None, keys_complete=False)
    store.record(empty)
    assert store.snapshot("scan-1") == whole
    assert store.snapshot("scan-2") == empty
    again = open_store(url, create=False)
    assert again.scans() == (whole.scan, empty.scan)
    assert again.scans(HOSTILE) == (empty.scan,)
    assert [(one.name, one.scans, one.first, one.last) for one in again.series()] == [
        (HOSTILE, 1, empty.scan.as_of, empty.scan.as_of),
        ("nightly", 1, whole.scan.as_of, whole.scan.as_of),
    ]


def test_texts_may_be_of_any_length(url: str) -> None:
    long = "k" * 3_000_000
    one = a_snapshot(1, a_finding(f"{long}a"), a_finding(f"{long}b"), keys=[a_key_state(long)], series=long, id=long)
    store = open_store(url)
    store.record(one)
    assert store.snapshot(long) == one
    assert store.history(long) == history_of([one])


def test_a_series_comes_back_as_its_scans_make_it_in_whatever_order_they_were_recorded(url: str) -> None:
    dice = random.Random(7)  # noqa: S311 - chooses among scans
    scans = []
    for day in range(12):
        subjects = [subject for subject in "abcdef" if dice.random() < 0.5]
        verdicts = (Verdict.FAIL, Verdict.UNKNOWN)
        found = [a_finding(subject, verdict=dice.choice(verdicts), waiver=dice.choice("xy")) for subject in subjects]
        keys = [a_key_state(key, state=dice.choice(["active", None])) for key in "kl" if dice.random() < 0.8]
        controls = [a_control(digest=digest(dice.choice("ab"))), *([a_control("KM-ACC-01")] if day % 3 else [])]
        scans.append(a_snapshot(day // 2, *found, keys=keys, controls=controls, id=f"scan-{day:02}"))
    store = open_store(url)
    for scan in dice.sample(scans, len(scans)):
        store.record(scan)
    assert store.history("nightly") == history_of(scans)
    assert store.history("another") == History()
    assert store.history("nightly", since=START + timedelta(days=2), until=START + timedelta(days=4)) == history_of(
        scans[4:8]
    )
    assert store.history("nightly", without="scan-03") == history_of(scans[:3] + scans[4:])
    assert store.latest("nightly") == scans[-1]
    assert store.latest("nightly", before=START + timedelta(days=5)) == scans[9]
    assert store.latest("nightly", before=START) is None
    expected: dict[str, tuple[str, str]] = {}
    for scan in scans:
        for finding in scan.findings:
            first, _ = expected.get(finding.subject, (scan.scan.id, ""))
            expected[finding.subject] = (first, scan.scan.id)
    assert seen(store) == expected


def test_a_scan_that_is_judged_again_replaces_its_own_rows(url: str) -> None:
    store = open_store(url)
    for day in (1, 2, 3):
        store.record(a_snapshot(day, "a", "b"))
    store.record(a_snapshot(3, "a", "b"))
    assert seen(store) == {"a": ("scan-1", "scan-3"), "b": ("scan-1", "scan-3")}
    store.record(a_snapshot(3, "a"))
    store.record(a_snapshot(1, "b", "c"))
    assert seen(store) == {"a": ("scan-2", "scan-3"), "b": ("scan-1", "scan-2"), "c": ("scan-1", "scan-1")}
    store.record(a_snapshot(1))
    assert seen(store) == {"a": ("scan-2", "scan-3"), "b": ("scan-2", "scan-2")}
    # Of another series now, and of another time: nothing of it stays in the first one.
    moved = a_snapshot(2, "a", series="weekly", as_of=START + timedelta(days=9))
    store.record(moved)
    assert seen(store) == {"a": ("scan-3", "scan-3")}
    assert store.snapshot("scan-2") == moved
    assert [one.name for one in store.series()] == ["nightly", "weekly"]


def test_a_finding_bears_the_name_of_the_newest_scan_and_the_worst_of_its_verdicts(url: str) -> None:
    store = open_store(url)
    store.record(a_snapshot(2, a_finding("a", label="new")))
    store.record(a_snapshot(1, a_finding("a", label="old")))
    unknown = a_finding("a", label="newest", verdict=Verdict.UNKNOWN)
    store.record(a_snapshot(3, unknown, replace(unknown, verdict=Verdict.FAIL), unknown))
    (finding,) = store.history("nightly").findings
    assert (finding.label, finding.points[-1].verdict) == ("newest", Verdict.FAIL)
    assert store.snapshot("scan-1").findings[0].label == "newest"


def test_checkpoints_stay_with_a_scan_that_is_recorded_again_or_forgotten(url: str) -> None:
    store = open_store(url)
    store.record(a_snapshot(1, "a"))
    store.set_checkpoint("scan-1", digest("1"), 1, f"{HOSTILE}.zip")
    store.set_checkpoint("scan-1", digest("2"), 2)
    store.set_checkpoint("scan-1", digest("3"), 2)
    store.record(a_snapshot(1, "a"))
    assert (store.scans()[0].checkpoint, store.scans()[0].checkpoint_number) == (digest("3"), 2)
    store.record(a_snapshot(2, checkpoint=digest("4"), checkpoint_number=3))
    assert store.forget(["scan-1"]) == ("scan-1",)
    moment = START + timedelta(days=1)
    assert store.checkpoints("nightly") == (
        Checkpoint("scan-1", moment, 1, digest("1"), f"{HOSTILE}.zip"),
        Checkpoint("scan-1", moment, 2, digest("3"), ""),
        Checkpoint("scan-2", START + timedelta(days=2), 3, digest("4"), ""),
    )


def test_a_forgotten_scan_leaves_nothing_but_when_its_findings_were_seen(url: str) -> None:
    store = open_store(url)
    store.record(a_snapshot(1, "a", "only-then", keys=[a_key_state("gone")], controls=[a_control(title="Old")]))
    for day in (2, 3):
        store.record(a_snapshot(day, a_finding("a", observed={"day": day}), a_finding("b"), keys=[a_key_state("k")]))
    store.record(a_snapshot(4, "b", series="weekly"))
    before = seen(store)
    assert store.forget(series="nightly", before=START + timedelta(days=3)) == ("scan-1", "scan-2")
    assert (
        seen(store)
        == before
        == {
            "a": ("scan-1", "scan-3"),
            "b": ("scan-2", "scan-3"),
            "only-then": ("scan-1", "scan-1"),
        }
    )
    assert [scan.id for scan in store.scans()] == ["scan-3", "scan-4"]
    assert len(store.history("nightly").scans) == 1
    with store.engine.connect() as connection:
        texts = set(connection.scalars(sa.text("SELECT content FROM text")))
        assert connection.scalar(sa.text("SELECT count(*) FROM control WHERE title = 'Old'")) == 0
        assert connection.scalar(sa.text("SELECT count(*) FROM key")) == 1
    assert "gone" not in texts
    assert {"a", "only-then"} < texts
    # It can come back, and what is known of first and last then is what it was.
    store.record(a_snapshot(2, "a", "b"))
    assert seen(store) == before
    assert store.forget(before=START + timedelta(days=9)) == ("scan-2", "scan-3", "scan-4")
    assert store.scans() == ()
    assert store.series() == ()


def test_a_scan_is_found_by_the_beginning_of_its_id(url: str) -> None:
    store = open_store(url)
    for name in ("ab", "abc", "b%_d", "\x00z"):
        store.record(a_snapshot(1, id=name))
    assert store.snapshot("ab").scan.id == "ab"
    assert store.snapshot("b%").scan.id == "b%_d"
    assert store.snapshot("\x00").scan.id == "\x00z"
    with pytest.raises(UsageError, match="'a' is the beginning of more than one scan"):
        store.snapshot("a")
    for missing in ("%", "ABC"):
        with pytest.raises(UsageError, match="has no scan"):
            store.snapshot(missing)
    with pytest.raises(UsageError, match="has no scan 'x'"):
        store.set_checkpoint("x", digest("1"), 1)
    with pytest.raises(UsageError, match="has no scan 'x'"):
        store.forget(["ab", "x"])
    assert len(store.scans()) == 4


# What writers do in processes of their own: they start together, and each records scans of its own and shared subjects.
WRITERS = """
import os, sys
from scanner.history.store import open_store
from tests.history.scans import a_key_state, a_snapshot

url, writers, scans = sys.argv[1], 4, 3
ready, go = os.pipe()
children = []
for writer in range(writers):
    child = os.fork()
    if not child:
        os.close(go)
        os.read(ready, 1)
        for n in range(scans):
            day = n * writers + writer
            one = a_snapshot(day, "shared", f"own-{writer}", keys=[a_key_state("shared"), a_key_state(f"k{day}")])
            open_store(url).record(one)
        os._exit(0)
    children.append(child)
os.close(go)
sys.exit(any(os.waitpid(child, 0)[1] for child in children))
"""


def run_script(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_many_processes_record_at_once_into_a_store_that_none_has_made(url: str) -> None:
    done = run_script(WRITERS, url)
    assert done.returncode == 0, done.stderr
    store = open_store(url, create=False)
    expected = []
    for day in range(12):
        keys = [a_key_state("shared"), a_key_state(f"k{day}")]
        expected.append(a_snapshot(day, "shared", f"own-{day % 4}", keys=keys))
    assert [store.snapshot(one.scan.id) for one in expected] == expected
    assert store.history("nightly") == history_of(expected)
    assert seen(store)["shared"] == ("scan-0", "scan-11")


# A process that is killed before its n-th statement, each in a fork of its own; it says how many there are in all.
KILLED = """
import os, signal, sys
import sqlalchemy as sa
from scanner.history.store import open_store
from tests.history.scans import a_key_state, a_snapshot

url, step = sys.argv[1], int(sys.argv[2])
store = open_store(url)
store.record(a_snapshot(1, "a", keys=[a_key_state("k")]))
again = a_snapshot(1, "b", "c", keys=[a_key_state("l")])
for last in range(1, 100, step):
    child = os.fork()
    if not child:
        count = 0
        def dying(*_):
            global count
            count += 1
            if count == last:
                os.kill(os.getpid(), signal.SIGKILL)
        sa.event.listen(store.engine, "before_cursor_execute", dying)
        sa.event.listen(store.engine, "commit", dying)
        store.record(again)
        os._exit(0)
    if not os.waitpid(child, 0)[1]:
        print(last)
        break
    assert store.snapshot("scan-1").findings[0].subject == "a", last
    assert [one.subject for one in store.seen("nightly")] == ["a"], last
"""


def test_a_process_killed_at_any_statement_leaves_all_or_nothing(url: str) -> None:
    # Each is a fork that connects, by TLS for one of them: not every statement has to be the last of a process.
    done = run_script(KILLED, url, "7" if "://" in url else "2")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 15  # statements
    store = open_store(url)
    assert store.snapshot("scan-1") == a_snapshot(1, "b", "c", keys=[a_key_state("l")])
    assert seen(store) == {"b": ("scan-1", "scan-1"), "c": ("scan-1", "scan-1")}


def test_what_is_no_store_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are notes of somebody" * 100)
    with sa.create_engine(f"sqlite:///{tmp_path}/other.sqlite").begin() as connection:
        connection.exec_driver_sql("CREATE TABLE their_own (x)")
    (tmp_path / "empty").touch()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    cases = (
        ("notes.txt", "notes.txt is not an SQLite database"),
        ("other.sqlite", "other.sqlite is not a store of keyaudit: it has a table 'their_own'"),
        ("empty", "empty is empty: nothing was recorded"),
        ("missing.sqlite", "there is no store .*missing.sqlite"),
        ("no/folder.sqlite", "there is no folder .*/no"),
        (".", "is a folder, and a store is a file"),
    )
    for name, message in cases:
        with pytest.raises(ConfigError, match=message):
            open_store(str(tmp_path / name), create=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert open_store(str(tmp_path / "empty")).scans() == ()


def test_a_foreign_or_unreachable_postgresql_is_told_without_the_password(
    postgres_url: Callable[[], str], tmp_path: Path
) -> None:
    url = postgres_url()
    wrong = url.replace(PASSWORD, "wrong-secret")
    nowhere = "postgresql://keeper:wrong-secret@127.0.0.1:1/store?password=wrong-secret"
    for one in (wrong, nowhere):
        with pytest.raises(StoreError, match=r"the store postgresql://keeper:\*\*\*@127\.0\.0\.1") as caught:
            open_store(one)
        assert "wrong-secret" not in f"{caught.value}{caught.value.hint}{caught.value.__cause__}"
    with pytest.raises(ConfigError, match="is empty: nothing was recorded"):
        open_store(url, create=False)
    assert open_store(url.replace("postgresql:", "postgres:")).scans() == ()


def test_what_a_database_says_becomes_an_error_of_the_store(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "s.sqlite"))
    with store.engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE sighting")
        connection.commit()
    with pytest.raises(StoreError, match=r"the store .*s\.sqlite: no such table"):
        store.record(a_snapshot(1, "a"))
    assert store.scans() == ()


@pytest.mark.parametrize(
    ("module", "extra", "url"),
    [
        ("sqlalchemy", "history", "s.sqlite"),
        ("alembic", "history", "s.sqlite"),
        ("psycopg", "postgres", "postgresql://keeper@127.0.0.1/x"),
    ],
)
def test_without_its_extra_a_store_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, module: str, extra: str, url: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=f"{module} is not installed") as caught:
        open_store(url)
    assert caught.value.hint == f'pip install "keyaudit[{extra}]"'


def test_the_file_survives_a_power_cut_and_readers_go_on_while_one_writes(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "s.sqlite"))
    store.record(a_snapshot(1, "a"))
    with store.engine.connect().execution_options(writes=True) as connection:
        for pragma, value in (
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("busy_timeout", 60000),
        ):
            assert connection.scalar(sa.text(f"PRAGMA {pragma}")) == value
        connection.execute(sa.text("DELETE FROM sighting"))
        assert len(store.snapshot("scan-1").findings) == 1
