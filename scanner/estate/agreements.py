"""The registers of contracts and of documents. Strict; every error names file and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from scanner.errors import ConfigError, Place
from scanner.estate.forms import Name, Strict, Text, like
from scanner.estate.secrets import refuse_plain_secrets
from scanner.model.agreements import CLAUSES, CUSTODIANS, DOCUMENTS, SERVICES, TERMINATION, USE_REVIEW
from scanner.model.estate import Register
from scanner.model.ids import Digest, Json
from scanner.yamlfile import Document, parse, validate

NEVER, NONE = "never", "none"
FOREVER = 36500
"""Days of a hundred years: what is longer is a slip of the pen."""


def _version(value: Json) -> Json:
    if isinstance(value, bool) or value != 1:
        raise ValueError("must be 1, the version of the format that this keyaudit reads")
    return value


_SHAPE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return re.search(_SHAPE, value) is not None and not value.endswith("\n")


def _day(value: str) -> str:
    if not _is_day(value):
        raise ValueError("must be a day, such as 2026-01-31")
    return value


def _end(value: str) -> str:
    if value != NEVER and not _is_day(value):
        raise ValueError(f"must be the last day, such as 2027-01-31, or `{NEVER}`")
    return value


def _use(value: str) -> str:
    if value != NONE and not _is_day(value):
        raise ValueError(f"must be the day of the use, such as 2026-01-31, or `{NONE}`")
    return value


def _last(expires: str) -> str:
    # As text, a day of the year 9999 comes after every other.
    return "9999-12-31" if expires == NEVER else expires


Day = Annotated[str, AfterValidator(_day), WithJsonSchema({"type": "string", "pattern": _SHAPE})]
End = Annotated[str, AfterValidator(_end), WithJsonSchema({"type": "string", "pattern": f"{_SHAPE}|^{NEVER}$"})]
Use = Annotated[str, AfterValidator(_use), WithJsonSchema({"type": "string", "pattern": f"{_SHAPE}|^{NONE}$"})]
Sha256 = Annotated[str, *like(r"^[0-9a-f]{64}$", "be a SHA-256 in 64 hex digits: `sha256sum FILE` prints it")]
Period = Annotated[int, Field(ge=1, le=FOREVER)]
Kept = Annotated[int, Field(ge=0, le=FOREVER)]
Version = Annotated[Literal[1], BeforeValidator(_version)]


class FileIn(Strict):
    """The file that an entry rests on."""

    path: Text = Field(description="path, from the folder of the register")
    sha256: Sha256 = Field(description="SHA-256 of the file, in hex")


class Identified(Strict):
    """What the entries of every register have in common."""

    id: Name = Field(description="name of the entry in reports")


class Entry(Identified):
    """What contracts and documents have in common."""

    owner: Text = Field(description="who looks after it: a role, no person")
    effective: Day = Field(description="first day in force")
    expires: End = Field(description=f"last day in force, or `{NEVER}`")
    reviewed: Day | None = Field(None, description="day of the last review")
    review_days: Period = Field(description="a review is due after so many days")
    document: FileIn = Field(description="the signed or approved file")

    @model_validator(mode="after")
    def _in_order(self) -> Entry:
        for name in ("expires", "reviewed"):
            value = getattr(self, name)
            if value not in {None, NEVER} and value < self.effective:
                message = f"is before the first day, {self.effective}"
                raise PydanticCustomError("order", message, {"at": (name,), "hint": "check both days"})
        return self


class CustodyIn(Strict):
    """Who can read what a vendor stores."""

    key_control: Literal[CUSTODIANS] = Field(description="who controls the key")  # type: ignore[valid-type]  # as above
    vendor_can_decrypt: bool = Field(description="the vendor can read it")


class ServiceIn(Strict):
    """A service that a contract covers."""

    kind: Literal[SERVICES] = Field(description="what it does")  # type: ignore[valid-type]  # the values above
    name: Text = Field(description="the vendor's name of it")
    custody: CustodyIn | None = Field(None, description="who can read what is stored there")


class KeptIn(Strict):
    """How long each class of data is kept at most."""

    prompts: Kept | None = Field(None, description="prompts and answers, in days; 0: not kept")
    audio: Kept | None = Field(None, description="recordings, in days")
    transcripts: Kept | None = Field(None, description="transcripts, in days")


class SubcontractorIn(Strict):
    """Whom a vendor passes the data on to."""

    name: Text = Field(description="its name")
    contract: bool = Field(description="the vendor has a contract with it that meets 164.314(a)")


class Contract(Entry):
    """One contract with a vendor."""

    vendor: Name = Field(description="aws, azure, gcp, openai, anthropic, elevenlabs, deepgram, or another word")
    services: Annotated[list[ServiceIn], Field(min_length=1)] = Field(description="what it covers")
    ended: Day | None = Field(None, description="last day in force, where it was ended before `expires`")
    signed_by: Annotated[list[Text], Field(min_length=1)] = Field(description="roles that signed")
    clauses: dict[Literal[CLAUSES], Text] = Field(  # type: ignore[valid-type]  # the values above
        description="clauses that it has, each with the page or section where it stands"
    )
    retention_days: KeptIn | None = Field(None, description="how long data is kept at most, by class")
    zero_retention: bool = Field(False, description="it promises that nothing asked or answered is kept")
    no_training: bool = Field(False, description="it promises that models do not learn from the data")
    breach_notice_days: Kept | None = Field(None, description="days in which a breach is told")
    subcontractors: list[SubcontractorIn] = Field([], description="whom the data is passed on to")

    @model_validator(mode="after")
    def _ended_between(self) -> Contract:
        if self.ended is not None and not self.effective <= self.ended <= _last(self.expires):
            message = f"is not between the first day, {self.effective}, and the last, {self.expires}"
            raise PydanticCustomError("order", message, {"at": ("ended",), "hint": "check these days"})
        return self


class Paper(Entry):
    """One document."""

    kind: Literal[(*DOCUMENTS, TERMINATION, "other")] = Field(description="what it is")  # type: ignore[valid-type]
    title: Text = Field(description="its title")
    sections: dict[Text, Text] = Field({}, description="topics that it covers, each with its section or page")
    approved_by: list[Text] = Field([], description="roles that approved it")
    contract: Name | None = Field(None, description=f"of a {TERMINATION}: id of the contract that ended")
    used: Use | None = Field(None, description=f"of an {USE_REVIEW}: day of the use, or `{NONE}`: there was none")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Paper:
        for name, kind in (("contract", TERMINATION), ("used", USE_REVIEW)):
            value = getattr(self, name)
            if value is None and self.kind == kind:
                raise PydanticCustomError("kind", f"has no `{name}:`", {"hint": f"a {kind} needs it: see `init`"})
            if value is not None and self.kind != kind:
                context = {"at": (name,), "hint": f"only a {kind} has it: remove it, or correct `kind:`"}
                raise PydanticCustomError("kind", f"does not belong to this kind of document, {self.kind}", context)
        if self.used not in {None, NONE} and str(self.used) > self.effective:
            context = {"at": ("used",), "hint": "`effective:` is the day of the review, `used:` that of the use"}
            raise PydanticCustomError("order", f"is after the review, {self.effective}", context)
        return self


class AgreementsFile(Strict):
    """The register of contracts."""

    agreements: Version = Field(description="version of this format, 1")
    contracts: list[Contract] = Field(description="one entry for each contract")


class DocumentsFile(Strict):
    """The register of documents."""

    documents: Version = Field(description="version of this format, 1")
    papers: list[Paper] = Field(description="one entry for each document")


def parse_agreements(raw: bytes, name: str, folder: str) -> Register:
    """Understand the bytes of a register of contracts called ``name``. Raises ConfigError with file and line.

    ``folder`` is where the paths in it begin; empty: nobody knows any more.
    """
    document = read_register(raw, name, "`keyaudit init baa` writes one")
    return register_of(document, raw, folder, "contracts", validate(document, AgreementsFile).contracts)


def parse_documents(raw: bytes, name: str, folder: str) -> Register:
    """Understand the bytes of a register of documents; as :func:`parse_agreements`. Raises ConfigError."""
    document = read_register(raw, name, "`keyaudit init documents` writes one")
    return register_of(document, raw, folder, "papers", validate(document, DocumentsFile).papers)


Parse = Callable[[bytes, str, str], Register]
REGISTERS: dict[str, Parse] = {"agreements": parse_agreements, "documents": parse_documents}
"""Keys of the estate file that name a register of contracts or documents."""


def kept_name(register: str) -> str:
    """Return the name that a register has among the files that a scan keeps. No source is called so."""
    return f"_{register}"


def read_register(raw: bytes, name: str, hint: str) -> Document:
    """Return the YAML of a register. Raises ConfigError for what is none, is empty, or holds a secret."""
    document = parse(raw, name)
    refuse_plain_secrets(document, raw)
    if document.data is None:
        raise ConfigError("the file is empty", place=Place(name), hint=hint)
    return document


def register_of(document: Document, raw: bytes, folder: str, key: str, entries: Sequence[Identified]) -> Register:
    """Return a register of the entries that stand under ``key``. Raises ConfigError for an id that is given twice."""
    for i, name in _twice([entry.id for entry in entries]):
        raise ConfigError(f"{name} is given twice", place=document.place((key, i, "id")), hint="rename one of them")
    return Register(
        file=PurePath(document.path).name,
        digest=Digest(f"sha256:{hashlib.sha256(raw).hexdigest()}"),
        entries=tuple(entry.model_dump(mode="json") for entry in entries),
        folder=folder,
    )


def _twice(names: Sequence[str]) -> Iterator[tuple[int, str]]:
    yield from ((i, name) for i, name in enumerate(names) if name in names[:i])
