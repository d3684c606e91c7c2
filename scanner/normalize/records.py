"""One unit's records by operation and subject, with the ids that rows keep as their evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from scanner.model.facts import Fact
from scanner.model.ids import Digest, Json, SourceId
from scanner.model.observation import Gap, Observation, Record
from scanner.model.tables import CoverageFact


class Records:
    """An index over the records of one unit. Order of arrival does not matter: pages are sorted by number."""

    def __init__(self, records: Sequence[Record]) -> None:
        last_run = max((record.run for record in records), default=1)
        self._answers: defaultdict[tuple[str, str | None], list[Observation]] = defaultdict(list)
        self._gaps: set[tuple[str, str | None]] = set()
        self.first = records[0] if records else None
        for record in records:
            where = (record.operation, record.subject)
            if isinstance(record, Observation):
                self._answers[where].append(record)
            elif record.run == last_run:
                self._gaps.add(where)
        self._about: defaultdict[str | None, set[Digest]] = defaultdict(set)
        for (_, subject), pages in self._answers.items():
            pages.sort(key=lambda page: (page.page, page.id))
            self._about[subject].update(page.id for page in pages)

    @property
    def source(self) -> SourceId:
        """Scope of the unit. Only for a unit that has records."""
        assert self.first is not None  # noqa: S101 - callers leave empty units out
        return self.first.source

    def answers(self, operation: str, subject: str | None = None) -> list[Observation]:
        """Return the answers of an operation about a subject, by page."""
        return self._answers.get((operation, subject), [])

    def answer(self, operation: str, subject: str | None = None) -> Observation | None:
        """Return the one answer that is not an error, or None."""
        found = [a for a in self.answers(operation, subject) if not a.error_code]
        return found[0] if found else None

    def response(self, operation: str, subject: str | None = None) -> Json:
        """Return the response of :meth:`answer`, or None."""
        found = self.answer(operation, subject)
        return found.response if found else None

    def error(self, operation: str, subject: str | None = None) -> str:
        """Return the error code that the provider answered with, where that code is knowledge, else empty."""
        return next((a.error_code for a in self.answers(operation, subject) if a.error_code), "")

    def complete(self, operation: str, subject: str | None = None) -> bool:
        """Tell whether a listing was read to its end, without a gap."""
        pages = self.answers(operation, subject)
        return bool(pages) and pages[-1].last and (operation, subject) not in self._gaps

    def evidence(self, subject: str, *also: Digest) -> tuple[Digest, ...]:
        """Return the ids of every answer about ``subject``, with those in ``also``, sorted."""
        return tuple(sorted({*self._about.get(subject, ()), *also}))

    def ids(self, operation: str, subject: str | None = None) -> tuple[Digest, ...]:
        """Return the ids of an operation's answers, sorted."""
        return tuple(sorted(a.id for a in self.answers(operation, subject)))

    def coverage(self, table: type[Fact], operation: str, parent: str, subject: str | None, rows: int) -> CoverageFact:
        """Return the row that says whether ``table`` was listed to its end for ``parent``."""
        return CoverageFact(
            source=self.source,
            evidence=self.ids(operation, subject),
            coverage_id=f"{table.table} {parent}",
            listed_table=table.table,
            parent_id=parent,
            complete=self.complete(operation, subject),
            row_count=rows,
        )


def current_gaps(records: Sequence[Record]) -> Iterator[Gap]:
    """Yield the gaps that count: those of the unit's last run, each once."""
    last_run = max((record.run for record in records), default=1)
    seen: set[tuple[str, str | None, str]] = set()
    for record in records:
        if isinstance(record, Gap) and record.run == last_run:
            key = (record.operation, record.subject, record.reason)
            if key not in seen:
                seen.add(key)
                yield record
