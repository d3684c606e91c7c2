"""One unit's records by operation and subject, with the ids that rows keep as their evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scanner.model.facts import Fact
from scanner.model.ids import Digest, Json, SourceId
from scanner.model.observation import Gap, Observation, Record
from scanner.model.tables import CoverageFact
from scanner.normalize.reading import Object, text


@dataclass(frozen=True, slots=True)
class Listing:
    """What the pages of a listing hold."""

    items: tuple[tuple[Observation, Object], ...]
    """Each understood item with its page, in the order of the pages."""
    complete: bool
    """Read to the end, and every item was understood."""


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
            _drop_outdated(pages)
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
        """Return the answer to a question, be it an error that is knowledge. Asked twice, the later one counts."""
        return max(self.answers(operation, subject), key=lambda a: (a.run, a.ended, a.id), default=None)

    def response(self, operation: str, subject: str | None = None) -> Json:
        """Return the response of :meth:`answer`, or None when there is none or it is an error."""
        found = self.answer(operation, subject)
        return found.response if found and not found.error_code else None

    def error(self, operation: str, subject: str | None = None) -> str:
        """Return the error code that the provider answered with, where that code is knowledge, else empty."""
        found = self.answer(operation, subject)
        return found.error_code if found else ""

    def listing(self, operation: str, subject: str | None, name: str, *, identity: str = "") -> Listing:
        """Return the items under ``name`` of every page. One without a text under ``identity`` is not understood."""
        items: list[tuple[Observation, Object]] = []
        understood = True
        for page in self.answers(operation, subject):
            if page.error_code:
                continue
            value = page.response.get(name) if isinstance(page.response, dict) else None
            found = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
            kept = [item for item in found if not identity or text(item, identity)]
            understood = understood and isinstance(value, list) and len(kept) == len(value)
            items.extend((page, item) for item in kept)
        return Listing(tuple(items), self.complete(operation, subject) and understood)

    def asked(self, operation: str, subject: str | None = None) -> bool:
        """Tell whether there is an answer or a gap: what nobody asked for says nothing of what there is."""
        where = (operation, subject)
        return bool(self._answers.get(where)) or where in self._gaps

    def complete(self, operation: str, subject: str | None = None) -> bool:
        """Tell whether a listing was read to its end, without a gap."""
        pages = self.answers(operation, subject)
        numbers = {page.page for page in pages}
        whole = numbers == set(range(len(numbers)))
        return bool(pages) and whole and pages[-1].last and (operation, subject) not in self._gaps

    def evidence(self, subject: str, *also: Digest) -> tuple[Digest, ...]:
        """Return the ids of every answer about ``subject``, with those in ``also``, sorted."""
        return tuple(sorted({*self._about.get(subject, ()), *also}))

    def ids(self, operation: str, subject: str | None = None) -> tuple[Digest, ...]:
        """Return the ids of an operation's answers, sorted."""
        return tuple(sorted(a.id for a in self.answers(operation, subject)))

    def coverage(
        self,
        table: type[Fact],
        operation: str,
        parent: str,
        subject: str | None,
        rows: int,
        *,
        complete: bool,
        among: bool = False,
    ) -> CoverageFact:
        """Return the row that says whether ``table`` was listed to its end for ``parent``.

        ``among``: other operations list rows of other kinds of the table, and so its id says which one this is.
        """
        return CoverageFact(
            source=self.source,
            evidence=self.ids(operation, subject),
            coverage_id=f"{table.table} {parent} {operation}" if among else f"{table.table} {parent}",
            listed_table=table.table,
            parent_id=parent,
            complete=complete,
            row_count=rows,
        )


def _drop_outdated(pages: list[Observation]) -> None:
    """Drop the pages of a listing that a later run began anew: two listings must not be read as one."""
    again = [page for page in pages if page.page == 0 and page.run > 1]
    if again:
        pages[:] = [
            page
            for page in pages
            if not any(z.run > page.run and z.params.items() <= page.params.items() for z in again)
        ]


def current_gaps(records: Iterable[Record]) -> Iterator[Gap]:
    """Yield the gaps that count, sorted: those of the unit's last run, each once. Keeps nothing but gaps."""
    last_run, gaps = 1, list[Gap]()
    for record in records:
        if record.run > last_run:
            last_run, gaps = record.run, []
        if isinstance(record, Gap) and record.run == last_run:
            gaps.append(record)
    seen: set[tuple[str, str, str]] = set()
    for gap in sorted(gaps, key=lambda g: (g.operation, g.subject or "", g.reason, g.error_code, g.detail, g.id)):
        key = (gap.operation, gap.subject or "", gap.reason)
        if key not in seen:
            seen.add(key)
            yield gap
