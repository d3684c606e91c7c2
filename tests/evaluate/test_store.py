"""Fact tables on disk: the same rows give the same bytes, and no value of the outside world breaks them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.evaluate.store import naive_utc, read_facts, relation, workspace, write_facts
from scanner.model.facts import Fact
from scanner.model.tables import TABLES
from tests.evaluate.builders import OTHER, SOURCE, a_grant, a_key, listed


def written(folder: Path, *facts: Fact, derived: tuple[str, ...] = ()) -> Path:
    write_facts(facts, folder / "facts", derived)
    return folder / "facts"


def kept(folder: Path, **given_values: Any) -> dict[str, object]:  # noqa: ANN401 - any column of KeyFact
    (row,) = read_facts(written(folder, a_key(**given_values)), "keys", list(given_values))
    return row


def test_every_table_has_a_file_with_its_columns(tmp_path: Path) -> None:
    folder = written(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{t.table}.parquet" for t in TABLES)
    for table in TABLES:
        assert read_facts(folder, table.table) == []


def test_a_row_comes_back_as_it_was(tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "name": "alias/x",
        "length_bits": 256,
        "expires": False,
        "created_at": datetime(2026, 1, 2, 3, 4, 5, 678),  # noqa: DTZ001 - as tables keep it
        "tags": ("a=1", ""),
        "aliases": (),
        "provider_spec": None,
    }
    expected = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    assert kept(tmp_path, **values) == expected


@pytest.mark.parametrize(
    ("given_text", "stored"),
    [
        ("", ""),
        ("null", "null"),
        ("NULL", "NULL"),
        ("a\x00b", "a\\u0000b"),
        ("\x1b[31m\r\n\t\x07", "\x1b[31m\r\n\t\x07"),
        ("<script>alert('x')</script> ={}\"\\", "<script>alert('x')</script> ={}\"\\"),
        ("'; DROP TABLE keys; --", "'; DROP TABLE keys; --"),
        ("\ud800", "\ufffd"),
        ("x\udfffy", "x\ufffdy"),
        ("\ud83d\ude00 \U0001f600", "\U0001f600 \U0001f600"),
        ("\ufeff\u202e\u2028é", "\ufeff\u202e\u2028é"),
        ("2026-01-01", "2026-01-01"),
        ("1e5", "1e5"),
    ],
)
def test_hostile_text_is_kept_or_shown_for_what_it_is(tmp_path: Path, given_text: str, stored: str) -> None:
    row = kept(tmp_path, key_id=given_text, name=given_text, tags=(given_text, given_text))
    assert row == {"key_id": stored, "name": stored, "tags": [stored, stored]}


def test_ten_megabytes_of_text_are_kept(tmp_path: Path) -> None:
    text = "é" * 5_000_000
    assert kept(tmp_path, name=text, provider_spec=text)["provider_spec"] == text


@pytest.mark.parametrize("value", [10**30, -(10**30), 2**63, -(2**63) - 1])
def test_a_number_too_large_for_the_table_is_not_known(tmp_path: Path, value: int) -> None:
    assert kept(tmp_path, length_bits=value) == {"length_bits": None}


@pytest.mark.parametrize("value", [0, -1, 2**63 - 1, -(2**63)])
def test_the_largest_numbers_are_kept(tmp_path: Path, value: int) -> None:
    assert kept(tmp_path, length_bits=value) == {"length_bits": value}


@pytest.mark.parametrize("year", [1, 999, 1969, 9999])
def test_every_year_is_kept(tmp_path: Path, year: int) -> None:
    instant = datetime(year, 12, 31, 23, 59, 59)  # noqa: DTZ001 - as tables keep it
    assert kept(tmp_path, created_at=instant) == {"created_at": instant}


def test_an_instant_of_another_zone_is_kept_in_utc(tmp_path: Path) -> None:
    there = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    here = datetime(2025, 12, 31, 23)  # noqa: DTZ001 - as tables keep it
    assert kept(tmp_path, created_at=there) == {"created_at": here}
    assert naive_utc(here) is here
    assert naive_utc(here.replace(tzinfo=UTC)) == here


@settings(max_examples=5, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), max_size=30))
def test_all_text_that_is_text_comes_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("texts")
    facts = written(folder, *(a_key(f"{i}", name=text) for i, text in enumerate(texts)))
    assert {str(row["key_id"]): row["name"] for row in read_facts(facts, "keys")} == {
        f"{i}": text for i, text in enumerate(texts)
    }


def test_rows_are_sorted_by_key_and_source_whatever_their_order(tmp_path: Path) -> None:
    facts: list[Fact] = [a_key(one, source=source) for one in ("b", "a", "é", "B") for source in (SOURCE, OTHER)]
    files = set()
    for seed in range(3):
        shuffled = random.Random(seed).sample(facts, len(facts))  # noqa: S311 - an order, not a secret
        files.add((written(tmp_path, *shuffled) / "keys.parquet").read_bytes())
    assert len(files) == 1
    rows = read_facts(tmp_path / "facts", "keys", ["key_id", "source"])
    assert [(row["key_id"], row["source"]) for row in rows] == [
        (one, source) for one in ("B", "a", "b", "é") for source in (SOURCE, OTHER)
    ]


def test_of_two_rows_of_one_key_the_one_that_knows_more_is_kept(tmp_path: Path) -> None:
    one = a_key(name="x", evidence=("sha256:1",))
    more = a_key(name="x", provider_spec="y", evidence=("sha256:2",))
    for facts in ([one, more], [more, one]):
        (row,) = read_facts(written(tmp_path, *facts), "keys", ["provider_spec", "evidence"])
        assert row == {"provider_spec": "y", "evidence": ["sha256:2"]}


def test_two_rows_that_know_as_much_are_chosen_by_their_values_and_not_by_order(tmp_path: Path) -> None:
    twins = [a_key(name=name) for name in ("b", "a")]
    names = [read_facts(written(tmp_path, *order), "keys", ["name"]) for order in (twins, twins[::-1], twins + twins)]
    assert names == [[{"name": "a"}]] * 3


def test_a_listing_that_was_complete_once_counts(tmp_path: Path) -> None:
    facts = written(tmp_path, listed(complete=False), listed(complete=True))
    assert read_facts(facts, "coverage", ["complete"]) == [{"complete": True}]


def test_a_table_is_completed_from_its_own_rows(tmp_path: Path) -> None:
    facts = written(tmp_path, a_key(), derived=("UPDATE keys SET name = 'from all rows'",))
    assert read_facts(facts, "keys", ["name"]) == [{"name": "from all rows"}]


def test_the_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    folder = written(tmp_path, a_key())
    (folder / "old.parquet").write_text("old")
    (tmp_path / ".facts.partial").mkdir()
    written(tmp_path, a_grant("g"))
    assert not (folder / "old.parquet").exists()
    assert read_facts(folder, "keys") == []
    assert [path.name for path in tmp_path.iterdir()] == ["facts"]


def test_a_failure_leaves_the_earlier_facts(tmp_path: Path) -> None:
    folder = written(tmp_path, a_key())
    with pytest.raises(duckdb.Error):
        written(tmp_path, a_key(), derived=("UPDATE nothing SET name = 'x'",))
    assert len(read_facts(folder, "keys")) == 1


def test_what_a_killed_scan_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".spool-old").mkdir()
    (tmp_path / ".spool-old" / "keys.jsonl").write_text("{}")
    with workspace(tmp_path, ".spool-") as folder:
        assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert list(tmp_path.iterdir()) == []


def test_paths_with_quotes_are_paths(tmp_path: Path) -> None:
    folder = tmp_path / "it's a; folder"
    assert len(read_facts(written(folder, a_key()), "keys")) == 1
    with duckdb.connect() as db:
        assert db.execute(relation(folder / "facts", "keys", ["key_id"])).fetchall() == [(0, "k")]


def test_a_relation_numbers_the_rows_of_the_file(tmp_path: Path) -> None:
    facts = written(tmp_path, *(a_key(f"{i:05}", tags=("a",)) for i in range(5000)))
    with duckdb.connect() as db:
        rows = db.execute(relation(facts, "keys", ["key_id", "tags", "evidence"])).fetchall()
    assert rows == [(i, f"{i:05}", ["a"], ["sha256:1"]) for i in range(5000)]
