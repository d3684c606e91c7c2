"""The fact tables of what is written: contracts with vendors, what they promise, and documents that controls need.

Everything here is attested: a person wrote it into a register, and the file beside it was hashed. Whether a system
keeps to it, other tables say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model.facts import Fact, column

CLAUSES: tuple[str, ...] = (
    "164.314(a)(2)(i)(A)",
    "164.314(a)(2)(i)(B)",
    "164.314(a)(2)(i)(C)",
    "164.504(e)(2)(ii)(J)",
)
"""What the contract with a business associate provides: the three of the Security Rule, and return or destruction."""

SERVICES: tuple[str, ...] = ("ai", "storage", "keys", "other")
"""What a vendor does: answers and speaks, keeps data, keeps keys, or something else."""

DOCUMENTS: tuple[str, ...] = (
    "key_management_policy",
    "compromise_recovery_plan",
    "risk_analysis",
    "emergency_access_test",
    "recovery_exercise",
    "key_custodians",
    "compliance_audit",
    "emergency_use_review",
)
"""Kinds of documents that a control looks for; each has a row, be there such a document or not."""

TERMINATION = "termination_certificate"
"""What a vendor signs at the end: that it returned or destroyed what it had. A contract that ended asks for it."""

USE_REVIEW = "emergency_use_review"
"""Review of one use of emergency access, or the word that there was none."""

CUSTODIANS: tuple[str, ...] = ("customer", "vendor", "shared")
"""Who controls the key of what a vendor stores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementFact(Fact):
    """One contract with a vendor, as the register says."""

    table: ClassVar[str] = "agreements"
    key: ClassVar[str] = "agreement_id"
    parent: ClassVar[str] = "source"

    agreement_id: str = column("Its id in the register.", source="the register", required=True)
    vendor: str = column(
        "As `provider` of other tables, or a word of the register's own.", source="the register", required=True
    )
    services: tuple[str, ...] | None = column(
        "What it covers, as `kind: name`, sorted.", source="the register services"
    )
    effective_at: datetime | None = column("First day in force.", unit="UTC", source="the register effective")
    expires: bool | None = column("It ends by itself, or was ended.", source="the register ended, expires")
    expires_at: datetime | None = column(
        "Last day in force; null as well when `expires` is false.",
        unit="UTC",
        source="the register ended, expires",
    )
    reviewed_at: datetime | None = column(
        "Last review; the first day in force when there was none since.", unit="UTC", source="the register reviewed"
    )
    review_days: int | None = column("A review is due after.", unit="days", source="the register review_days")
    document: str | None = column("Path of the signed document.", source="the register document.path")
    document_found: bool | None = column("The file is there.", source="the file")
    document_matches: bool | None = column(
        "Its SHA-256 is the one that the register states; false without the file.", source="the file; document.sha256"
    )
    signed_by: tuple[str, ...] | None = column("Roles that signed, sorted.", source="the register signed_by")
    clauses: tuple[str, ...] | None = column(
        "Clauses that it has, as the register says, sorted.", source="the register clauses"
    )
    clause_pages: tuple[str, ...] | None = column("Where each stands, as `clause=page`.", source="the register clauses")
    retention: tuple[str, ...] | None = column(
        "Promised retention by class of data, as `class=days`, sorted.", source="the register retention_days"
    )
    zero_retention: bool | None = column(
        "It promises that nothing of what is asked and answered is kept.", source="the register zero_retention"
    )
    no_training: bool | None = column(
        "It promises that models do not learn from it.", source="the register no_training"
    )
    breach_notice_days: int | None = column(
        "Days in which a breach is told; null as well where it states none.",
        unit="days",
        source="the register breach_notice_days",
    )
    subcontractors: tuple[str, ...] | None = column(
        "Named subcontractors, sorted.", source="the register subcontractors"
    )
    unbound: tuple[str, ...] | None = column(
        "Those of them that have no contract with the vendor.", source="the register subcontractors.contract"
    )
    owner: str | None = column("Who looks after it: a role.", source="the register owner")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementServiceFact(Fact):
    """One service that a contract covers, with what is promised of it."""

    table: ClassVar[str] = "agreement_services"
    key: ClassVar[str] = "agreement_service_id"
    parent: ClassVar[str] = "source"

    agreement_service_id: str = column("Contract, kind and name.", source="the register", required=True)
    agreement_id: str = column("As in `agreements`.", source="the register", required=True)
    vendor: str = column("As in `agreements`.", source="the register", required=True)
    kind: str = column("`ai`, `storage`, `keys` or `other`.", source="the register services.kind", required=True)
    service: str | None = column("The vendor's name of it.", source="the register services.name")
    effective_at: datetime | None = column("As in `agreements`.", unit="UTC", source="the register effective")
    expires: bool | None = column("As in `agreements`.", source="the register expires")
    expires_at: datetime | None = column("As in `agreements`.", unit="UTC", source="the register expires")
    document_matches: bool | None = column("As in `agreements`.", source="the file; document.sha256")
    zero_retention: bool | None = column("As in `agreements`.", source="the register zero_retention")
    no_training: bool | None = column("As in `agreements`.", source="the register no_training")
    custody_told: bool | None = column(
        "It says who controls the key of what the vendor stores, and whether the vendor can decrypt it.",
        source="the register services.custody",
    )
    key_control: str | None = column(
        "`customer`, `vendor` or `shared`; null as well where it does not say.",
        source="the register services.custody.key_control",
    )
    vendor_can_decrypt: bool | None = column(
        "The vendor can read it; null as well where it does not say.",
        source="the register services.custody.vendor_can_decrypt",
    )
    promises_prompts: bool | None = column(
        "It says how long prompts and answers are kept at most.", source="the register retention_days.prompts"
    )
    prompts_days: int | None = column(
        "That; null as well without such a promise.", unit="days", source="the register retention_days.prompts"
    )
    promises_audio: bool | None = column(
        "It says how long recordings are kept at most.", source="the register retention_days.audio"
    )
    audio_days: int | None = column(
        "That; null as well without such a promise.", unit="days", source="the register retention_days.audio"
    )
    promises_transcripts: bool | None = column(
        "It says how long transcripts are kept at most.", source="the register retention_days.transcripts"
    )
    transcripts_days: int | None = column(
        "That; null as well without such a promise.", unit="days", source="the register retention_days.transcripts"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFact(Fact):
    """One document of the register, or the word that there is none of a kind that a control looks for."""

    table: ClassVar[str] = "documents"
    key: ClassVar[str] = "document_id"
    parent: ClassVar[str] = "source"

    document_id: str = column("Its id in the register, or `none:` and the kind.", source="the register", required=True)
    kind: str = column(
        "`key_management_policy`, `compromise_recovery_plan`, `risk_analysis`, `emergency_access_test`, "
        "`recovery_exercise`, `key_custodians`, `compliance_audit`, `emergency_use_review`, "
        "`termination_certificate`, `other`.",
        source="the register kind",
        required=True,
    )
    registered: bool | None = column("The register has such a document.", source="the register")
    latest: bool | None = column(
        "No other of its kind begins later; true of the row that says that there is none.",
        source="the register effective",
    )
    title: str | None = column("Name for people.", source="the register title")
    owner: str | None = column("Who looks after it: a role, or `none`.", source="the register owner")
    effective_at: datetime | None = column(
        "First day in effect, or of the test.", unit="UTC", source="the register effective"
    )
    expires: bool | None = column("It was replaced, or ends.", source="the register expires")
    expires_at: datetime | None = column(
        "Last day in effect; null as well when `expires` is false.", unit="UTC", source="the register expires"
    )
    reviewed_at: datetime | None = column(
        "Last review; the first day in effect when there was none since.", unit="UTC", source="the register reviewed"
    )
    review_days: int | None = column("A review is due after.", unit="days", source="the register review_days")
    path: str | None = column("Path of the file, or `none`.", source="the register document.path")
    found: bool | None = column("The file is there.", source="the file")
    matches: bool | None = column(
        "Its SHA-256 is the one that the register states; false without the file.", source="the file; document.sha256"
    )
    sections: tuple[str, ...] | None = column("Topics that it covers, sorted.", source="the register sections")
    section_pages: tuple[str, ...] | None = column(
        "Where each stands, as `topic=place`.", source="the register sections"
    )
    approved_by: tuple[str, ...] | None = column("Roles that approved it, sorted.", source="the register approved_by")
    contract: str | None = column(
        "Of a termination certificate: the contract that ended, as in `agreements`; else `none`.",
        source="the register contract",
    )
    used: bool | None = column(
        "It reviews a use of emergency access; false of a review that says that there was none, and of all others.",
        source="the register used",
    )
    used_at: datetime | None = column(
        "Day of that use; null as well without one.", unit="UTC", source="the register used"
    )
    review_working_days: int | None = column(
        "Mondays to Fridays after that day, up to the day of the review (holidays are not known); null as well "
        "without a use.",
        unit="days",
        source="the register used, effective",
    )


TABLES: tuple[type[Fact], ...] = (AgreementFact, AgreementServiceFact, DocumentFact)
"""In the order in which they are printed and written."""
