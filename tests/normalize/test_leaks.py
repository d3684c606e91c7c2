"""Leaks and places as rows, and which key of the inventory a leak is beside."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.evaluate.store import read_facts, write_facts
from scanner.model.access import CredentialFact
from scanner.model.facts import Fact
from scanner.model.ids import Json, SourceId
from scanner.model.leaks import LeakFact, LeakScanFact
from scanner.model.tables import CoverageFact, KeyFact
from scanner.normalize.leaks import PLACES, READ, STATEMENTS, normalize
from tests.normalize.builders import missed, observed
from tests.normalize.test_chains import data_key
from tests.normalize.test_resolve import KEY, SOURCE, key

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
LEAK: dict[str, Json] = {
    "leak": "abc",
    "kind": "private_key",
    "detector": "keyaudit",
    "path": "a.log",
    "line": 3,
    "commit": "",
    "message": "",
    "object": "",
    "at": "",
    "hash": "h",
    "bits": 2048,
    "fingerprint": "f" * 64,
    "encrypted": False,
    "hint": "",
    "mentions": ["alias/a"],
    "occurrences": 1,
}
BODY: dict[str, Json] = {
    "place": "logs",
    "kind": "files",
    "files": 2,
    "bytes": 10,
    "messages": 0,
    "objects": 0,
    "marked": 1,
    "skipped": [],
    "leaks": [LEAK],
}
LISTED = observed(PLACES, {"places": [{"place": "logs", "kind": "files"}]})


def rows(**given: Json) -> list[Fact]:
    return list(normalize([LISTED, observed(READ, {**BODY, **given}, subject="logs")]))


def place(found: list[Fact]) -> LeakScanFact:
    (one,) = [row for row in found if isinstance(row, LeakScanFact)]
    return one


def leak(found: list[Fact]) -> LeakFact:
    (one,) = [row for row in found if isinstance(row, LeakFact)]
    return one


def coverage(found: list[Fact]) -> dict[str, bool]:
    return {row.listed_table: row.complete for row in found if isinstance(row, CoverageFact)}


def test_a_leak_is_a_row_with_its_place() -> None:
    one = leak(rows())
    assert (one.leak_id, one.leak_class, one.what, one.place) == (
        "leak:abc",
        "key",
        "private key",
        "logs: a.log line 3",
    )
    assert (one.message_id, one.commit, one.told, one.told_at, one.usable) == ("none", "none", False, None, True)
    assert (one.length_bits, one.public_fingerprint, one.mentions) == (2048, "f" * 64, ("alias/a",))


def test_a_message_and_a_commit_say_where_and_when() -> None:
    told: Json = {**LEAK, "line": 0, "message": "17.1", "commit": "c" * 40, "at": "2026-01-02T03:04:05Z", "bits": None}
    one = leak(rows(leaks=[told]))
    assert one.place == f"logs: a.log message 17.1 commit {'c' * 12}"
    assert (one.told, one.told_at, one.length_bits) == (True, datetime(2026, 1, 2, 3, 4, 5), 0)  # noqa: DTZ001 - as tables keep it


def test_a_place_that_was_read_whole_and_has_none() -> None:
    found = rows(leaks=[])
    one = place(found)
    assert (one.whole, one.key_leaks, one.credential_leaks, one.pin_leaks, one.skipped) == (True, 0, 0, 0, ())
    assert (one.files, one.bytes, one.marked, one.leaking_places) == (2, 10, 1, ())
    assert coverage(found) == {"leaks": True, "leak_scans": True}


def test_none_that_was_found_counts_only_where_all_was_read() -> None:
    found = rows(skipped=[{"reason": "link", "count": 2, "names": []}, {"reason": "archive", "count": 1}])
    one = place(found)
    assert (one.whole, one.key_leaks, one.credential_leaks) == (False, 1, None)
    assert (one.skipped, one.skipped_count) == (("archive: 1", "link: 2"), 3)
    assert coverage(found) == {"leaks": False, "leak_scans": True}


@pytest.mark.parametrize(
    "given",
    [
        {"skipped": None},
        {"skipped": ["link"]},
        {"skipped": [{"reason": 7}]},
        {"skipped": [{"reason": "link", "count": -1}]},
        {"leaks": None},
        {"leaks": ["x"]},
    ],
)
def test_what_is_not_understood_is_not_known(given: dict[str, Json]) -> None:
    one = place(rows(**{"leaks": [], **given}))
    assert (one.whole, one.key_leaks) == (None, None)


def test_a_kind_that_is_not_known_keeps_every_count_unknown() -> None:
    found = rows(leaks=[{**LEAK, "kind": "new", "encrypted": None, "message": None}])
    assert (leak(found).leak_class, leak(found).usable, leak(found).message_id) == (None, None, None)
    assert place(found).key_leaks is None


def test_a_place_that_could_not_be_read() -> None:
    found = list(normalize([LISTED, missed(READ, subject="logs")]))
    one = place(found)
    assert (one.whole, one.files, one.skipped_count, one.leaking_places) == (None, None, None, None)
    assert coverage(found) == {"leaks": False, "leak_scans": True}


def test_places_that_nobody_told() -> None:
    assert coverage(list(normalize([missed(PLACES)]))) == {"leaks": False, "leak_scans": False}


def test_what_nobody_asked_for_is_not_covered() -> None:
    assert coverage(list(normalize([LISTED]))) == {"leak_scans": True}
    assert coverage(list(normalize([missed(READ, subject="logs")]))) == {}
    assert list(normalize([])) == []


def matched(folder: Path, *facts: Fact, whole: bool = True) -> dict[str, object]:
    listings = [
        CoverageFact(
            source=SOURCE,
            evidence=(),
            coverage_id=table,
            listed_table=table,
            parent_id=SOURCE,
            complete=whole,
            row_count=1,
        )
        for table in ("keys", "data_keys")
    ]
    write_facts([*facts, *listings], folder, STATEMENTS, AS_OF)
    (one,) = read_facts(folder, "leaks")
    return one


def named(*mentions: str) -> LeakFact:
    return leak(rows(leaks=[{**LEAK, "mentions": list(mentions)}]))


@pytest.mark.parametrize(
    "mention", [KEY, KEY.rpartition("/")[2], "alias/tenants", KEY.partition(":key/")[0] + ":alias/tenants"]
)
def test_a_key_that_is_named_beside_it_is_the_one_to_look_at(tmp_path: Path, mention: str) -> None:
    one = matched(tmp_path, named("alias/other", mention), key(aliases=("alias/tenants",), state="active"))
    assert (one["matched_key_id"], one["matched_by"], one["matched_state"]) == (KEY, "named beside it", "active")


def test_a_data_key_and_a_key_of_a_token_are_found_by_their_names(tmp_path: Path) -> None:
    dek = data_key("5a3c", state="deactivated")
    one = matched(tmp_path, named("5a3c"), dek)
    assert (one["matched_key_id"], one["matched_state"]) == (dek.data_key_id, "deactivated")


def test_of_several_the_one_that_can_be_used_counts(tmp_path: Path) -> None:
    old = key(key_id="arn:aws:kms:us-east-1:111122223333:key/0", state="destroyed")
    one = matched(tmp_path, named(old.key_id, KEY), old, key(state="active"))
    assert one["matched_key_id"] == KEY


@pytest.mark.parametrize(("whole", "outcome"), [(True, "none"), (False, None)])
def test_none_is_said_only_when_every_key_was_read(tmp_path: Path, whole: bool, outcome: str | None) -> None:
    one = matched(tmp_path, named("alias/elsewhere"), key(state="active"), whole=whole)
    assert (one["matched_key_id"], one["matched_by"], one["matched_state"]) == (outcome, outcome, outcome)


def credential(hint: str | None, **given: Any) -> CredentialFact:  # noqa: ANN401 - any column
    fields = {"credential_id": "openai:1", "account": "org", "provider": "openai", "active": True, **given}
    return CredentialFact(source=SourceId("vendors:x"), evidence=key().evidence, hint=hint, **fields)


@pytest.mark.parametrize(
    ("hint", "given", "outcome"),
    [
        ("sk-proj-a...wxyz", {}, ("openai:1", "vendor hint", "active")),
        ("sk-...wxyz", {"active": False}, ("openai:1", "vendor hint", "deactivated")),
        ("xyz", {"active": None}, ("openai:1", "vendor hint", None)),
        ("sk-proj-********wxyz", {}, ("openai:1", "vendor hint", "active")),
        ("sk-admin-...wxyz", {}, ("none", "none", "none")),
        ("sk-proj-...abcd", {}, ("none", "none", "none")),
        ("sk-proj-...yz", {}, ("none", "none", "none")),
        (None, {}, ("none", "none", "none")),
        ("sk-proj-...wxyz", {"provider": "anthropic"}, ("none", "none", "none")),
    ],
)
def test_a_key_of_a_vendor_is_told_by_what_its_vendor_shows(
    tmp_path: Path, hint: str | None, given: dict[str, Any], outcome: tuple[str | None, ...]
) -> None:
    leaked = leak(rows(leaks=[{**LEAK, "kind": "openai_key", "hint": "sk-proj-...wxyz", "mentions": []}]))
    one = matched(tmp_path, leaked, credential(hint, **given))
    assert (one["matched_key_id"], one["matched_by"], one["matched_state"]) == outcome


def test_a_row_keeps_the_evidence_of_the_key_too(tmp_path: Path) -> None:
    found: Any = key(state="active")
    assert isinstance(found, KeyFact)
    kept = matched(tmp_path, named(KEY), found)["evidence"]
    assert isinstance(kept, list)
    assert set(found.evidence) <= set(kept)
