"""The registers of waivers and of documented alternatives, 45 CFR 164.306(d)(3). Strict; errors name file and line.

An exception never turns a failure into a pass: it says who answers for it, why, and until when.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from scanner.estate import agreements
from scanner.estate.agreements import Day, FileIn, Identified, Parse, Version, read_register, register_of
from scanner.estate.forms import Once, Strict, Text
from scanner.model.estate import Register
from scanner.yamlfile import validate

Texts = Annotated[list[Text], Field(min_length=1), Once]


def _of_everything(pattern: str) -> bool:
    return not pattern.strip("*?")


class ExceptionIn(Identified):
    """What waivers and alternatives have in common."""

    begins: ClassVar[str]
    ends: ClassVar[str]

    controls: Texts = Field(description="ids of the controls whose failures it covers")
    subjects: Texts = Field(description="patterns over subjects: * for any characters, ? for one")
    whole_control: bool = Field(False, description="true: it is meant to cover every subject; `*` needs it")
    source: Text | None = Field(None, description="pattern over the scope of a subject; without it any")
    owner: Text = Field(description="who looks after it: a role, no person")
    approver: Text = Field(description="who approved it: another role")

    @model_validator(mode="after")
    def _checked(self) -> ExceptionIn:
        if self.owner.strip().casefold() == self.approver.strip().casefold():
            _refuse("approver", "is the owner", "whoever owns an exception does not approve it: name another role")
        begins, ends = getattr(self, self.begins), getattr(self, self.ends)
        if ends < begins:
            _refuse(self.ends, f"is before {self.begins}, {begins}", "check both days")
        for i, pattern in enumerate(self.subjects):
            if _of_everything(pattern) and not self.whole_control:
                hint = "name the subjects, or say `whole_control: true`"
                _refuse(("subjects", i), f"{pattern} matches every subject", hint)
        return self


def _refuse(at: str | tuple[str | int, ...], message: str, hint: str) -> None:
    place = at if isinstance(at, tuple) else (at,)
    raise PydanticCustomError("exception", "{message}", {"message": message, "at": place, "hint": hint})


class Waiver(ExceptionIn):
    """A failure that is accepted for a time."""

    begins: ClassVar[str] = "approved"
    ends: ClassVar[str] = "expires"

    reason: Text = Field(description="why the failure is accepted for now")
    approved: Day = Field(description="day of the approval, the first in force")
    expires: Day = Field(description="last day in force")
    ticket: Text | None = Field(None, description="number of the ticket that ends it")
    document: FileIn | None = Field(None, description="the approved file")


class Alternative(ExceptionIn):
    """A decision not to implement an addressable specification, and what stands in its place."""

    begins: ClassVar[str] = "decided"
    ends: ClassVar[str] = "review_due"

    clause: Text = Field(description="the Addressable specification, such as 164.312(a)(2)(iv)")
    why_not: Text = Field(description="why it is not reasonable and appropriate to implement it")
    measure: Text = Field(description="the equivalent alternative measure")
    decided: Day = Field(description="day of the decision, the first in force")
    review_due: Day = Field(description="day by which it is reviewed; it is in force until then")
    document: FileIn = Field(description="the file with the decision")


class WaiversFile(Strict):
    """The register of waivers."""

    waivers: Version = Field(description="version of this format, 1")
    entries: list[Waiver] = Field(description="one entry for each waiver")


class AlternativesFile(Strict):
    """The register of documented alternatives."""

    alternatives: Version = Field(description="version of this format, 1")
    entries: list[Alternative] = Field(description="one entry for each decision")


def parse_waivers(raw: bytes, name: str, folder: str) -> Register:
    """Understand the bytes of a register of waivers called ``name``. Raises ConfigError with file and line.

    ``folder`` is where the paths in it begin; empty: nobody knows any more.
    """
    document = read_register(raw, name, "`keyaudit init waivers` writes one")
    return register_of(document, raw, folder, "entries", validate(document, WaiversFile).entries)


def parse_alternatives(raw: bytes, name: str, folder: str) -> Register:
    """Understand the bytes of a register of alternatives; as :func:`parse_waivers`. Raises ConfigError."""
    document = read_register(raw, name, "`keyaudit init alternatives` writes one")
    return register_of(document, raw, folder, "entries", validate(document, AlternativesFile).entries)


EXCEPTIONS: dict[str, Parse] = {"waivers": parse_waivers, "alternatives": parse_alternatives}
"""Keys of the estate file that name a register of exceptions."""
REGISTERS: dict[str, Parse] = {**agreements.REGISTERS, **EXCEPTIONS}
"""Keys of the estate file that name a register of any kind."""
