"""What an earlier, interrupted run of a scan already has of a unit: its answers. Gaps are asked again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from scanner.collect.interface import Paging
from scanner.evidence.canonical import canonical
from scanner.model.ids import Json
from scanner.model.observation import Gap, Observation, Record


class Stored:
    """Answers by question. ``uncached`` are operations that are always asked again."""

    def __init__(self, records: Iterable[Record], uncached: tuple[str, ...]) -> None:
        self.run = 1
        self._answers: dict[bytes, Observation] = {}
        self._listings: defaultdict[tuple[str, str | None], list[Observation]] = defaultdict(list)
        kept = list(records)
        if kept:
            self.run = max(record.run for record in kept) + 1
        doubted = {(r.operation, r.subject) for r in kept if r.run == self.run - 1 and _doubts(r)}
        for record in kept:
            where = (record.operation, record.subject)
            if isinstance(record, Gap) or record.operation in uncached or where in doubted:
                continue
            self._listings[where].append(record)
            # What was asked is known only as far as nothing of it was redacted.
            if record.page == 0 and not _hidden(record):
                self._answers[_question(record.operation, record.params)] = record

    def answer(self, operation: str, params: Mapping[str, Json]) -> Observation | None:
        """Return the stored answer to a single call, or None."""
        return self._answers.get(_question(operation, params)) if self._answers else None

    def pages(
        self, operation: str, params: Mapping[str, Json], subject: str | None, paging: Paging
    ) -> list[Observation]:
        """Return the stored pages of a listing, from the first on without a hole: of the last time it was begun."""
        found: list[Observation] = []
        for record in self._listings.get((operation, subject), ()):
            asked = {name: value for name, value in record.params.items() if name != paging.parameter}
            if asked != params or _hidden(record) - {f"/params/{paging.parameter}"}:
                continue
            if record.page == 0:
                found = [record]
            elif record.page == len(found):
                found.append(record)
        return found


def next_token(page: Observation, paging: Paging) -> str:
    """Return the token that a stored page gives, or empty text when redaction altered it."""
    token = page.response.get(paging.answer) if isinstance(page.response, dict) else None
    altered = f"/response/{paging.answer}" in page.redacted
    return token if isinstance(token, str) and not altered else ""


def _doubts(record: Record) -> bool:
    """Tell whether a record is a gap about a whole operation and subject, recorded without having asked anything.

    Something failed around the question then. It is asked again even when it has an answer: a gap counts until a
    later run writes.
    """
    return isinstance(record, Gap) and not record.params and record.attempts == 0


def _hidden(record: Observation) -> set[str]:
    return {path for path in record.redacted if path.startswith("/params")}


def _question(operation: str, params: Mapping[str, Json]) -> bytes:
    return canonical([operation, dict(params)])
