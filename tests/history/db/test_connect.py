"""Which URLs are taken, what is shown of them, and how writers wait."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from scanner.errors import ConfigError
from scanner.history.db import connect
from scanner.history.db.connect import StoreError, log_ahead, parse

SHOWN = [
    ("scans.sqlite", "scans.sqlite"),
    ("a folder/it's.db", "a folder/it's.db"),
    ("sqlite:///scans.sqlite", "scans.sqlite"),
    ("sqlite:////var/lib/scans.sqlite", "/var/lib/scans.sqlite"),
    ("postgresql://h/d", "postgresql://h/d"),
    ("postgres://u:s3cret@h:1/d?sslmode=require&password=s3cret", "postgresql://u:***@h:1/d"),
    ("postgresql+psycopg://u:s3cret%40@/d?host=/run", "postgresql://u:***@/d"),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_a_place_is_shown_without_its_password(text: str, shown: str) -> None:
    place = parse(text)
    assert place.shown == shown
    assert (place.path is None) == ("postgres" in text)
    assert place.url.drivername == ("sqlite" if place.path else "postgresql+psycopg")
    assert place.path is not None or dict(place.url.query) == dict(sa.make_url(text).query)


REFUSED = [
    ("", "the store has no file"),
    (":memory:", "the store has no file"),
    ("sqlite://", "the store has no file"),
    ("sqlite:///:memory:", "the store has no file"),
    ("sqlite:///a.db?mode=ro", "is sqlite:/// and a path, and nothing else"),
    ("sqlite://host/a.db", "is sqlite:/// and a path, and nothing else"),
    ("mysql://u:s3cret@h/d", "no store in 'mysql'"),
    ("postgresql+asyncpg://u:s3cret@h/d", r"no store in 'postgresql\+asyncpg'"),
    ("postgresql://u:s3cret@h:port/d", "cannot be understood"),
    ("://u:s3cret@h", "cannot be understood"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_another_place_is_refused_and_its_password_not_repeated(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse(text)
    assert "s3cret" not in f"{caught.value}{caught.value.hint}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_writer_waits_for_another_and_says_so_when_it_takes_too_long(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "PATIENCE", 0.02)
    engine = connect.connect(parse(url))
    with (
        connect.writing(engine, "here"),
        pytest.raises(StoreError, match=r"the store here: (database is locked|.*lock timeout)"),
        connect.writing(engine, "here"),
    ):
        pass


def test_two_that_make_the_same_file_wait_for_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "PATIENCE", 0)
    engine = connect.connect(parse(str(tmp_path / "s.sqlite")))
    other = sqlite3.connect(tmp_path / "s.sqlite", isolation_level=None)
    other.execute("CREATE TABLE t (x)")
    waited: list[float] = []
    other.execute("BEGIN EXCLUSIVE")
    log_ahead(engine, waited.append)
    assert len(waited) == 300  # as long as it takes: the file keeps its way
    log_ahead(engine, lambda _: other.execute("COMMIT"))
    other.close()
    with engine.connect() as connection:
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"


def test_an_error_without_words_is_told_by_its_kind() -> None:
    with pytest.raises(StoreError, match="the store x: OperationalError"), connect.told("x"):
        raise sqlite3.OperationalError
