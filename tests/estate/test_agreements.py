"""The registers of contracts and documents, from the file to the estate."""

from __future__ import annotations

import hashlib
from pathlib import Path

import jsonschema
import pytest

from scanner.errors import ConfigError
from scanner.estate.agreements import kept_name, parse_agreements, parse_documents
from scanner.estate.load import parse_estate, read_estate
from scanner.estate.schema import estate_schema
from scanner.yamlfile import parse
from tests.estate.faulty import GOOD

DIGEST = "ab" * 32
CONTRACT = f"""\
agreements: 1
contracts:
  - id: openai-baa
    vendor: openai
    services: [{{kind: ai, name: Realtime API}}]
    owner: Privacy Office
    effective: 2026-01-01
    expires: never
    reviewed: 2026-06-01
    review_days: 365
    document: {{path: signed/openai.pdf, sha256: {DIGEST}}}
    signed_by: [Privacy Officer]
    clauses: {{"164.314(a)(2)(i)(A)": p. 3}}
    retention_days: {{prompts: 0, audio: 30}}
    zero_retention: true
    breach_notice_days: 10
    subcontractors: [{{name: Host, contract: false}}]
"""
PAPER = f"""\
documents: 1
papers:
  - id: key-policy
    kind: key_management_policy
    title: Key Management Policy
    owner: Security Office
    effective: 2026-01-01
    expires: 2027-12-31
    review_days: 365
    document: {{path: policy.pdf, sha256: {DIGEST}}}
    sections: {{generation: "3"}}
"""


def test_a_contract_is_taken_whole() -> None:
    register = parse_agreements(CONTRACT.encode(), "a/agreements.yaml", "a")
    assert (register.file, register.folder) == ("agreements.yaml", "a")
    assert register.digest == f"sha256:{hashlib.sha256(CONTRACT.encode()).hexdigest()}"
    assert register.entries == (
        {
            "id": "openai-baa",
            "owner": "Privacy Office",
            "effective": "2026-01-01",
            "expires": "never",
            "reviewed": "2026-06-01",
            "review_days": 365,
            "document": {"path": "signed/openai.pdf", "sha256": DIGEST},
            "vendor": "openai",
            "services": [{"kind": "ai", "name": "Realtime API", "custody": None}],
            "ended": None,
            "signed_by": ["Privacy Officer"],
            "clauses": {"164.314(a)(2)(i)(A)": "p. 3"},
            "retention_days": {"prompts": 0, "audio": 30, "transcripts": None},
            "zero_retention": True,
            "no_training": False,
            "breach_notice_days": 10,
            "subcontractors": [{"name": "Host", "contract": False}],
        },
    )


def test_a_document_is_taken_whole() -> None:
    (entry,) = parse_documents(PAPER.encode(), "documents.yaml", "").entries
    assert (entry["kind"], entry["expires"], entry["reviewed"]) == ("key_management_policy", "2027-12-31", None)
    assert (entry["sections"], entry["approved_by"]) == ({"generation": "3"}, [])
    assert (entry["contract"], entry["used"]) == (None, None)


def test_custody_and_an_early_end_are_taken() -> None:
    text = CONTRACT.replace(
        "name: Realtime API", "name: Files, custody: {key_control: shared, vendor_can_decrypt: true}"
    )
    text = text.replace("expires: never", "expires: never\n    ended: 2026-03-31")
    (entry,) = parse_agreements(text.encode(), "agreements.yaml", "").entries
    assert entry["ended"] == "2026-03-31"
    custody = {"key_control": "shared", "vendor_can_decrypt": True}
    assert entry["services"] == [{"kind": "ai", "name": "Files", "custody": custody}]


@pytest.mark.parametrize("used", ["2025-12-30", "2026-01-01", "none"])
def test_a_review_of_emergency_access_names_the_use(used: str) -> None:
    text = PAPER.replace("key_management_policy", f"emergency_use_review\n    used: {used}")
    (entry,) = parse_documents(text.encode(), "documents.yaml", "").entries
    assert (entry["kind"], entry["used"]) == ("emergency_use_review", used)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("emergency_use_review", "has no `used:`"),
        ("termination_certificate", "has no `contract:`"),
        ("emergency_use_review\n    used: 2026-01-02", "is after the review, 2026-01-01"),
        ("emergency_use_review\n    used: often", "must be the day of the use, such as 2026-01-31, or `none`"),
        ("risk_analysis\n    used: none", "does not belong to this kind of document, risk_analysis"),
        ("other\n    contract: openai-baa", "does not belong to this kind of document, other"),
        (
            "termination_certificate\n    contract: a\n    used: none",
            "does not belong to this kind of document, termination_certificate",
        ),
    ],
)
def test_what_a_kind_of_document_needs(kind: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_documents(PAPER.replace("key_management_policy", kind).encode(), "documents.yaml", "")
    assert words in str(caught.value)
    assert caught.value.place is not None
    assert caught.value.place.line is not None


@pytest.mark.parametrize(
    ("old", "new", "words", "hint"),
    [
        ("agreements: 1", "agreements: true", "must be 1", ""),
        ("    vendor: openai", "    vendr: openai", "unknown key 'vendr'", "vendor"),
        ("    owner: Privacy Office", "    owner:", "is empty", "give a value"),
        ("    effective: 2026-01-01", "    effective: 2026-02-30", "must be a day, such as", ""),
        ("    effective: 2026-01-01", "    effective: 20260101", "", ""),
        ("    effective: 2026-01-01", '    effective: "20260101"', "must be a day, such as", ""),
        ("    expires: never", "    expires: soon", "must be the last day, such as", ""),
        ("    expires: never", "    expires: 2025-12-31", "is before the first day, 2026-01-01", "check both days"),
        (
            "    expires: never",
            "    ended: 2025-12-31\n    expires: never",
            "is not between the first day",
            "these days",
        ),
        (
            "    expires: never",
            "    ended: 2026-02-02\n    expires: 2026-02-01",
            "and the last, 2026-02-01",
            "these days",
        ),
        (
            "{kind: ai, name: Realtime API}",
            "{kind: ai, name: A, custody: {key_control: us, vendor_can_decrypt: true}}",
            "key_control",
            "customer",
        ),
        ("    reviewed: 2026-06-01", "    reviewed: 2025-06-01", "is before the first day", "check both days"),
        ("    review_days: 365", "    review_days: 0", "must be greater than or equal to 1", ""),
        (DIGEST, "AB" * 32, "must be a SHA-256 in 64 hex digits", ""),
        ("{kind: ai, name: Realtime API}", "{kind: voice, name: Realtime API}", "kind", "ai"),
        ("{kind: ai, name: Realtime API}", "", "at least 1 item", ""),
        ("164.314(a)(2)(i)(A)", "164.999", "164.314", ""),
        ("{name: Host, contract: false}", "{name: Host}", "'contract' is missing", "164.314"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, words: str, hint: str) -> None:
    text = CONTRACT.replace(old, new, 1)
    line = CONTRACT[: CONTRACT.index(old)].count("\n") + 1
    with pytest.raises(ConfigError) as caught:
        parse_agreements(text.encode(), "agreements.yaml", "")
    assert caught.value.place is not None
    assert (caught.value.place.path, caught.value.place.line) == ("agreements.yaml", line)
    assert words in str(caught.value)
    assert hint in f"{caught.value} {caught.value.hint}"


def test_an_id_stands_once() -> None:
    entry = PAPER.partition("papers:\n")[2]
    with pytest.raises(ConfigError, match="key-policy is given twice") as caught:
        parse_documents((PAPER + entry).encode(), "documents.yaml", "")
    assert caught.value.place is not None
    assert caught.value.place.line == PAPER.count("\n") + 1


def test_an_empty_register_says_what_writes_one() -> None:
    for kind, function in (("baa", parse_agreements), ("documents", parse_documents)):
        with pytest.raises(ConfigError, match="the file is empty") as caught:
            function(b"# nothing\n", "a.yaml", "")
        assert f"keyaudit init {kind}" in caught.value.hint


def test_a_secret_has_no_place_in_a_register() -> None:
    text = CONTRACT.replace("Privacy Office", "AKIAIOSFODNN7EXAMPLE", 1)
    with pytest.raises(ConfigError, match="looks like a secret") as caught:
        parse_agreements(text.encode(), "agreements.yaml", "")
    assert "AKIA" not in str(caught.value)


# From the estate file.


def an_estate(folder: Path) -> Path:
    path = folder / "estate.yaml"
    path.write_text(f"{GOOD}agreements: legal/agreements.yaml\ndocuments: documents.yaml\n")
    (folder / "legal").mkdir()
    (folder / "legal/agreements.yaml").write_text(CONTRACT)
    (folder / "documents.yaml").write_text(PAPER)
    return path


def test_an_estate_names_its_registers_and_the_scan_keeps_them(tmp_path: Path) -> None:
    text = read_estate(an_estate(tmp_path))
    assert text.estate.agreements is not None
    assert text.estate.documents is not None
    assert text.estate.agreements.folder == str(tmp_path / "legal")
    assert text.estate.documents.folder == str(tmp_path)
    assert text.layouts == {"_agreements": CONTRACT.encode(), "_documents": PAPER.encode()}
    jsonschema.validate(parse(text.raw, "a").data, estate_schema())


def test_the_copy_of_a_scan_is_read_instead_and_knows_no_folder(tmp_path: Path) -> None:
    path = an_estate(tmp_path)
    first = read_estate(path)
    kept = tmp_path / "kept"
    kept.mkdir()
    for name, raw in first.layouts.items():
        (kept / f"{name}.yaml").write_bytes(raw)
    (tmp_path / "legal/agreements.yaml").write_text("changed")
    again = read_estate(path, kept).estate
    assert again.agreements is not None
    assert first.estate.agreements is not None
    assert (again.agreements.entries, again.agreements.folder) == (first.estate.agreements.entries, "")


def test_a_register_that_is_not_there_is_told_at_its_line(tmp_path: Path) -> None:
    path = an_estate(tmp_path)
    (tmp_path / "documents.yaml").unlink()
    with pytest.raises(ConfigError, match=r"there is no file .*documents\.yaml") as caught:
        read_estate(path)
    assert caught.value.place is not None
    assert caught.value.place.line == path.read_text().count("\n")


def test_without_a_register_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "estate.yaml"
    path.write_text(GOOD)
    text = read_estate(path)
    assert (text.estate.agreements, text.estate.documents, dict(text.layouts)) == (None, None, {})


def test_no_source_can_be_called_like_a_register() -> None:
    text = GOOD.replace("name: main", f"name: {kept_name('agreements')}")
    with pytest.raises(ConfigError, match="must be lower-case letters"):
        parse_estate(text.encode(), "estate.yaml")
