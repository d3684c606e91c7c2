"""The fact tables of exceptions: waivers, and documented alternatives of 45 CFR 164.306(d)(3).

A person wrote them into a register: they are attested. What they cover is known when the controls were judged, so
these tables are completed then, and the controls over them are judged in a second round.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model.facts import Fact, column

READ = "exceptions:Read"
ALTERNATIVES = "alternatives:Read"
"""Operations that read the registers; the second says whether there is one of alternatives."""
WAIVER, ALTERNATIVE = "waiver", "alternative"
_REGISTER = "the register"
_COUNTED = "counted when the other controls were judged"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionFact(Fact):
    """One waiver or documented alternative, as its register says."""

    table: ClassVar[str] = "exceptions"
    key: ClassVar[str] = "exception_id"
    parent: ClassVar[str] = "source"

    exception_id: str = column("Its id in the register.", source=_REGISTER, required=True)
    kind: str = column("`waiver` or `alternative`.", source=_REGISTER, required=True)
    clause: str | None = column(
        "Addressable specification that an alternative stands in for, or `none`.", source="the register clause"
    )
    controls: tuple[str, ...] | None = column("Controls whose failures it covers, sorted.", source=_REGISTER)
    subjects: tuple[str, ...] | None = column("Patterns over subjects, sorted.", source=_REGISTER)
    scope: str | None = column("Pattern over the scope of a subject, or `*`.", source="the register source")
    owner: str | None = column("Who looks after it: a role.", source="the register owner")
    approver: str | None = column("Who approved it: another role.", source="the register approver")
    reason: str | None = column(
        "Why there is an exception; of an alternative, why the specification is not reasonable and appropriate.",
        source="the register reason, why_not",
    )
    measure: str | None = column("The equivalent alternative measure, or `none`.", source="the register measure")
    begins_at: datetime | None = column("Day of the approval.", unit="UTC", source="the register approved, decided")
    ends_at: datetime | None = column(
        "Last day of a waiver; day by which an alternative is reviewed.",
        unit="UTC",
        source="the register expires, review_due",
    )
    ticket: str | None = column("Number of a ticket, or `none`.", source="the register ticket")
    documented: bool | None = column("It names a document.", source="the register document")
    document: str | None = column("Path of that document, or `none`.", source="the register document.path")
    document_found: bool | None = column("The file is there; false when none is named.", source="the file")
    document_matches: bool | None = column(
        "Its SHA-256 is the one that the register states; false without the file.", source="the file; document.sha256"
    )
    in_force: bool | None = column(
        "It was approved, has not ended, and the document that it names is there, unchanged.",
        source="the register; the file; as-of",
    )
    matched_count: int | None = column(
        "Failed subjects of its controls that it matches, in force or not; null where none was found and one of its "
        "controls was not judged to the end.",
        source=_COUNTED,
    )
    covered_count: int | None = column(
        "Failed subjects that it covers: in force, and no other exception lasts longer.", source=_COUNTED
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressableSpecificationFact(Fact):
    """One addressable implementation specification of the Security Rule on which a control of the scan bears."""

    table: ClassVar[str] = "addressable_specifications"
    key: ClassVar[str] = "clause"
    parent: ClassVar[str] = "source"

    clause: str = column("As `164.312(a)(2)(iv)`.", source="the catalogue's frameworks", required=True)
    controls: tuple[str, ...] | None = column("Controls that cite it, sorted.", source="the catalogue")
    failing_count: int | None = column(
        "Failed subjects of these controls; null where none was found and a control was not judged to the end.",
        source=_COUNTED,
    )
    decided_count: int | None = column(
        "Those that an alternative to the clause, in force, covers; null without a register of alternatives.",
        source="45 CFR 164.306(d)(3); the register of alternatives",
    )
    undecided_count: int | None = column(
        "Those that none covers; null without a register of alternatives.",
        source="45 CFR 164.306(d)(3); the register of alternatives",
    )


TABLES: tuple[type[Fact], ...] = (ExceptionFact, AddressableSpecificationFact)

AFTER: frozenset[str] = frozenset(table.table for table in TABLES)
"""Tables that count verdicts: the controls over them are judged after all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A waiver or documented alternative as the report lists it. ``None`` means not known."""

    id: str
    kind: str
    clause: str
    """Of an alternative; `none` of a waiver."""
    controls: tuple[str, ...]
    subjects: tuple[str, ...]
    scope: str
    owner: str
    approver: str
    reason: str
    measure: str
    """`none` of a waiver."""
    begins: datetime | None
    """UTC."""
    ends: datetime | None
    """UTC; the last day in force."""
    ticket: str
    document: str
    """`none` where it names none."""
    document_matches: bool | None
    in_force: bool | None
    matched: int | None
    """Failed subjects that it matches."""
    covered: int | None
    """Failed subjects that it covers."""
