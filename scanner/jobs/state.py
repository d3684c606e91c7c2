"""``run.json``: which steps of which run are done, so that a run goes on where another stopped."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scanner.errors import EvidenceError
from scanner.scandir import write_atomically

SCHEMA = "keyaudit/run/1"
FILE = "run.json"
MOST_RUNS = 10_000
"""Runs that are remembered."""
MOST_TEXT = 500
STEPS = ("scan", "record", "package", "checkpoint", "notify")
"""In their order."""
_STAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")


def stamp_of(as_of: datetime) -> str:
    """Return the name of the run that judges at an instant, to the second, UTC."""
    return f"{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def is_stamp(name: str) -> bool:
    """Tell whether a name is one that :func:`stamp_of` gives."""
    return _STAMP.fullmatch(name) is not None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PackageRecord(_Strict):
    """A package as it was written."""

    sha256: str
    """Of the file."""
    checkpoint: str
    """SHA-256 of its manifest."""
    number: int = Field(ge=1)
    """Place in the chain, from 1."""


class RunRecord(_Strict):
    """One run."""

    stamp: Annotated[str, Field(pattern=_STAMP.pattern)]
    scan: str = ""
    """Id of the scan; empty while it has not ended."""
    code: int | None = None
    """Exit code by the verdicts; None while the scan has not ended."""
    done: tuple[Literal["scan", "record", "package", "checkpoint", "notify"], ...] = Field(default=(), strict=False)
    package: PackageRecord | None = None
    problems: tuple[str, ...] = Field(default=(), strict=False)
    """What went wrong in the last try, by step."""
    given_up: str = ""
    """Why it cannot be gone on with; empty otherwise."""

    @property
    def complete(self) -> bool:
        """Every step is done, or it was given up."""
        return bool(self.given_up) or len(set(self.done)) == len(STEPS)


class _File(_Strict):
    schema_: Literal["keyaudit/run/1"] = Field(alias="schema")
    profile: str
    runs: tuple[RunRecord, ...] = Field(strict=False)
    waiting: tuple[str, ...] = Field(default=(), strict=False)
    """Notifications that wait, in words."""


@dataclass(frozen=True, slots=True)
class State:
    """The runs of a profile, in the order in which they began."""

    profile: str
    runs: tuple[RunRecord, ...] = ()
    waiting: tuple[str, ...] = ()
    """Notifications that could not be sent yet, in words."""

    def run(self, stamp: str) -> RunRecord | None:
        """Return a run by its stamp."""
        return next((run for run in self.runs if run.stamp == stamp), None)

    def with_run(self, run: RunRecord) -> State:
        """Return the state with a run added or replaced."""
        if self.run(run.stamp) is None:
            return replace(self, runs=(*self.runs, run)[-MOST_RUNS:])
        return replace(self, runs=tuple(run if one.stamp == run.stamp else one for one in self.runs))

    def without(self, stamp: str) -> State:
        """Return the state without a run."""
        return replace(self, runs=tuple(run for run in self.runs if run.stamp != stamp))

    def with_waiting(self, waiting: tuple[str, ...]) -> State:
        """Return the state with what waits in the outbox, in words."""
        return replace(self, waiting=waiting)

    @property
    def unfinished(self) -> tuple[RunRecord, ...]:
        """Runs that can be gone on with."""
        return tuple(run for run in self.runs if not run.complete)


def read_state(folder: Path, profile: str) -> State:
    """Return the state in a profile's folder. Raises EvidenceError for a file that is not one, or another profile's."""
    path = folder / FILE
    try:
        body = json.loads(path.read_bytes())
        found = _File.model_validate(body)
    except FileNotFoundError:
        return State(profile)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _damaged(path, f"{where or 'it'}: {first['msg']}") from None
    except (ValueError, RecursionError):
        raise _damaged(path, "it is not JSON") from None
    if found.profile != profile:
        hint = "give each profile a `folder` of its own"
        raise EvidenceError(f"{folder} belongs to the profile {found.profile!r}", hint=hint)
    return State(profile, found.runs, found.waiting)


def _damaged(path: Path, why: str) -> EvidenceError:
    hint = "move it away: scans and packages stay, and are not gone on with"
    return EvidenceError(f"{path}: not what a run writes: {why}", hint=hint)


def write_state(folder: Path, state: State) -> None:
    """Write ``run.json``, whole and durable."""
    runs = [run.model_dump(mode="json") for run in state.runs]
    body = {"schema": SCHEMA, "profile": state.profile, "runs": runs, "waiting": list(state.waiting)}
    text = json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    write_atomically(folder / FILE, text.encode(errors="replace"))
