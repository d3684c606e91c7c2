"""What the report tells of envelopes and self-tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scanner.evaluate import proof as module
from scanner.evaluate.factdb import open_facts
from scanner.evaluate.store import write_facts
from scanner.model.envelope import EnvelopeFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest, SourceId
from scanner.model.proof import Envelope, Proof, Proven, Registry
from scanner.model.selftest import SelftestFact
from tests.evaluate.inventories import a_data_key

NOW = datetime(2026, 11, 1, tzinfo=UTC)
_ROW: dict[str, Any] = {"source": SourceId("postgres:voice"), "evidence": (Digest("sha256:1"),)}


def told(folder: Path, facts: Iterable[Fact]) -> Proof:
    write_facts(facts, folder / "facts")
    with open_facts(folder / "facts", module.TABLES) as db:
        return module.proof(db, NOW)


def a_test(test: str, outcome: str | None, target: str = "key") -> SelftestFact:
    fields: dict[str, Any] = {"selftest_id": f"{test} {target}", "kind": test, "target": target, "outcome": outcome}
    return SelftestFact(**_ROW, **fields, detail="as seen", cases=2, calls=3)


def test_no_facts_no_proof(tmp_path: Path) -> None:
    assert told(tmp_path, []) == Proof()


def test_data_keys_are_counted_by_registry(tmp_path: Path) -> None:
    facts = [
        a_data_key("1", tenant="a", state="active", activated_at=NOW - timedelta(days=40), value_count=5),
        a_data_key("2", tenant="b", state="active", activated_at=NOW - timedelta(days=7), value_count=7),
        a_data_key("3", tenant="b", state="deactivated", activated_at=NOW - timedelta(days=400), value_count=1),
        a_data_key("4", registered=False, value_count=1),
        a_data_key("5", registry_id="other"),
    ]
    counted = Registry(
        registry_id="registry",
        data_keys=4,
        active=2,
        unregistered=1,
        tenants=2,
        oldest_active_days=40,
        values=14,
    )
    unknown = Registry(
        registry_id="other",
        data_keys=1,
        active=0,
        unregistered=0,
        tenants=0,
        oldest_active_days=None,
        values=None,
    )
    assert told(tmp_path, facts).registries == (unknown, counted)


def test_envelopes_and_what_was_not_sampled(tmp_path: Path) -> None:
    fields: dict[str, Any] = {"envelope_id": "notes#body", "store_id": "notes", "kind": "column"}
    found = told(tmp_path, [EnvelopeFact(**_ROW, **fields, format="aes-256-gcm", population=9)])
    assert found.envelopes == (
        Envelope(
            envelope_id="notes#body",
            format="aes-256-gcm",
            population=9,
            sampled=None,
            parsed=None,
            plaintext=None,
            nonces_repeated=None,
            binds_tenant=None,
            commits_to_key=None,
        ),
    )


def test_what_failed_comes_first_and_nothing_is_lost(tmp_path: Path) -> None:
    many = [a_test("ST-KMS-01", "pass", f"key {i:03}") for i in range(module.MOST_TESTS)]
    found = told(tmp_path, [*many, a_test("ST-KMS-08", "fail"), a_test("ST-KMS-11", None)])
    assert found.tests[:2] == (
        Proven(test="ST-KMS-08", target="key", outcome="fail", detail="as seen", cases=2, calls=3),
        Proven(test="ST-KMS-11", target="key", outcome="unknown", detail="as seen", cases=2, calls=3),
    )
    assert (found.passed, found.failed, found.unknown) == (module.MOST_TESTS, 1, 1)
    assert (len(found.tests), found.tests_omitted) == (module.MOST_TESTS, 2)
