"""Opening fact files: only what was named, nothing left behind."""

from __future__ import annotations

from pathlib import Path

from scanner.evaluate.factdb import open_facts
from scanner.evaluate.store import write_facts
from tests.evaluate.builders import a_key


def test_tables_are_counted_and_kept_under_a_name(tmp_path: Path) -> None:
    facts = tmp_path / "it's facts"
    write_facts([a_key("a"), a_key("b")], facts)
    with open_facts(facts, ["keys"]) as db:
        db.define("one", "SELECT key_id FROM keys WHERE key_id = 'a'")
        assert db.rows("SELECT key_id FROM one") == [("a",)]
        assert db.counted("SELECT count(*) FROM keys WHERE key_id <> $id", {"id": "a"}) == 1
    assert [path.name for path in tmp_path.iterdir()] == [facts.name]
