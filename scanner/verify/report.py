"""What verifying says: the steps in order, how each ended, and the error that names the step and the member."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from scanner.errors import KeyauditError
from scanner.model.ids import Digest, Json

SCHEMA = "keyaudit/verification/1"


class Step(StrEnum):
    """The steps, in the order in which they are taken. Each may rely on those before it."""

    ARCHIVE = "archive"
    """The ZIP is well formed, bounded, and every reader sees the same members in it."""
    MANIFEST = "manifest"
    """``manifest.json`` is canonical JSON of its schema."""
    MEMBERS = "members"
    """Every member that the manifest lists is there, none besides, each with its size and SHA-256."""
    OBSERVATIONS = "observations"
    """Every line of evidence is a whole record; count and Merkle root agree."""
    STATEMENT = "statement"
    """The statement names every member, and a trusted key signed it."""
    TIMESTAMP = "timestamp"
    """A time-stamping authority saw the signed statement."""
    SCAN = "scan"
    """``scan.json``, ``results.json``, estate and controls belong together."""
    PDF = "pdf"
    """A trusted key, or one that a trusted authority certified, signed ``report.pdf`` as a PDF."""
    CHAIN = "chain"
    """The series of scans is whole and in order."""
    REPLAY = "replay"
    """The evidence, judged again, gives the same verdicts."""


class Outcome(StrEnum):
    """How a step ended when it did not fail."""

    OK = "ok"
    ABSENT = "absent"
    """The package has nothing for it."""
    NOT_CHECKED = "not_checked"
    """It was not asked for, or what it needs was not given."""


@dataclass(frozen=True, slots=True)
class Told:
    """One step that did not fail."""

    step: Step
    outcome: Outcome
    detail: str

    def to_json(self) -> dict[str, Json]:
        """Return the JSON form."""
        return {"step": self.step.value, "outcome": self.outcome.value, "detail": self.detail}


class VerificationError(KeyauditError):
    """A package does not verify. Exit code 20."""

    exit_code = 20
    hint = "do not rely on this file; ask whoever gave it to you for the package as it was made"

    def __init__(self, step: Step, message: str, *, member: str = "", hint: str = "") -> None:
        super().__init__(f"{step.value}: {member}: {message}" if member else f"{step.value}: {message}", hint=hint)
        self.step = step
        self.member = member
        self.why = message
        self.passed: tuple[Told, ...] = ()
        """The steps that went before."""

    def to_json(self) -> dict[str, Json]:
        """Return the JSON form."""
        failed: dict[str, Json] = {"step": self.step.value, "member": self.member, "message": self.why}
        return {"schema": SCHEMA, "verified": False, "failed": failed, "steps": [one.to_json() for one in self.passed]}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedPackage:
    """A package that verified; only verifying makes one."""

    path: Path
    scan: dict[str, Json]
    """Id, organization, instants and digests, as the manifest has them."""
    checkpoint: Digest
    """SHA-256 of ``manifest.json``: what the next scan names as its predecessor."""
    number: int
    previous: Digest | None
    signed_by: str
    """Fingerprint of the trusted key that signed; empty when that was not checked or nobody signed."""
    stamped: str
    """When a trusted authority saw the statement (RFC 3339, UTC); empty when that is not known."""
    steps: tuple[Told, ...]

    def to_json(self) -> dict[str, Json]:
        """Return the JSON form."""
        return {
            "schema": SCHEMA,
            "verified": True,
            "scan": self.scan,
            "checkpoint": {"number": self.number, "sha256": self.checkpoint, "previous": self.previous},
            "signed_by": self.signed_by or None,
            "timestamp": self.stamped or None,
            "steps": [one.to_json() for one in self.steps],
        }


_MARKS = {Outcome.OK: "ok", Outcome.ABSENT: "none", Outcome.NOT_CHECKED: "not checked"}


def step_lines(steps: Sequence[Told]) -> Iterator[str]:
    """Yield one line a step for people."""
    for one in steps:
        yield f"  {one.step.value:<13} {_MARKS[one.outcome]:<12} {one.detail}".rstrip()


def verdict_line(package: VerifiedPackage) -> str:
    """Return in one sentence what verifying showed, and what it did not."""
    if package.signed_by:
        return "verified: signed by the trusted key, and not changed since"
    return "consistent, but not proven: whoever made or changed this file could have made it so; give --trusted-key"
