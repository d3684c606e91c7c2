"""Run the embedded estate: simulators on loopback, an estate file that points at them, and the answer key."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scanner.demo.aws.simulator import ENVIRON, aws_simulator
from scanner.demo.subjects import steady
from scanner.demo.world import World, demo_estate, load_answers, load_by_date, load_world

Verdicts = frozenset[tuple[str, str, str]]
"""(control, subject, verdict) of everything that failed or is unknown."""

_HIDDEN = ("AWS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
"""Beginnings of the variables of the caller that must not reach the demo: it uses nobody's credentials."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running embedded estate."""

    world: World
    estate: str
    """Text of the estate file."""


@contextmanager
def embedded(world: Path | None, now: datetime) -> Iterator[Embedded]:
    """Run the simulators of a world (None: the reference estate) as it stands at ``now``.

    While it runs, this process has the simulator's credentials and no others. Raises ConfigError for a world that is
    not valid, MissingExtraError without moto.
    """
    loaded = load_world(world) if world else load_world()
    with aws_simulator(loaded, now) as aws, environment(ENVIRON):
        yield Embedded(loaded, demo_estate(aws.url))


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, and hide the caller's credentials and proxies, until the block ends."""
    before = dict(os.environ)
    for name in before:
        if name.upper().startswith(_HIDDEN):
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        # Never empty in between: other threads read it.
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer key against what a scan found."""

    planted: int
    missed: Verdicts
    """In the answer key, and not found."""
    surplus: Verdicts
    """Found, and not in the answer key."""

    @property
    def holds(self) -> bool:
        """Everything planted was found, and nothing else."""
        return not self.missed and not self.surplus


def compare(world: World, answers: Path | None, found: Iterable[tuple[str, str, str]]) -> Comparison:
    """Hold the answer key (None: of the reference estate) against (control, subject, verdict) of all findings."""
    expected = frozenset(load_answers(world, answers) if answers else load_answers(world))
    by_date = load_by_date(answers) if answers else load_by_date()
    got = frozenset(
        (control, steady(subject), verdict) for control, subject, verdict in found if control not in by_date
    )
    return Comparison(len(expected), expected - got, got - expected)
