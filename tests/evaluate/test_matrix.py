"""AI vendors of a report: their settings as the facts have them, and what contracts in force promise."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.evaluate import matrix as module
from scanner.evaluate.factdb import open_facts
from scanner.evaluate.matrix import Find, vendors
from scanner.evaluate.store import write_facts
from scanner.model.access import CredentialFact
from scanner.model.agreements import AgreementServiceFact
from scanner.model.ai import AiServiceFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest, SourceId
from scanner.model.matrix import Promise, Stored, VendorRow, Vendors
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact
from scanner.model.vendors import VendorResourceFact, VendorScopeFact
from tests.evaluate.inventories import a_store
from tests.render.inventories import an_answer

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
TODAY = datetime(2026, 11, 1, tzinfo=UTC)
_ROW: dict[str, Any] = {"source": SourceId("openai:main"), "evidence": (Digest("sha256:1"),)}
_OF: dict[str, Any] = {**_ROW, "provider": "openai", "account": "main"}


def told(folder: Path, facts: Iterable[Fact], find: Find | None = None) -> Vendors:
    write_facts(facts, folder / "facts")
    with open_facts(folder / "facts", module.TABLES) as db:
        return vendors(db, NOW, find)


def a_scope(name: str, kind: str = "project", **given: Any) -> VendorScopeFact:  # noqa: ANN401 - any field
    return VendorScopeFact(**{**_OF, "scope_id": f"openai:{name}", "kind": kind, "name": name, "active": True, **given})


def a_resource(scope: str, kind: str, **given: Any) -> VendorResourceFact:  # noqa: ANN401 - any field
    fields = {"resource_id": f"openai:{scope}/{kind}", "scope_id": f"openai:{scope}", "kind": kind, **given}
    return VendorResourceFact(**{**_OF, **fields})


def a_contract(**given: Any) -> AgreementServiceFact:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        **_ROW,
        "agreement_service_id": "baa ai",
        "agreement_id": "baa",
        "vendor": "openai",
        "kind": "ai",
        "effective_at": NOW - timedelta(days=100),
        "expires": False,
    }
    return AgreementServiceFact(**{**fields, **given})


def a_key(name: str, service: str, days: int | None, *, active: bool | None = True) -> CredentialFact:
    made = None if days is None else NOW - timedelta(days=days)
    return CredentialFact(**_OF, credential_id=name, service=service, created_at=made, active=active)


def read_whole(*, complete: bool) -> CoverageFact:
    return CoverageFact(
        **_ROW, coverage_id="c", listed_table="agreement_services", parent_id="x", row_count=0, complete=complete
    )


def test_no_facts_no_vendors(tmp_path: Path) -> None:
    assert told(tmp_path, []) == Vendors()


def test_a_row_has_its_settings_what_is_stored_and_its_keys(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "retention_mode": "none",
        "zero_retention": False,
        "customer_key_possible": True,
        "customer_key": False,
        "key_ref": "none",
    }
    facts: list[Fact] = [
        a_scope("a", **settings),
        a_scope("main", "organization"),
        a_resource("a", "file", present=True, items=2),
        a_resource("a", "batch", present=None),
        a_key("k1", "openai:a", 30),
        a_key("k2", "openai:a", 90),
        a_key("k3", "openai:a", 900, active=False),
        a_key("admin", "any", None, active=None),
    ]
    organization, project = told(tmp_path, facts).rows
    assert (organization.scope_id, organization.keys, organization.oldest_key_days) == ("openai:main", 1, None)
    assert project == VendorRow(
        scope_id="openai:a",
        provider="openai",
        kind="project",
        name="a",
        active=True,
        records_audio=None,
        expires=None,
        retention_days=None,
        model_improvement=None,
        stored=(Stored("batch", None, None), Stored("file", True, 2)),
        keys=2,
        oldest_key_days=90,
        **settings,
    )


def test_an_ai_service_of_a_cloud_is_a_row_with_the_key_of_its_store(tmp_path: Path) -> None:
    service: dict[str, Any] = {**_ROW, "account": "a", "region": "", "name": "claude"}
    facts: list[Fact] = [
        AiServiceFact(**service, service_id="one", provider="azure", retained_by_provider=False),
        AiServiceFact(**service, service_id="openai:main", provider="openai"),
        a_scope("main", "organization"),
        replace(a_store("one", key_managed_by="customer", key_ref="https://v/keys/k"), source=SourceId("openai:main")),
    ]
    (row, _) = told(tmp_path, facts).rows
    assert (row.scope_id, row.kind, row.zero_retention) == ("one", "service", True)
    assert (row.customer_key, row.key_ref) == (True, "https://v/keys/k")


@pytest.mark.parametrize(
    ("facts", "contract"),
    [
        ([], None),
        ([read_whole(complete=False)], None),
        ([read_whole(complete=True)], "none"),
        ([a_contract()], "covered"),
        ([a_contract(kind="storage"), read_whole(complete=True)], "none"),
        ([a_contract(expires=True, expires_at=TODAY)], "covered"),
        ([a_contract(expires=True, expires_at=TODAY - timedelta(days=1))], "not_in_force"),
        ([a_contract(effective_at=NOW + timedelta(days=1))], "not_in_force"),
        ([a_contract(effective_at=None)], None),
    ],
)
def test_what_the_register_has_of_a_vendor(tmp_path: Path, facts: list[Fact], contract: str | None) -> None:
    (row,) = told(tmp_path, [a_scope("a"), *facts]).rows
    assert row.contract == contract


def test_the_last_check_is_when_the_last_answer_came(tmp_path: Path) -> None:
    answers = [replace(an_answer("a"), id=Digest(f"sha256:{n}"), ended=f"2026-11-01T11:0{n}:00Z") for n in (1, 2)]
    asked: list[Digest] = []

    def find(wanted: Collection[Digest]) -> Iterable[Record]:
        asked.extend(wanted)
        return answers

    facts = [a_scope("a", evidence=(answers[0].id, answers[1].id)), a_scope("b", evidence=(Digest("sha256:3"),))]
    first, second = told(tmp_path, facts, find).rows
    assert sorted(asked) == ["sha256:1", "sha256:2", "sha256:3"]
    assert (first.checked_at, second.checked_at) == (datetime(2026, 11, 1, 11, 2, tzinfo=UTC), None)


def test_without_vendors_no_evidence_is_read(tmp_path: Path) -> None:
    def find(_: Collection[Digest]) -> Iterable[Record]:
        raise AssertionError("it was read")

    assert told(tmp_path, [], find) == Vendors()


def a_promise(promise: str, kept: int, broken: int, unknown: int, *breaking: str, days: int | None = None) -> Promise:
    return Promise(
        agreement_id="baa",
        vendor="openai",
        promise=promise,
        days=days,
        kept=kept,
        broken=broken,
        unknown=unknown,
        breaking=breaking,
    )


def test_promises_against_settings(tmp_path: Path) -> None:
    facts: list[Fact] = [
        a_contract(zero_retention=True, no_training=True, prompts_days=30, audio_days=7),
        a_scope("kept", zero_retention=True, model_improvement=False),
        a_scope("broken", zero_retention=False, model_improvement=True, expires=False),
        a_scope("unknown"),
        a_scope("old", zero_retention=False, active=False),
        a_scope("main", "organization", zero_retention=False),
        a_scope("voice", "agent", zero_retention=False, expires=True, retention_days=14),
        a_resource("kept", "file", present=True, holds_content=True),
        a_resource("kept", "batch", present=False, holds_content=True),
        a_resource("kept", "request_log", present=True, holds_content=False),
    ]
    assert told(tmp_path, facts).promises == (
        a_promise("audio", 0, 1, 0, "openai:voice", days=7),
        a_promise("no_training", 1, 1, 2, "openai:broken"),
        a_promise("nothing_stored", 1, 1, 0, "openai:kept/file"),
        a_promise("prompts", 1, 1, 1, "openai:broken", days=30),
        a_promise("zero_retention", 1, 2, 1, "openai:broken", "openai:voice"),
    )


@pytest.mark.parametrize(
    "contract",
    [
        a_contract(zero_retention=True, expires=True, expires_at=TODAY - timedelta(days=1)),
        a_contract(zero_retention=True, effective_at=NOW + timedelta(days=1)),
        a_contract(zero_retention=True, vendor="deepgram"),
        a_contract(zero_retention=True, kind="storage"),
        a_contract(),
    ],
)
def test_what_is_not_in_force_or_not_promised_is_not_held_against_it(
    tmp_path: Path, contract: AgreementServiceFact
) -> None:
    assert told(tmp_path, [contract, a_scope("a", zero_retention=False)]).promises == ()


def test_more_than_is_shown_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 1)
    monkeypatch.setattr(module, "MOST_PROMISES", 1)
    contract = a_contract(zero_retention=True, no_training=True)
    found = told(tmp_path, [contract, a_scope("a"), a_scope("b")])
    assert (len(found.rows), found.rows_omitted, len(found.promises), found.promises_omitted) == (1, 1, 1, 1)
