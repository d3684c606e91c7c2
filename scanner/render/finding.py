"""What a reader may look for in the page, and where a finding and the raw answers behind it stand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields

from markupsafe import Markup

from scanner.model.control import Severity
from scanner.model.ids import Digest
from scanner.model.observation import Observation
from scanner.model.report import Report
from scanner.model.verdict import ControlResult, Finding, Verdict
from scanner.render import words
from scanner.render.text import hidden, spelled

MOST_OF_ANSWER = 6_000
"""Characters of one raw answer in the page."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the page can be narrowed to: only what it has. An option's value is its place."""

    verdicts: tuple[Verdict, ...]
    severities: tuple[Severity, ...]
    clauses: tuple[tuple[str, tuple[tuple[int, str], ...]], ...]
    """Title of a framework, and its clauses that a control cites."""
    sources: tuple[tuple[int, str], ...]
    places: dict[tuple[str, str], int]
    """(framework, clause) to its number."""
    numbers: dict[str, int]
    """Source to its number."""

    def clauses_of(self, result: ControlResult) -> str:
        """Return the numbers of the clauses that a control cites."""
        cited = {self.places[key] for c in result.control.citations if (key := (c.framework, c.ref)) in self.places}
        return " ".join(map(str, sorted(cited)))


def filters(report: Report) -> Filters:
    """Return what the findings of a report can be narrowed to."""
    cited = [(f, [cover.clause.ref for cover in covers if cover.controls]) for f, covers in report.clauses]
    keys = dict.fromkeys((f.id, ref) for f, refs in cited for ref in refs)
    places = {key: number for number, key in enumerate(keys)}
    sources = sorted({finding.source for result in report.results for finding in result.findings})
    found = {verdict for result in report.results for verdict in verdicts_of(result)}
    return Filters(
        verdicts=tuple(verdict for verdict in words.VERDICTS if verdict in found),
        severities=tuple(s for s in words.SEVERITIES if any(r.control.severity is s for r in report.results)),
        clauses=tuple(
            (f.title, tuple((places[f.id, ref], ref) for ref in dict.fromkeys(refs))) for f, refs in cited if refs
        ),
        sources=tuple(enumerate(sources)),
        places=places,
        numbers={source: number for number, source in enumerate(sources)},
    )


def verdicts_of(result: ControlResult) -> tuple[Verdict, ...]:
    """Return a control's own verdict, and those of its subjects that ask for something."""
    its = {result.verdict: True, Verdict.FAIL: result.counts.failed > 0, Verdict.UNKNOWN: result.counts.unknown > 0}
    return tuple(verdict for verdict, has in {**its, result.verdict: True}.items() if has)


def anchor(finding: Finding) -> str:
    """Return the id of a finding in the page: the same in every scan."""
    of = "\0".join((finding.control, finding.verdict, finding.source, finding.subject))
    return f"f-{hashlib.sha256(of.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def place(digest: Digest) -> str:
    """Return the id of a raw answer in the page."""
    return f"o-{digest.removeprefix('sha256:')}"


def raw(observation: Observation) -> Markup:
    """Return an answer as it was recorded, as indented JSON in which hidden characters are escaped."""
    body = {f.name: getattr(observation, f.name) for f in fields(observation) if f.name != "id"}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, indent=1)
    shown = text[:MOST_OF_ANSWER].translate({ord(c): spelled(c) for c in _hidden(text[:MOST_OF_ANSWER])})
    more = "" if len(text) <= MOST_OF_ANSWER else f"… (cut, {len(text)} characters; the rest is in evidence/)"
    return Markup("{}{}").format(shown, more)


def _hidden(text: str) -> Iterable[str]:
    return (char for char in set(text) if char != "\n" and hidden(char))
