"""The verdict file: its rows, their order, their values."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from scanner.evaluate.judged import export
from tests.evaluate.builders import (
    OTHER,
    SOURCE,
    a_control,
    a_gap,
    a_grant,
    a_key,
    a_policy,
    decide,
    grants,
    judge,
    listed,
    with_ids,
)


def test_the_file_has_the_columns_that_are_documented(tmp_path: Path) -> None:
    judged = judge(tmp_path, a_control(observe=("length_bits",)), [a_key(), listed()])
    with duckdb.connect() as db:
        columns = db.execute(f"DESCRIBE FROM read_parquet('{judged.verdicts}')").fetchall()
    assert [column[:2] for column in columns] == [
        ("control_id", "VARCHAR"),
        ("subject", "VARCHAR"),
        ("verdict", "VARCHAR"),
        ("rests_on", "VARCHAR"),
        ("reason", "VARCHAR"),
        ("observed", "VARCHAR"),
        ("evidence", "VARCHAR[]"),
        ("source", "VARCHAR"),
        ("waiver", "VARCHAR"),
    ]
    (row,) = judged.rows()
    assert row == ("KM-TST-01", "k", "pass", "observed", "", '{"length_bits":256}', ["sha256:1"], SOURCE, "")


def test_rows_stand_by_table_subject_and_control(tmp_path: Path) -> None:
    controls = with_ids(a_control(), "KM-TST-02", "KM-TST-01")
    policy = a_control(id="KM-TST-00", table="key_policies", pass_when="NOT public", fail_when="public")
    facts = [a_key("b"), a_key("a", source=OTHER), a_key("a"), a_policy("c"), listed(), listed("key_policies")]
    judged = judge(tmp_path, [*controls, policy], facts)
    assert judged.rows("control_id, subject, source") == [
        ("KM-TST-00", "c", SOURCE),
        ("KM-TST-01", "a", SOURCE),
        ("KM-TST-02", "a", SOURCE),
        ("KM-TST-01", "a", OTHER),
        ("KM-TST-02", "a", OTHER),
        ("KM-TST-01", "b", SOURCE),
        ("KM-TST-02", "b", SOURCE),
    ]


def test_every_kind_of_value_is_shown(tmp_path: Path) -> None:
    control = a_control(
        related=(grants("count"), grants("max", value="created_at", name="last")),
        observe=("name", "length_bits", "expires", "created_at", "tags", "found", "last", "state"),
    )
    key = a_key(name='a"b\\ü\n<b>', expires=False, created_at=datetime(2026, 1, 2, 3, 4, 5), tags=("x=1", "y"))  # noqa: DTZ001
    grant = a_grant("g", decrypts=True, created_at=datetime(2025, 1, 1))  # noqa: DTZ001
    judged = judge(tmp_path, control, [key, grant, listed(), listed("key_grants", "k")])
    assert judged.observed() == {
        "name": 'a"b\\ü\n<b>',
        "length_bits": 256,
        "expires": False,
        "created_at": "2026-01-02T03:04:05Z",
        "tags": ["x=1", "y"],
        "found": 1,
        "last": "2025-01-01T00:00:00Z",
        "state": None,
    }


def test_a_control_that_shows_nothing_has_an_empty_object(tmp_path: Path) -> None:
    assert judge(tmp_path, a_control(), [a_key(), listed()]).rows("observed") == [("{}",)]


def test_a_list_in_which_something_is_not_known_is_not_known(tmp_path: Path) -> None:
    control = a_control(
        pass_when="NOT list_contains(tags, 'x')", fail_when="list_contains(tags, 'x')", observe=("tags",)
    )
    first = judge(tmp_path, control, [a_key(tags=("a",)), listed()])
    assert first.verdict() == "pass"
    with duckdb.connect() as db:
        path = first.facts / "keys.parquet"
        db.execute(f"CREATE TABLE keys AS SELECT * REPLACE (['a', NULL] AS tags) FROM read_parquet('{path}')")
        db.execute(f"COPY keys TO '{path}' (FORMAT parquet)")
    again = decide(tmp_path, control, first.facts)
    assert (again.verdict(), again.reason(), again.observed()) == ("unknown", "not reported: tags", {"tags": None})


def test_a_reason_stands_at_unknown_verdicts_only(tmp_path: Path) -> None:
    facts = [a_key("pass"), a_key("fail", length_bits=1), a_key("none", managed_by="provider"), listed()]
    judged = judge(tmp_path, a_control(), facts, gaps=[a_gap("describe"), a_gap("describe", "fail")])
    assert {reason for _, reason in judged.rows("subject, reason")} == {""}


def test_without_a_control_the_file_is_empty_and_has_its_columns(tmp_path: Path) -> None:
    with duckdb.connect() as db:
        export(db, [], tmp_path / "it's.parquet")
        path = str(tmp_path / "it's.parquet").replace("'", "''")
        assert db.execute(f"FROM read_parquet('{path}')").fetchall() == []
        assert len(db.execute(f"DESCRIBE FROM read_parquet('{path}')").fetchall()) == 9
    assert [path.name for path in tmp_path.iterdir()] == ["it's.parquet"]
