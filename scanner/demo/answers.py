"""The answer key: what a scan of the simulated world must find, as ``answers.yaml`` tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from scanner.demo.subjects import subjects
from scanner.demo.world import FOLDER, World
from scanner.errors import ConfigError
from scanner.yamlfile import load, validate


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Answer(_Strict):
    """One line of the answer key: what a scan of the world must find."""

    control: str
    subject: str
    """Alias of a key, name of a key store, or section and name of anything else: ``buckets/audio``."""
    part: str = ""
    """What the scan adds to its identifier, ``/password`` or ``#use``; an instant at the end is left out."""
    literal: bool = False
    """The subject is the scan's own word, such as an account and region."""
    hsm: bool = False
    """Only where the tokens of the world are there, and so SoftHSM is."""
    verdict: Literal["fail", "unknown"]
    why: str


class _Answers(_Strict):
    answers: list[Answer]
    by_date: list[str] = []
    """Controls of which the verdict hangs on the day of the scan, and so is no part of the answer key."""


def load_answers(
    world: World, path: Path = FOLDER / "answers.yaml", *, hsm: bool = True
) -> tuple[tuple[str, str, str], ...]:
    """Return the answer key as sorted (control, subject id, verdict). Raises ConfigError with file and line.

    ``hsm``: the tokens of the world are there.
    """
    document = load(path)
    ids = subjects(world)
    answers = validate(document, _Answers).answers
    for i, answer in enumerate(answers):
        if answer.subject not in ids and not answer.literal:
            place = document.place(("answers", i, "subject"))
            hint = "name a key, a key store, or `buckets/NAME` and the like; `literal: true` for a scan's own word"
            raise ConfigError(f"the world has no key and no store {answer.subject!r}", place=place, hint=hint)
    return tuple(
        sorted(
            (a.control, (a.subject if a.literal else ids[a.subject]) + a.part, a.verdict)
            for a in answers
            if hsm or not a.hsm
        )
    )


def load_by_date(path: Path = FOLDER / "answers.yaml") -> frozenset[str]:
    """Return the controls that the answer key says nothing of. Raises ConfigError with file and line."""
    return frozenset(validate(load(path), _Answers).by_date)
