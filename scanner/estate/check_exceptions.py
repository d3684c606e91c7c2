"""Waivers and alternatives held against the catalogue: the controls and clauses that they name. Errors name a line."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

from scanner.errors import ConfigError
from scanner.estate.agreements import kept_name
from scanner.estate.exceptions import EXCEPTIONS
from scanner.estate.load import EstateText
from scanner.model.control import Catalogue, Control
from scanner.model.estate import Register
from scanner.model.exceptions import AFTER
from scanner.model.ids import Json
from scanner.yamlfile import Document, Path_, parse

LONGEST = "waiver_max_days"
"""Threshold of the policy: how long a waiver may last, in days."""
LONGEST_DEFAULT = 366
_ADDRESSABLE = "Addressable"


def check_exceptions(text: EstateText, catalogue: Catalogue) -> None:
    """Check every exception of an estate against the whole catalogue. Raises ConfigError with file and line."""
    checks = _Checks(text, catalogue)
    for key in EXCEPTIONS:
        register: Register | None = getattr(text.estate, key)
        if register is not None:
            checks.register(key, register)


class _Checks:
    """What exceptions are held against, and the ids that were given so far."""

    def __init__(self, text: EstateText, catalogue: Catalogue) -> None:
        self._text = text
        self._controls = {str(control.id): control for control in catalogue.controls}
        self._rules = {c.ref: c.rule for f in catalogue.frameworks for c in f.clauses if c.rule}
        self._most = _longest(catalogue, text.estate.policy)
        self._ids: set[str] = set()

    def register(self, key: str, register: Register) -> None:
        """Check one register."""
        given = self._text.document.data
        name = given[key] if isinstance(given, dict) else ""
        path = Path(self._text.document.path).parent / str(name)
        document = parse(self._text.layouts[kept_name(key)], str(path))
        for i, entry in enumerate(register.entries):
            self._entry(document, ("entries", i), entry)

    def _entry(self, document: Document, at: Path_, entry: Mapping[str, Json]) -> None:
        name = str(entry["id"])
        if name in self._ids:
            said = f"{name} is also in the register of waivers"
            raise ConfigError(said, place=document.place((*at, "id")), hint="rename one of them")
        self._ids.add(name)
        clause = entry.get("clause")
        if clause is not None:
            self._clause(document, (*at, "clause"), str(clause))
        controls = entry["controls"] if isinstance(entry["controls"], list) else []
        for j, control in enumerate(controls):
            self._control(document, (*at, "controls", j), str(control), clause)
        if "expires" in entry:
            self._length(document, at, entry)

    def _clause(self, document: Document, at: Path_, clause: str) -> None:
        rule = self._rules.get(clause)
        if rule is None:
            hint = _meant(clause, [ref for ref, rule in self._rules.items() if rule == _ADDRESSABLE])
            raise ConfigError(f"no framework has a clause {clause!r}", place=document.place(at), hint=hint)
        if rule != _ADDRESSABLE:
            said = f"{clause} is {_RULES[rule]}: 164.306(d)(3) allows no alternative to it"
            raise ConfigError(said, place=document.place(at), hint="implement it, or waive the failure for a time")

    def _control(self, document: Document, at: Path_, name: str, clause: Json) -> None:
        control = self._controls.get(name)
        if control is None:
            hint = _meant(name, self._controls)
            raise ConfigError(f"there is no control {name!r}", place=document.place(at), hint=hint)
        if control.table in AFTER:
            said = f"{name} is about exceptions: none covers it"
            raise ConfigError(said, place=document.place(at), hint="renew or remove the exception instead")
        if clause is not None and clause not in _cited(control):
            said = f"{name} does not cite {clause}"
            raise ConfigError(said, place=document.place(at), hint=f"`keyaudit controls show {name}` has what it cites")

    def _length(self, document: Document, at: Path_, entry: Mapping[str, Json]) -> None:
        days = (date.fromisoformat(str(entry["expires"])) - date.fromisoformat(str(entry["approved"]))).days
        if days > self._most:
            said = f"expires: is {days} days after the approval, and a waiver lasts at most {self._most}"
            hint = f"shorten it, or set `policy: {{{LONGEST}: …}}` in the estate file"
            raise ConfigError(said, place=document.place((*at, "expires")), hint=hint)


_RULES: Mapping[str, str] = {"Required": "Required", "Standard": "a standard, which always binds"}


def _longest(catalogue: Catalogue, policy: Mapping[str, Json]) -> int:
    own = {p.name: p.default for control in catalogue.controls for p in control.parameters}
    most = policy.get(LONGEST, own.get(LONGEST))
    return most if isinstance(most, int) else LONGEST_DEFAULT


def _cited(control: Control) -> Collection[str]:
    return {c.ref for c in control.citations if c.framework.startswith("hipaa-")}


def _meant(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean {close[0]}?" if close else f"there are: {', '.join(sorted(known))}"
