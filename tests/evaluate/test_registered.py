"""The exceptions of a report: those that cover nothing first, and no more than a page holds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scanner.evaluate import registered as module
from scanner.evaluate.registered import registered
from scanner.evaluate.store import write_facts
from tests.evaluate.test_exceptions import an_exception


def test_what_covers_nothing_comes_first(tmp_path: Path) -> None:
    given = [
        an_exception("d", matched_count=1, covered_count=1),
        an_exception("b", matched_count=0, covered_count=0),
        an_exception("c"),
        an_exception("a", in_force=None, matched_count=2),
        an_exception("e", in_force=False),
    ]
    write_facts(given, tmp_path / "facts")
    entries, more = registered(tmp_path / "facts")
    assert ([entry.id for entry in entries], more) == (["e", "a", "b", "c", "d"], 0)
    last = entries[-1]
    assert (last.controls, last.subjects, last.ends) == (("KM-TST-01",), ("*",), datetime(2026, 6, 30, tzinfo=UTC))
    assert (last.matched, last.covered, last.in_force) == (1, 1, True)


def test_what_is_not_known_is_said_so(tmp_path: Path) -> None:
    write_facts([an_exception(owner=None, controls=None, ends_at=None)], tmp_path / "facts")
    ((entry,), _) = registered(tmp_path / "facts")
    assert (entry.owner, entry.controls, entry.ends) == ("not known", (), None)


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    write_facts([an_exception(f"e{i}") for i in range(module.MOST + 3)], tmp_path / "facts")
    entries, more = registered(tmp_path / "facts")
    assert (len(entries), more) == (module.MOST, 3)


def test_without_exceptions_there_are_none(tmp_path: Path) -> None:
    write_facts([], tmp_path / "facts")
    assert registered(tmp_path / "facts") == ((), 0)
