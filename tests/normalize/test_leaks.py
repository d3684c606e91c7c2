"""Leaks and places as rows, and which key of the inventory a leak is beside."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scanner.evaluate.store import read_facts, write_facts
from scanner.model.access import CredentialFact
from scanner.model.endpoints import JwkFact, TlsCertificateFact
from scanner.model.envelope import DataKeyFact
from scanner.model.facts import Fact, columns_of, values_of
from scanner.model.ids import Json, SourceId
from scanner.model.leaks import LeakFact, LeakScanFact
from scanner.model.tables import CoverageFact, KeyFact
from scanner.normalize.leaks import PLACES, READ, STATEMENTS, normalize
from tests.normalize.builders import missed, observed
from tests.normalize.test_chains import data_key
from tests.normalize.test_resolve import KEY, SOURCE, key, seen

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
    "key_hash": "",
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
    assert one.key_hash == "none"


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


READ_TABLES = (LeakFact, KeyFact, DataKeyFact, CredentialFact, TlsCertificateFact, JwkFact, CoverageFact)
"""The tables that the statements read: alone, without files, they are quick."""


def matched(*facts: Fact, whole: bool = True) -> dict[str, object]:
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
    with duckdb.connect() as db:
        for table in READ_TABLES:
            columns = columns_of(table)
            db.execute(f"CREATE TABLE {table.table} ({', '.join(f'{c.name} {c.sql_type}' for c in columns)})")
            for fact in (*facts, *listings):
                if isinstance(fact, table):
                    values = [list(v) if isinstance(v, tuple) else v for _, v in values_of(fact)]
                    db.execute(f"INSERT INTO {table.table} VALUES ({', '.join('?' * len(values))})", values)
        for statement in STATEMENTS:
            db.execute(statement)
        (row,) = db.execute("SELECT * FROM leaks").fetchall()
        return dict(zip((c.name for c in columns_of(LeakFact)), row, strict=True))


def certificate(**given: Any) -> TlsCertificateFact:  # noqa: ANN401 - any column
    fields = {"certificate_id": "endpoint:ehr f", "endpoint_id": "endpoint:ehr", "account": "ehr", **given}
    return TlsCertificateFact(source=SourceId("endpoint:ehr"), evidence=seen("certificate"), **fields)


def published(**given: Any) -> JwkFact:  # noqa: ANN401 - any column
    fields = {"jwk_id": "endpoint:ehr jwks t", "endpoint_id": "endpoint:ehr", "account": "ehr", **given}
    return JwkFact(source=SourceId("endpoint:ehr"), evidence=seen("set"), **fields)


def named(*mentions: str) -> LeakFact:
    return leak(rows(leaks=[{**LEAK, "mentions": list(mentions)}]))


@pytest.mark.parametrize(
    "mention", [KEY, KEY.rpartition("/")[2], "alias/tenants", KEY.partition(":key/")[0] + ":alias/tenants"]
)
def test_a_key_that_is_named_beside_it_is_the_one_to_look_at(mention: str) -> None:
    one = matched(named("alias/other", mention), key(aliases=("alias/tenants",), state="active"))
    assert (one["matched_key_id"], one["matched_by"], one["matched_state"]) == (KEY, "named beside it", "active")


def test_a_data_key_and_a_key_of_a_token_are_found_by_their_names() -> None:
    dek = data_key("5a3c", state="deactivated")
    raw = leak(rows(leaks=[{**LEAK, "kind": "raw_key", "fingerprint": "", "mentions": ["5a3c"]}]))
    one = matched(raw, dek)
    assert (one["matched_key_id"], one["matched_state"]) == (dek.data_key_id, "deactivated")


def test_of_several_the_one_that_can_be_used_counts() -> None:
    old = key(key_id="arn:aws:kms:us-east-1:111122223333:key/0", state="destroyed")
    one = matched(named(old.key_id, KEY), old, key(state="active"))
    assert one["matched_key_id"] == KEY


@pytest.mark.parametrize(
    ("fact", "whole", "outcome"),
    [
        (key(public_fingerprint="none"), True, "none"),
        (key(public_fingerprint="0" * 64), True, "none"),
        (key(public_fingerprint="none"), False, None),
        # The public half of one of them is not known: it may be that one.
        (key(), True, None),
        (certificate(), True, None),
        (certificate(public_fingerprint="0" * 64), True, "none"),
        (published(), True, None),
        (published(public_fingerprint="none"), True, "none"),
    ],
)
def test_none_is_said_only_when_every_key_was_read(fact: Fact, whole: bool, outcome: str | None) -> None:
    one = matched(named("alias/elsewhere"), fact, whole=whole)
    assert (one["matched_key_id"], one["matched_by"], one["matched_state"]) == (outcome, outcome, outcome)


def test_what_has_no_public_half_is_held_against_names_alone() -> None:
    raw = leak(rows(leaks=[{**LEAK, "kind": "raw_key", "fingerprint": "", "mentions": []}]))
    one = matched(raw, key())
    assert (one["public_fingerprint"], one["matched_by"]) == ("none", "none")


def test_a_list_of_certificates_that_was_not_read_leaves_it_open() -> None:
    unread = CoverageFact(
        source=SOURCE,
        evidence=(),
        coverage_id="tls_certificates endpoint:ehr",
        listed_table="tls_certificates",
        parent_id="endpoint:ehr",
        complete=False,
        row_count=0,
    )
    assert matched(named("alias/elsewhere"), unread)["matched_by"] is None


HALF = "f" * 64
"""Public half of the private key that leaked."""
OTHER = "arn:aws:kms:us-east-1:111122223333:key/0"


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ((key(public_fingerprint=HALF, state="active"),), (KEY, "active")),
        ((key(public_fingerprint=HALF, state="destroyed"),), (KEY, "destroyed")),
        ((certificate(public_fingerprint=HALF),), ("endpoint:ehr f", "active")),
        ((published(public_fingerprint=HALF),), ("endpoint:ehr jwks t", "active")),
        # The key that is named beside it is another one.
        (
            (key(state="destroyed", public_fingerprint="0" * 64), certificate(public_fingerprint=HALF)),
            ("endpoint:ehr f", "active"),
        ),
        # One material in two places: the one that can be used counts, then the one of which that is not known.
        (
            (
                key(key_id=OTHER, public_fingerprint=HALF, state="destroyed"),
                key(public_fingerprint=HALF, state="active"),
            ),
            (KEY, "active"),
        ),
        (
            (key(key_id=OTHER, public_fingerprint=HALF, state="destroyed"), key(public_fingerprint=HALF, state=None)),
            (KEY, None),
        ),
    ],
)
def test_the_public_half_proves_which_key_it_is(facts: tuple[Fact, ...], outcome: tuple[str | None, ...]) -> None:
    one = matched(named("alias/tenants"), *facts)
    assert (one["matched_key_id"], one["matched_state"], one["matched_by"]) == (*outcome, "public half")
    kept = one["evidence"]
    assert isinstance(kept, list)
    (proof,) = [fact.evidence for fact in facts if outcome[0] in vars_of(fact)]
    assert set(proof) <= set(kept)


def vars_of(fact: Fact) -> tuple[Any, ...]:
    return tuple(value for _, value in values_of(fact) if isinstance(value, str))


@pytest.mark.parametrize(
    ("registered", "told"),
    [
        ((data_key("5a3c", state="active", fingerprint="ab12"),), ("data key fingerprint", "active")),
        ((data_key("5a3c", state="destroyed", fingerprint="ab12"),), ("data key fingerprint", "destroyed")),
        (
            (
                data_key("5a3c", state="destroyed", fingerprint="ab12"),
                data_key("5a3d", state="active", fingerprint="ab12"),
            ),
            ("data key fingerprint", "active"),
        ),
        ((data_key("5a3c", state="active", fingerprint="cd34"),), ("named beside it", "active")),
        ((data_key("5a3c", state="active"),), ("named beside it", "active")),
    ],
)
def test_a_data_key_is_proved_by_the_fingerprint_in_its_registry(
    registered: tuple[Fact, ...], told: tuple[str, str]
) -> None:
    found: Json = {**LEAK, "kind": "raw_key", "fingerprint": "", "key_hash": "ab12", "mentions": ["5a3c"]}
    one = matched(leak(rows(leaks=[found])), *registered)
    assert (one["matched_by"], one["matched_state"]) == told


@pytest.mark.parametrize("leaked", ["", "0" * 64, None])
def test_another_public_half_or_none_proves_nothing(leaked: str | None) -> None:
    one = leak(rows(leaks=[{**LEAK, "fingerprint": leaked, "mentions": []}]))
    told = matched(one, key(public_fingerprint="none"), certificate(public_fingerprint=HALF))
    assert told["matched_by"] == (None if leaked is None else "none")


@pytest.mark.parametrize(
    ("half", "state", "told"),
    [
        ("0" * 64, "destroyed", ("none", "none")),
        ("none", "deactivated", ("none", "none")),
        ("0" * 64, "active", ("named beside it", "active")),
        (None, "destroyed", ("named beside it", "destroyed")),
    ],
)
def test_that_another_key_is_out_of_use_says_nothing_of_this_one(
    half: str | None, state: str, told: tuple[str, str]
) -> None:
    one = matched(named("alias/tenants"), key(aliases=("alias/tenants",), public_fingerprint=half, state=state))
    assert (one["matched_by"], one["matched_state"]) == told


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
    hint: str | None, given: dict[str, Any], outcome: tuple[str | None, ...]
) -> None:
    leaked = leak(rows(leaks=[{**LEAK, "kind": "openai_key", "hint": "sk-proj-...wxyz", "mentions": []}]))
    one = matched(leaked, credential(hint, **given))
    assert (one["matched_key_id"], one["matched_by"], one["matched_state"]) == outcome


@pytest.mark.parametrize(
    ("shown", "active", "outcome"),
    [
        ("AKIAIOSFODNN7ABCDEFG", True, ("openai:1", "access key id", "active")),
        ("AKIAIOSFODNN7ABCDEFG", False, ("openai:1", "access key id", "deactivated")),
        ("AKIAIOSFODNN7ABCDEFH", True, ("none", "none", "none")),
        ("", True, ("none", "none", "none")),
        (None, True, ("none", "none", "none")),
    ],
)
def test_an_access_key_is_told_by_the_id_beside_it(shown: str | None, active: bool, outcome: tuple[str, ...]) -> None:
    found: Json = {**LEAK, "kind": "aws_key", "fingerprint": "", "hint": "AKIAIOSFODNN7ABCDEFG", "mentions": []}
    row = credential(shown, provider="aws", kind="access_key", active=active)
    one = matched(leak(rows(leaks=[found])), row)
    assert (one["matched_key_id"], one["matched_by"], one["matched_state"]) == outcome


def test_a_row_keeps_the_evidence_of_the_key_too(tmp_path: Path) -> None:
    found: Any = key(state="active")
    assert isinstance(found, KeyFact)
    write_facts([named(KEY), found], tmp_path, STATEMENTS, AS_OF)
    (one,) = read_facts(tmp_path, "leaks")
    kept = one["evidence"]
    assert isinstance(kept, list)
    assert set(found.evidence) <= set(kept)
