"""Registers as rows, and what they say of the scopes that other sources read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.evaluate.load import load_control
from scanner.evaluate.store import read_facts, write_facts
from scanner.model.agreements import DOCUMENTS as KINDS
from scanner.model.agreements import AgreementFact, AgreementServiceFact, DocumentFact
from scanner.model.ai import AiServiceFact
from scanner.model.facts import Fact
from scanner.model.ids import Json, SourceId
from scanner.model.observation import Record
from scanner.model.tables import CoverageFact
from scanner.model.vendors import VendorScopeFact
from scanner.normalize.agreements import DOCUMENTS, HASH, READ, STATEMENTS, normalize
from scanner.resources import controls_dir
from tests.evaluate.builders import decide
from tests.normalize.builders import missed, observed, rows

CONTRACT: dict[str, Json] = {
    "id": "openai-baa",
    "vendor": "openai",
    "services": [{"kind": "storage", "name": "Files"}, {"kind": "ai", "name": "Realtime API"}],
    "owner": "Privacy Office",
    "effective": "2026-01-01",
    "expires": "2026-12-31",
    "reviewed": "2026-03-01",
    "review_days": 365,
    "document": {"path": "baa.pdf", "sha256": "ab"},
    "signed_by": ["Privacy Officer", "CEO"],
    "clauses": {"164.314(a)(2)(i)(B)": "p. 4", "164.314(a)(2)(i)(A)": "p. 3"},
    "retention_days": {"prompts": 0, "audio": 30, "transcripts": None},
    "zero_retention": True,
    "no_training": False,
    "breach_notice_days": 10,
    "subcontractors": [{"name": "Speech", "contract": False}, {"name": "Host", "contract": True}],
}
PAPER: dict[str, Json] = {
    "id": "risk-2026",
    "kind": "risk_analysis",
    "title": "Risk Analysis 2026",
    "owner": "Security Office",
    "effective": "2026-01-01",
    "expires": "never",
    "reviewed": None,
    "review_days": 365,
    "document": {"path": "risk.pdf", "sha256": "cd"},
    "sections": {"keys": "4", "assets": "2"},
    "approved_by": ["CISO"],
}


def day(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[arg-type,misc]  # year, month, day


def hashed(register: str, path: str, **body: Json) -> Record:
    return observed(HASH, {"path": path, **body}, subject=f"{register} {path}")


def contracts(*entries: Json) -> Record:
    return observed(READ, {"entries": list(entries)})


def papers(*entries: Json) -> Record:
    return observed(DOCUMENTS, {"entries": list(entries)})


def the_contract(*records: Record, **given: Json) -> AgreementFact:
    (one,) = rows(list(normalize([contracts({**CONTRACT, **given}), *records])), AgreementFact)
    assert isinstance(one, AgreementFact)
    return one


def test_a_contract_is_a_row() -> None:
    one = the_contract(hashed(READ, "baa.pdf", found=True, sha256="ab"))
    assert (one.agreement_id, one.vendor, one.owner) == ("openai-baa", "openai", "Privacy Office")
    assert one.services == ("ai: Realtime API", "storage: Files")
    assert (one.effective_at, one.expires, one.expires_at) == (day(2026, 1, 1), True, day(2026, 12, 31))
    assert (one.reviewed_at, one.review_days) == (day(2026, 3, 1), 365)
    assert (one.document, one.document_found, one.document_matches) == ("baa.pdf", True, True)
    assert (one.signed_by, one.clauses) == (("CEO", "Privacy Officer"), ("164.314(a)(2)(i)(A)", "164.314(a)(2)(i)(B)"))
    assert one.clause_pages == ("164.314(a)(2)(i)(A)=p. 3", "164.314(a)(2)(i)(B)=p. 4")
    assert (one.retention, one.zero_retention, one.no_training) == (("audio=30", "prompts=0"), True, False)
    assert (one.breach_notice_days, one.subcontractors, one.unbound) == (10, ("Host", "Speech"), ("Speech",))
    assert len(one.evidence) == 2


def test_each_service_that_it_covers_is_a_row() -> None:
    found = list(normalize([contracts(CONTRACT), hashed(READ, "baa.pdf", found=True, sha256="ab")]))
    storage, ai = rows(found, AgreementServiceFact)
    assert (storage.kind, ai.kind, ai.service) == ("storage", "ai", "Realtime API")
    assert ai.agreement_service_id == "openai-baa ai Realtime API"
    assert (ai.promises_prompts, ai.prompts_days) == (True, 0)
    assert (ai.promises_audio, ai.audio_days) == (True, 30)
    assert (ai.promises_transcripts, ai.transcripts_days) == (False, None)
    assert (ai.zero_retention, ai.document_matches) == (True, True)
    listed = {c.listed_table: (c.complete, c.row_count) for c in rows(found, CoverageFact)}
    assert listed == {"agreements": (True, 1), "agreement_services": (True, 2)}


@pytest.mark.parametrize(
    ("record", "found", "matches"),
    [
        (hashed(READ, "baa.pdf", found=True, sha256="ab"), True, True),
        (hashed(READ, "baa.pdf", found=True, sha256="cd"), True, False),
        (hashed(READ, "baa.pdf", found=False), False, False),
        (hashed(READ, "baa.pdf", found=True), True, None),
        (hashed(READ, "baa.pdf"), None, None),
        (missed(HASH, subject=f"{READ} baa.pdf"), None, None),
        (hashed(READ, "other.pdf", found=True, sha256="ab"), None, None),
        (hashed(DOCUMENTS, "baa.pdf", found=True, sha256="ab"), None, None),
        (observed(HASH, "ab", subject=f"{READ} baa.pdf"), None, None),
    ],
)
def test_what_was_not_read_of_a_file_is_not_known(record: Record, found: bool | None, matches: bool | None) -> None:
    one = the_contract(record)
    assert (one.document_found, one.document_matches) == (found, matches)


def test_a_contract_that_was_never_reviewed_counts_from_its_first_day() -> None:
    assert the_contract(reviewed=None).reviewed_at == day(2026, 1, 1)


def test_a_contract_without_an_end_and_without_promises() -> None:
    one = the_contract(expires="never", retention_days=None, subcontractors=[], breach_notice_days=None)
    assert (one.expires, one.expires_at, one.retention) == (False, None, ())
    assert (one.subcontractors, one.unbound, one.breach_notice_days) == ((), (), None)


def test_what_is_malformed_is_not_known() -> None:
    given: dict[str, Json] = {"effective": 2026, "expires": None, "reviewed": "soon", "review_days": "many"}
    one = the_contract(**given, clauses="all", signed_by=[1], services="all")
    assert (one.effective_at, one.expires, one.expires_at, one.reviewed_at, one.review_days) == (None,) * 5
    assert (one.clauses, one.clause_pages, one.signed_by, one.services) == (None, None, None, ())


@pytest.mark.parametrize("end", ["2026-12-31", "never"])
def test_a_contract_that_was_ended_ends_then(end: str) -> None:
    one = the_contract(expires=end, ended="2026-03-31")
    assert (one.expires, one.expires_at) == (True, day(2026, 3, 31))
    assert (the_contract(ended="soon").expires, the_contract(ended=7).expires_at) == (True, None)


AI: dict[str, Json] = {"kind": "ai", "name": "API"}


@pytest.mark.parametrize(
    ("custody", "told", "control", "decrypts"),
    [
        ({"key_control": "vendor", "vendor_can_decrypt": True}, True, "vendor", True),
        ({"key_control": "vendor"}, None, "vendor", None),
        ({"vendor_can_decrypt": False}, None, None, False),
        ("the vendor", None, None, None),
        (None, False, None, None),
    ],
)
def test_who_can_read_what_is_stored(
    custody: Json, told: bool | None, control: str | None, decrypts: bool | None
) -> None:
    (one,) = rows(
        list(normalize([contracts({**CONTRACT, "services": [{**AI, "custody": custody}]})])), AgreementServiceFact
    )
    assert (one.custody_told, one.key_control, one.vendor_can_decrypt) == (told, control, decrypts)


@pytest.mark.parametrize(
    ("change", "complete"),
    [
        ({"services": [AI]}, True),
        ({"services": [AI, {"kind": "voice", "name": "API"}]}, False),
        ({"services": [AI, {"kind": "ai"}]}, False),
        ({"services": [AI, 7]}, False),
        ({"services": []}, False),
        ({"services": None}, False),
        ({"vendor": None}, False),
    ],
)
def test_what_a_contract_covers_is_known_only_when_all_of_it_is_understood(
    change: dict[str, Json], complete: bool
) -> None:
    found = rows(list(normalize([contracts({**CONTRACT, **change})])), CoverageFact)
    assert {c.listed_table: c.complete for c in found} == {"agreements": True, "agreement_services": complete}


@pytest.mark.parametrize(
    ("kept", "promised", "days"),
    [(None, False, None), ({}, False, None), ({"audio": None}, False, None), ({"audio": 0}, True, 0),
     ({"audio": "long"}, None, None), ("for ever", None, None)],
)  # fmt: skip
def test_a_promise_that_is_not_understood_is_not_none(kept: Json, promised: bool | None, days: int | None) -> None:
    found = rows(list(normalize([contracts({**CONTRACT, "retention_days": kept})])), AgreementServiceFact)
    assert {(one.promises_audio, one.audio_days) for one in found} == {(promised, days)}


@pytest.mark.parametrize(
    ("used", "reviewed", "working"),
    [
        ("2026-06-01", "2026-06-01", 0),  # a Monday
        ("2026-06-01", "2026-06-04", 3),
        ("2026-06-05", "2026-06-08", 1),  # over a weekend
        ("2026-06-05", "2026-06-07", 0),
        ("2026-06-06", "2026-06-10", 3),  # from a Saturday
        ("2026-06-01", "2026-06-22", 15),
        ("2026-06-02", "2026-06-01", 0),
    ],
)
def test_working_days_of_a_review(used: str, reviewed: str, working: int) -> None:
    paper = {**PAPER, "kind": "emergency_use_review", "used": used, "effective": reviewed}
    one = rows(list(normalize([papers(paper)])), DocumentFact)[0]
    assert (one.used, one.used_at, one.review_working_days) == (True, day(*map(int, used.split("-"))), working)


@pytest.mark.parametrize(
    ("given", "used", "contract"),
    [
        ({"used": "none"}, False, "none"),
        ({"used": None, "contract": "openai-baa"}, False, "openai-baa"),
        ({"used": "often"}, None, "none"),
        ({"used": 7, "contract": 7}, None, None),
    ],
)
def test_what_only_some_documents_have(given: dict[str, Json], used: bool | None, contract: str | None) -> None:
    one = rows(list(normalize([papers({**PAPER, **given})])), DocumentFact)[0]
    assert (one.used, one.used_at, one.review_working_days, one.contract) == (used, None, None, contract)


@pytest.mark.parametrize("kind", [None, 7, "a new kind"])
def test_a_document_of_no_known_kind_leaves_the_listing_open(kind: Json) -> None:
    found = list(normalize([papers({**PAPER, "kind": kind})]))
    assert [(c.listed_table, c.complete) for c in rows(found, CoverageFact)] == [("documents", False)]
    assert rows(found, DocumentFact) == []


def test_an_entry_without_an_id_leaves_the_listing_open() -> None:
    found = list(normalize([contracts({"vendor": "openai"}), papers({"kind": "other"})]))
    assert [(c.listed_table, c.complete) for c in rows(found, CoverageFact)] == [
        *(("agreements", False), ("agreement_services", False), ("documents", False)),
    ]
    assert len(found) == 3


def test_a_document_is_a_row() -> None:
    found = list(normalize([papers(PAPER), hashed(DOCUMENTS, "risk.pdf", found=True, sha256="cd")]))
    one = rows(found, DocumentFact)[0]
    assert (one.document_id, one.kind, one.registered, one.latest) == ("risk-2026", "risk_analysis", True, True)
    assert (one.title, one.owner, one.path) == ("Risk Analysis 2026", "Security Office", "risk.pdf")
    assert (one.effective_at, one.expires, one.reviewed_at) == (day(2026, 1, 1), False, day(2026, 1, 1))
    assert (one.found, one.matches, one.approved_by) == (True, True, ("CISO",))
    assert (one.sections, one.section_pages) == (("assets", "keys"), ("assets=2", "keys=4"))


def test_each_kind_that_a_control_looks_for_has_a_row() -> None:
    found = rows(list(normalize([papers(PAPER)])), DocumentFact)
    none = {one.kind: one for one in found if not one.registered}
    assert set(none) == set(KINDS) - {"risk_analysis"}
    one = none["key_management_policy"]
    assert (one.document_id, one.latest, one.found, one.matches) == ("none:key_management_policy", True, False, False)
    assert one.evidence


def test_of_several_versions_the_last_one_counts() -> None:
    old = {**PAPER, "id": "risk-2025", "effective": "2025-01-01", "sections": None}
    found = [one for one in rows(list(normalize([papers(PAPER, old)])), DocumentFact) if one.registered]
    assert [(one.document_id, one.latest) for one in found] == [("risk-2026", True), ("risk-2025", False)]
    assert found[1].sections is None


def test_without_an_answer_nothing_is_said_to_be_missing() -> None:
    found = list(normalize([missed(DOCUMENTS), missed(READ)]))
    assert {(type(one), one.complete) for one in rows(found, CoverageFact)} == {(CoverageFact, False)}
    assert len(found) == 3


def test_no_record_is_no_row() -> None:
    assert list(normalize([])) == []


# Contracts are one source, and the systems that they speak of are others.


SCOPE = VendorScopeFact(
    source=SourceId("vendors:realtime"),
    evidence=(),
    scope_id="openai:project",
    provider="openai",
    account="realtime",
    kind="project",
    active=True,
    retention_mode="none",
    zero_retention=False,
)


def judged(folder: Path, facts: list[Fact], *names: str) -> dict[str, str]:
    """Judge what the sources together say."""
    controls = [load_control(controls_dir() / "vendors" / f"{name}.yaml") for name in names]
    listing = CoverageFact(
        source=SCOPE.source,
        evidence=(),
        coverage_id="vendor_scopes",
        listed_table="vendor_scopes",
        parent_id=SCOPE.source,
        complete=True,
        row_count=1,
    )
    as_of = datetime(2026, 6, 15, tzinfo=UTC)
    write_facts([SCOPE, listing, *facts], folder / "facts", STATEMENTS, as_of)
    result: dict[str, Any] = dict(decide(folder, controls, folder / "facts", as_of=as_of).rows("control_id, verdict"))
    return result


@pytest.mark.parametrize(
    ("records", "covered", "promised"),
    [
        ([contracts(CONTRACT), hashed(READ, "baa.pdf", found=True, sha256="ab")], "pass", "fail"),
        ([contracts(CONTRACT), hashed(READ, "baa.pdf", found=False)], "fail", "fail"),
        ([contracts(CONTRACT), missed(HASH, subject=f"{READ} baa.pdf")], "unknown", "fail"),
        ([contracts({**CONTRACT, "expires": "2026-06-14"})], "fail", "not_applicable"),
        ([contracts({**CONTRACT, "vendor": "deepgram"})], "fail", "not_applicable"),
        ([contracts()], "fail", "not_applicable"),
        ([missed(READ)], "unknown", "unknown"),
        ([], "unknown", "unknown"),
    ],
)
def test_no_contract_is_said_only_when_the_register_was_read(
    tmp_path: Path, records: list[Record], covered: str, promised: str
) -> None:
    verdicts = judged(tmp_path, list(normalize(records)), "KM-VEN-01", "KM-VEN-15")
    assert verdicts == {"KM-VEN-01": covered, "KM-VEN-15": promised}


def test_the_register_is_listed_for_each_scope_once_and_as_it_was_read(tmp_path: Path) -> None:
    service = AiServiceFact(
        source=SourceId("aws:1:us-east-1"), evidence=(), service_id="bedrock", provider="aws", account="1", region=""
    )
    for name, record, complete in (("read", contracts(CONTRACT), True), ("missed", missed(READ), False)):
        found = [SCOPE, service, replace(service, service_id="other"), *normalize([record])]
        write_facts(found, tmp_path / name, STATEMENTS, datetime(2026, 6, 15, tzinfo=UTC))
        listed = [one for one in read_facts(tmp_path / name, "coverage") if one["listed_table"] == "agreement_services"]
        assert {(one["source"], one["parent_id"]) for one in listed} == {
            (one, one) for one in ("aws:111122223333:us-east-1", "aws:1:us-east-1", "vendors:realtime")
        }
        assert len(listed) == 3
        assert {one["complete"] for one in listed} == {complete}
        assert all(one["evidence"] for one in listed) is complete
