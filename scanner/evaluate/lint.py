"""What a person would have to check in every control file, checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.errors import ControlError
from scanner.evaluate.columns import AS_OF, Checked, check
from scanner.model.control import Basis, Catalogue, Control

_CLAIM = re.compile(r"(?i)\b(hipaa|the law|45 cfr|the security rule) (requires|mandates|demands)\b")
_RAW = re.compile(r"(?i)\bviolat(es|ion|ions|ing)\b")


@dataclass(frozen=True, slots=True)
class LintProblem:
    """Something wrong in a control file."""

    path: str
    control: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.control}: {self.message}"


def lint(catalogue: Catalogue) -> tuple[LintProblem, ...]:
    """Return every problem of every control, in catalogue order."""
    clauses = {(f.id, clause.ref) for f in catalogue.frameworks for clause in f.clauses}
    crosswalk = {ref: ids for f in catalogue.frameworks for ref, ids in f.crosswalk}
    problems = [
        LintProblem(control.path, control.id, message)
        for control in catalogue.controls
        for message in (
            *_citations(control, clauses, crosswalk),
            *_expressions(control),
            *_examples(control),
            *_wording(control),
        )
    ]
    return (*problems, *_meanings(catalogue))


def _citations(control: Control, clauses: set[tuple[str, str]], crosswalk: dict[str, tuple[str, ...]]) -> Iterator[str]:
    hipaa = [c.ref for c in control.citations if c.framework.startswith("hipaa-")]
    if not hipaa:
        yield "cites no HIPAA clause"
    mapped = {control_id for ref in hipaa for control_id in crosswalk.get(ref, ())}
    for citation in control.citations:
        if (citation.framework, citation.ref) not in clauses:
            yield f"{citation.framework} has no clause {citation.ref!r}"
        if citation.framework == "sp800-53r5":
            expected = "nist" if citation.ref in mapped else "author"
            if citation.mapping != expected:
                yield f"the mapping of {citation.ref} is {expected!r} by NIST's crosswalk, not {citation.mapping!r}"
        elif citation.mapping:
            yield f"{citation.framework} {citation.ref}: only SP 800-53 citations have a mapping"


def _expressions(control: Control) -> Iterator[str]:
    try:
        checked = check(control)
    except ControlError as error:
        yield str(error)
        return
    declared = {p.name for p in control.parameters}
    for name in sorted(declared - _parameters(checked)):
        yield f"the parameter {name} is not used"
    if AS_OF in declared:
        yield f"{AS_OF} is the scan's clock and cannot be a parameter"


def _parameters(checked: Checked) -> set[str]:
    used = checked.applies.parameters | checked.passes.parameters | checked.fails.parameters
    return set(used.union(*(where.parameters for where in checked.wheres.values())))


def _examples(control: Control) -> Iterator[str]:
    expected = {verdict for example in control.examples for _, verdict in example.expect}
    for verdict in ("pass", "fail", "unknown", "not_applicable"):
        needed = verdict != "not_applicable" or control.applies != "true"
        if needed and verdict not in expected:
            yield f"no example ends in {verdict}"


def _wording(control: Control) -> Iterator[str]:
    text = " ".join((control.title, control.statement, control.rationale))
    if control.basis is not Basis.LAW and (claim := _CLAIM.search(text)):
        yield f"says {claim.group(0)!r}, but its threshold does not rest on the law's text"
    if word := _RAW.search(text):
        yield f"says {word.group(0)!r}: a finding is not a judgement of law"


def _meanings(catalogue: Catalogue) -> Iterator[LintProblem]:
    first: dict[str, tuple[Control, tuple[object, ...]]] = {}
    for control in catalogue.controls:
        for p in control.parameters:
            default = tuple(p.default) if isinstance(p.default, list) else p.default
            meaning = (default, p.unit, p.basis)
            other, known = first.setdefault(p.name, (control, meaning))
            if known != meaning:
                message = f"the parameter {p.name} means something else in {other.id}"
                yield LintProblem(control.path, control.id, message)
