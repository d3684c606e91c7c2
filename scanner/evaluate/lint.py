"""What a person would have to check in every control file, checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.evaluate.columns import Checked, check
from scanner.evaluate.places import FaultError, place
from scanner.model.control import Basis, Catalogue, Citation, Control

_LAW = r"(hipaa|the law|the security rule|45 cfr( part)? [0-9.()a-z]+|164\.[0-9]+[0-9a-z()]*)"
_CLAIM = re.compile(
    rf"(?i)\b({_LAW} (requires|mandates|demands|obliges|prescribes)|(required|mandated|demanded|prescribed) by {_LAW})"
)
_NIST = re.compile(
    r"(?i)\b(nist|sp 800-[0-9]+\S*( part [0-9])?( rev\. [0-9])?) (requires|mandates|demands|prescribes)\b"
)
_RAW = re.compile(r"(?i)\b(violat(e|es|ed|ing|ions?)|non-?complian(t|ce)|hipaa[- ](compliant|certified))\b")

Fault = tuple[tuple[str | int, ...], str]
"""Where in the file (its keys), and what is wrong."""


@dataclass(frozen=True, slots=True)
class LintProblem:
    """Something wrong in a control file."""

    path: str
    """File and line."""
    control: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.control}: {self.message}"


def lint(catalogue: Catalogue) -> tuple[LintProblem, ...]:
    """Return every problem of every control, in catalogue order."""
    clauses = {(f.id, clause.ref) for f in catalogue.frameworks for clause in f.clauses}
    crosswalk = {ref: ids for f in catalogue.frameworks for ref, ids in f.crosswalk}
    problems = []
    for control in catalogue.controls:
        problems += [
            LintProblem(str(place(control.path, *keys)), control.id, message)
            for keys, message in (
                *_citations(control, clauses, crosswalk),
                *_examples(control),
                *_wording(control),
            )
        ]
        problems += _expressions(control)
    return (*problems, *_meanings(catalogue))


def _citations(
    control: Control, clauses: set[tuple[str, str]], crosswalk: dict[str, tuple[str, ...]]
) -> Iterator[Fault]:
    hipaa = [c.ref for c in control.citations if c.framework.startswith("hipaa-")]
    if not hipaa:
        yield ("citations",), "cites no HIPAA clause"
    mapped = {control_id for ref in hipaa for control_id in crosswalk.get(ref, ())}
    for number, citation in enumerate(control.citations):
        for message in _citation(citation, clauses, mapped):
            yield ("citations", number), message
        if citation in control.citations[:number]:
            yield ("citations", number), f"{citation.framework} {citation.ref} is cited twice"


def _citation(citation: Citation, clauses: set[tuple[str, str]], mapped: set[str]) -> Iterator[str]:
    if citation.framework not in {framework for framework, _ in clauses}:
        yield f"there is no framework {citation.framework!r}"
    elif (citation.framework, citation.ref) not in clauses:
        yield f"{citation.framework} has no clause {citation.ref!r}"
    if citation.framework == "sp800-53r5":
        expected = "nist" if citation.ref in mapped else "author"
        if citation.mapping != expected:
            given = repr(citation.mapping) if citation.mapping else "missing"
            yield f"the mapping of {citation.ref} is {expected!r} by NIST's crosswalk, and here it is {given}"
    elif citation.mapping:
        yield f"{citation.framework} {citation.ref}: only SP 800-53 citations have a mapping"


def _expressions(control: Control) -> Iterator[LintProblem]:
    try:
        checked = check(control)
    except FaultError as fault:
        yield LintProblem(str(fault.where), control.id, f"{fault.said} ({fault.hint})")
        return
    for name in sorted({p.name for p in control.parameters} - _parameters(checked)):
        where = str(place(control.path, "parameters", name))
        yield LintProblem(where, control.id, f"the parameter {name} is not used")


def _parameters(checked: Checked) -> set[str]:
    used = checked.applies.parameters | checked.passes.parameters | checked.fails.parameters
    return set(used.union(*(where.parameters for where in checked.wheres.values())))


def _examples(control: Control) -> Iterator[Fault]:
    expected = {verdict for example in control.examples for _, verdict in example.expect}
    for verdict in ("pass", "fail", "unknown", "not_applicable"):
        needed = verdict != "not_applicable" or control.applies != "true"
        if needed and verdict not in expected:
            yield ("examples",), f"no example ends in {verdict}"


def _wording(control: Control) -> Iterator[Fault]:
    texts: list[tuple[tuple[str | int, ...], str]] = [
        (("title",), control.title),
        (("statement",), control.statement),
        (("rationale",), control.rationale),
        (("undecided",), control.undecided),
        *((("remedy", provider), text) for provider, text in control.remedy),
        *((("parameters", p.name, "source"), p.source) for p in control.parameters),
    ]
    for keys, text in texts:
        if control.basis is not Basis.LAW and (claim := _CLAIM.search(text)):
            yield keys, f"says {claim.group(0)!r}, but its threshold does not rest on the law's text"
        if control.basis is not Basis.NIST_SHALL and (claim := _NIST.search(text)):
            yield keys, f'says {claim.group(0)!r}, but its threshold rests on no NIST "shall"'
        if word := _RAW.search(text):
            yield keys, f"says {word.group(0)!r}: a finding is not a judgement of law"


def _meanings(catalogue: Catalogue) -> Iterator[LintProblem]:
    first: dict[str, tuple[Control, tuple[object, ...]]] = {}
    for control in catalogue.controls:
        for p in control.parameters:
            default = tuple(p.default) if isinstance(p.default, list) else p.default
            meaning = (default, p.unit, p.basis)
            other, known = first.setdefault(p.name, (control, meaning))
            if known != meaning:
                message = f"the parameter {p.name} means something else in {other.id}"
                yield LintProblem(str(place(control.path, "parameters", p.name)), control.id, message)
