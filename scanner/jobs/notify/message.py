"""What a notification says: counts, the first few changes, where the report lies. No observed value is in it.

The JSON form is what webhooks get, what the outbox keeps, and what mail and Slack messages are made from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scanner.evidence.canonical import canonical, clean_text
from scanner.model.diff import Diff, FindingChange
from scanner.model.history import Snapshot
from scanner.model.ids import Json
from scanner.scanheader import written

SCHEMA = "keyaudit/notification/1"
MOST = 10
"""Changes of one kind that are named; the rest is counted."""
MOST_TEXT = 300
"""Characters of one text from outside."""
HEADINGS: Mapping[str, str] = {"new": "New", "fixed": "Fixed", "changed": "Changed", "unknown": "Unknown now"}
"""Kinds of changes, by the names that `keyaudit diff` gives them, in the order in which they are told."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Change(_Strict):
    """A subject under a control whose verdict moved."""

    control: str
    severity: str
    title: str
    subject: str
    source: str
    label: str
    """Name for people, or empty."""
    before: str
    """How it stood: `pass`, `fail`, `unknown` ... as in diff.json."""
    now: str


class Changes(_Strict):
    """Changes of one kind."""

    count: int = Field(ge=0)
    first: Annotated[tuple[Change, ...], Field(strict=False, max_length=MOST)]


class Controls(_Strict):
    """Controls by verdict."""

    pass_: int = Field(alias="pass")
    fail: int
    unknown: int
    not_applicable: int
    waived: int
    """Findings under a waiver; the verdict stays FAIL."""


class Package(_Strict):
    """The evidence package of the scan."""

    file: str
    checkpoint: str
    number: int


class Notification(_Strict):
    """What is told of a run."""

    schema_: Literal["keyaudit/notification/1"] = Field(alias="schema")
    profile: str
    organization: str
    scan: str
    """Id of the scan."""
    as_of: str
    """RFC 3339, UTC; the clock against which every age was judged."""
    exit_code: int
    """By the verdicts: 0, 3 (evidence incomplete) or 10 (a control failed)."""
    controls: Controls
    gaps: int
    """Questions without an answer."""
    compared_with: str | None
    """As-of of the scan before; null when there is none."""
    changes: dict[Literal["new", "fixed", "changed", "unknown"], Changes] | None
    """Null when there is no scan to compare with."""
    report: str
    """Folder with the report, on the machine that scanned."""
    package: Package | None
    problems: Annotated[tuple[str, ...], Field(strict=False)]
    """What went wrong in the run itself."""

    def body(self) -> bytes:
        """Return the canonical JSON (RFC 8785)."""
        return canonical(self.model_dump(mode="json", by_alias=True))

    @property
    def changed(self) -> bool:
        """Something moved since the scan before; the first scan of a series counts."""
        return self.changes is None or any(part.count for part in self.changes.values())

    @property
    def failed(self) -> bool:
        """The exit code of the run is not 0."""
        return bool(self.exit_code or self.problems)


def parse(data: bytes | Json) -> Notification:
    """Return the notification that JSON is. Raises ValueError when it is none; what it holds is not repeated."""
    try:
        if isinstance(data, bytes):
            return Notification.model_validate_json(data)
        return Notification.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a notification tells of the run, beside the scan and what changed."""

    profile: str
    code: int
    report: str
    package: Package | None = None
    problems: Sequence[str] = ()


def notification(snapshot: Snapshot, diff: Diff | None, run: Run) -> Notification:
    """Return what is told of a run. Texts from outside are bounded; what they say is for each format to escape."""
    scan = snapshot.scan
    changes: dict[str, Json] | None = None
    if diff is not None:
        lists = {"new": diff.appeared, "fixed": diff.fixed, "changed": diff.changed, "unknown": diff.unknown}
        changes = {name: {"count": len(found), "first": _first(found)} for name, found in lists.items()}
    return parse(
        {
            "schema": SCHEMA,
            "profile": run.profile,
            "organization": _cut(scan.organization),
            "scan": scan.id,
            "as_of": written(scan.as_of),
            "exit_code": run.code,
            "controls": {
                "pass": scan.totals.passed,
                "fail": scan.totals.failed,
                "unknown": scan.totals.unknown,
                "not_applicable": scan.totals.not_applicable,
                "waived": scan.totals.waived,
            },
            "gaps": scan.gaps,
            "compared_with": written(diff.old.as_of) if diff else None,
            "changes": changes,
            "report": clean_text(run.report),
            "package": run.package.model_dump() if run.package else None,
            "problems": [_cut(problem) for problem in run.problems],
        }
    )


def _first(found: Sequence[FindingChange]) -> list[Json]:
    return [
        {
            "control": _cut(one.control),
            "severity": one.severity.value,
            "title": _cut(one.title),
            "subject": _cut(one.subject),
            "source": _cut(one.source),
            "label": _cut(one.label),
            "before": one.before.value,
            "now": one.now.value,
        }
        for one in found[:MOST]
    ]


def _cut(text: str) -> str:
    text = clean_text(text)
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"
