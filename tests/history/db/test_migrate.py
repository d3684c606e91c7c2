"""Schemas of another age: older ones are brought up and lose nothing, newer ones are left alone."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from scanner.errors import ConfigError
from scanner.history.db import connect
from scanner.history.db.migrate import FOLDER, bring_up
from scanner.history.store import open_store
from tests.history.scans import a_key_state, a_snapshot

NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{revision}", "{before}"


def upgrade() -> None:
    op.add_column("scan", sa.Column("note_{revision}", sa.Text, nullable=False, server_default="old"))
    op.execute("UPDATE scan SET note_{revision} = 'was scan ' || number")
"""


def grown(folder: Path, *revisions: str) -> Path:
    """Return the revisions of a later keyaudit."""
    later = folder / f"later-{len(revisions)}"
    shutil.copytree(FOLDER, later, ignore=shutil.ignore_patterns("__pycache__"))
    before = "0001"
    for revision in revisions:
        (later / "versions" / f"v{revision}.py").write_text(NEXT.format(revision=revision, before=before))
        before = revision
    return later


def notes(url: str, column: str) -> list[str]:
    with connect.connect(connect.parse(url)).connect() as connection:
        return list(connection.scalars(sa.text(f"SELECT {column} FROM scan ORDER BY number")))


def test_an_older_schema_is_brought_up_once_by_many_and_loses_nothing(url: str, tmp_path: Path) -> None:
    scans = [a_snapshot(day, "a", keys=[a_key_state("k")]) for day in (1, 2)]
    store = open_store(url)
    for scan in scans:
        store.record(scan)
    later = grown(tmp_path, "0002", "0003")
    failed = []

    def bring() -> None:
        place = connect.parse(url)
        try:
            bring_up(connect.connect(place), place, create=False, folder=later)
        except Exception as error:  # noqa: BLE001 - told in the main thread
            failed.append(error)

    threads = [threading.Thread(target=bring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert notes(url, "note_0002") == notes(url, "note_0003") == ["was scan 1", "was scan 2"]
    assert [store.snapshot(scan.scan.id) for scan in scans] == scans
    # And this keyaudit, which knows only the first revision, leaves it alone.
    with pytest.raises(ConfigError, match=r"was made by a newer keyaudit \(its schema is 0003\)") as caught:
        open_store(url)
    assert "use that keyaudit" in caught.value.hint


def test_a_step_that_fails_leaves_the_schema_as_it_was(url: str, tmp_path: Path) -> None:
    open_store(url).record(a_snapshot(1, "a"))
    later = grown(tmp_path, "0002", "0003")
    (later / "versions" / "v0003.py").write_text(
        NEXT.format(revision="0003", before="0002").replace("number", "no_such")
    )
    place = connect.parse(url)
    with pytest.raises(connect.StoreError, match="no_such"):
        bring_up(connect.connect(place), place, create=False, folder=later)
    assert open_store(url).scans()[0] == a_snapshot(1, "a").scan
    with pytest.raises(sa.exc.DatabaseError):
        notes(url, "note_0002")


def test_a_foreign_database_is_refused_and_left_alone(url: str) -> None:
    place = connect.parse(url)
    engine = connect.connect(place)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (x INTEGER)")
    with pytest.raises(ConfigError, match="is not a store of keyaudit: it has a table 'theirs'"):
        bring_up(engine, place, create=True)
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["theirs"]
