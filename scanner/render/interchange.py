"""What the formats for other programs share: statements, safe text, stable ids, JSON.

None of them holds a fact of its own. Every text from outside is made visible and bounded (``text.visible``);
``results.json`` keeps what is longer. A waiver or documented alternative is an attribute of a FAIL with an owner and
a last day: a format adds it to the statement of the FAIL, and no format drops the FAIL for it.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from scanner.model.control import Control, Severity
from scanner.model.ids import Json
from scanner.model.verdict import ControlResult, Finding, Verdict
from scanner.render import words
from scanner.render.text import observed_pairs, visible

NAMESPACE: Final = uuid.UUID("5f0b8f0e-9a55-5c56-8f0c-6d4c6b1f9a11")
"""Of the identifiers made here (RFC 9562, version 5): the same subject has the same one in every scan."""
HOME: Final = "https://keyaudit.dev"
_MARKUP = re.compile(r"([\\`*_\[\]<>&|~^\"{}#!$])")
_LEADING = re.compile(r"^(\d+(?=[.)])|(?=[-+=:]))")


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a result says: of a subject, of the subjects that are not listed, or of all of them."""

    result: ControlResult
    verdict: Verdict
    finding: Finding | None
    """None when it is said of the control and not of one subject."""
    text: str
    """Why, in words that are safe to show as plain text."""

    @property
    def control(self) -> Control:
        """The control that says it."""
        return self.result.control

    @property
    def subject(self) -> str:
        """Identifier of the subject made visible, or empty."""
        return visible(self.finding.subject) if self.finding else ""

    @property
    def key(self) -> str:
        """What tells it from every other statement of the scan, the same in every scan."""
        if self.finding is None:
            return f"{self.control.id}\0{self.verdict}"
        return f"{self.control.id}\0{self.finding.source}\0{self.finding.subject}"


def statements(result: ControlResult) -> Iterator[Statement]:
    """Yield what a result says: each finding, then what no finding says.

    A control that passes or does not apply has one statement. One that cannot be decided has always one that
    says so: a gap is never silent because no subject was seen.
    """
    for finding in result.findings:
        yield Statement(result, finding.verdict, finding, _why(finding))
    told = {finding.verdict for finding in result.findings}
    if result.omitted:
        listed = sum(finding.verdict is Verdict.FAIL for finding in result.findings)
        verdict = Verdict.FAIL if listed < result.counts.failed else Verdict.UNKNOWN
        yield Statement(result, verdict, None, f"{result.omitted} more are not listed here; verdicts.parquet has all.")
        told.add(verdict)
    if result.unread and Verdict.UNKNOWN not in told:
        yield Statement(result, Verdict.UNKNOWN, None, f"Not read: {visible(result.unread)}.")
    elif not told:
        yield Statement(result, result.verdict, None, tally(result))


def _why(finding: Finding) -> str:
    observed = "; ".join(f"{name}: {value}" for name, value in observed_pairs(finding.observed))
    said = [visible(finding.reason)] * bool(finding.reason) + [f"observed {visible(observed)}"] * bool(observed)
    return ". ".join(said) or "no observed value"


def tally(result: ControlResult) -> str:
    """Return the subjects of a control by verdict, in words."""
    counts = result.counts
    return (
        f"{counts.passed} passed, {counts.failed} failed, {counts.unknown} unknown, "
        f"{counts.not_applicable} not applicable"
    )


def named(finding: Finding) -> str:
    """Return a subject with its name for people."""
    label = visible(finding.label)
    return f"{visible(finding.subject)} ({label})" if label else visible(finding.subject)


def heading(statement: Statement) -> str:
    """Return a statement as one line: verdict, control, subject."""
    of = f": {named(statement.finding)}" if statement.finding else ""
    control = statement.control
    return f"{words.VERDICTS[statement.verdict]} {control.id} {visible(control.title)}{of}"


def remedy(control: Control, source: str) -> str:
    """Return what to do about a failure in a scope: the remedy of its provider, else that for any, else every one."""
    provider = source.partition(":")[0]
    for wanted in ({provider}, {"any"}, {name for name, _ in control.remedy}):
        if found := [f"{visible(name)}: {visible(text)}" for name, text in control.remedy if name in wanted]:
            return "; ".join(found)
    return ""


def cited(control: Control) -> list[str]:
    """Return the clauses that a control bears on, each with its framework."""
    return [visible(f"{citation.framework} {citation.ref}") for citation in control.citations]


def severity_rank(severity: Severity) -> int:
    """Return 1 for low to 4 for critical."""
    return len(words.SEVERITIES) - words.SEVERITIES.index(severity)


def stable_id(*parts: str) -> str:
    """Return the UUID of what ``parts`` name (version 5, so the same parts give the same one)."""
    name = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
    return str(uuid.uuid5(NAMESPACE, name.hexdigest()))


def instant(moment: datetime) -> str:
    """Return an instant as RFC 3339 in UTC. One without a zone is UTC, as the fact tables have it."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.isoformat().replace("+00:00", "Z")


def line(text: str, instead: str = "-") -> str:
    """Return text as one visible line without space around it; ``instead`` when nothing is left."""
    return visible(text).strip() or instead


def markup(text: str, instead: str = "-") -> str:
    """Return text as one line of CommonMark that shows exactly that text: no link, no HTML, no emphasis."""
    return _LEADING.sub(lambda match: f"{match[1]}\\", _MARKUP.sub(r"\\\1", line(text, instead)))


def shown(value: Json) -> Json:
    """Return a value of which every text is visible and bounded, and every number one that JSON has."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {visible(key): shown(item) for key, item in value.items()}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def compact(value: Mapping[str, Json]) -> str:
    """Return an object as one line of JSON, keys sorted, every text visible and bounded."""
    return json.dumps(shown(dict(value)), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def document(body: Mapping[str, Json]) -> bytes:
    """Return an object whose texts are visible as an indented JSON file, keys sorted."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1)
    return f"{text}\n".encode()
