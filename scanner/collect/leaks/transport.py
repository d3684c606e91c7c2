"""Reads the places of one source. Every answer is about one place, and none has a secret in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from scanner.collect.hashes import Hashes
from scanner.collect.interface import CallError, ForbiddenOperationError, Reply
from scanner.collect.leaks.detect import engine, library
from scanner.collect.leaks.files import read_files
from scanner.collect.leaks.git import read_repository
from scanner.collect.leaks.operations import PLACES, READ
from scanner.collect.leaks.pool import Lookers
from scanner.collect.leaks.report import Report
from scanner.collect.leaks.slack_export import read_export
from scanner.model.estate import LeakSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason


def rules() -> str:
    """Return by which rules is looked. Raises CallError when detect-secrets is not installed."""
    try:
        return f"keyaudit {engine.RULES}, {library.version()}"
    except ModuleNotFoundError as error:
        raise missing(error.name) from error


def missing(package: str | None) -> CallError:
    """Return what it means that a package of the extra is not installed."""
    detail = f'{package} is not installed: pip install "keyaudit[leaks]"'
    return CallError(GapReason.UNSUPPORTED, code="MissingExtra", detail=detail)


class Places:
    """Answers about the places that the estate names, and about no other."""

    endpoint = "files of this machine"

    def __init__(self, source: LeakSource, hashes: Hashes, late: Callable[[], bool], processes: int = 0) -> None:
        self._source = source
        self._hashes = hashes
        self._late = late
        self._lookers = Lookers(hashes, processes or os.cpu_count() or 1)
        self._rules = rules()

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Answer. Raises CallError, or ForbiddenOperationError for what is not declared or not in the estate."""
        if operation == PLACES and not params:
            return Reply(
                200, "", {"places": [{"place": one, "kind": self._source.kind} for one in self._source.places]}
            )
        if operation == READ and params.keys() == {"place"} and params["place"] in self._source.places:
            return Reply(200, "", self._read(str(params["place"])))
        raise ForbiddenOperationError(f"{operation} is not a declared read-only operation, or not of this place")

    def close(self) -> None:
        """Stop the processes that look."""
        self._lookers.close()

    def _read(self, place: str) -> dict[str, Json]:
        source = self._source
        report = Report(place, source.kind, self._hashes)
        path = Path(place)
        if source.kind == "git":
            read_repository(path, source.exclude, report, self._lookers, self._late)
        elif source.kind == "slack_export":
            read_export(path, report, self._lookers, self._late)
        else:
            read_files(path, source.exclude, report, self._lookers, self._late)
        return {**report.answer(), "rules": self._rules, "hashes": self._hashes.name}
