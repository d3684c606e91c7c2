"""Amazon CloudWatch Logs answers to rows, one page at a time: a region can have hundreds of thousands of log groups.

CloudWatch Logs encrypts everything at rest, under a key of its own unless a log group is given one of the account's
(docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from scanner.model.facts import Fact
from scanner.model.ids import Digest, SourceId
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.normalize.aws.stores import NONE, prefix
from scanner.normalize.reading import Object, days, given, text, text_or

GROUPS = "logs:DescribeLogGroups"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_ONE_DAY = 1
"""Days for which the log class ``DELIVERY`` keeps what it gets, whatever else is set."""


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: the log groups of one account and region."""
    return normalize_stream(records)


def normalize_stream(records: Iterable[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit in two passes over its records, none of which is kept.

    ``records`` must give the same ones each time it is iterated. A log group that two pages list has two rows, of
    which one is kept when they are stored. Raises TypeError for what can be read only once.
    """
    if iter(records) is records:
        raise TypeError("the records are read twice, and an iterator gives them once")
    return _rows(records)


def _rows(records: Iterable[Record]) -> Iterator[Fact]:
    pages = _Pages()
    for record in records:
        pages.see(record)
    if pages.source is None:
        return
    rows, understood = 0, True
    for record in records:
        if isinstance(record, Observation) and pages.counts(record):
            listed = record.response.get("logGroups") if isinstance(record.response, dict) else None
            groups = listed if isinstance(listed, list) else []
            kept = [group for group in groups if isinstance(group, dict) and text(group, "logGroupName")]
            understood = understood and isinstance(listed, list) and len(kept) == len(groups)
            rows += len(kept)
            yield from (_group(record, group) for group in kept)
    yield CoverageFact(
        source=pages.source,
        evidence=pages.ids,
        coverage_id=f"{DataStoreFact.table} {pages.source} {GROUPS}",
        listed_table=DataStoreFact.table,
        parent_id=pages.source,
        complete=understood and pages.complete,
        row_count=rows,
    )


@dataclass(slots=True)
class _Pages:
    """Which pages make the listing: numbers and ids, and nothing that they hold."""

    source: SourceId | None = None
    _run: int = 0
    """The last run of the scan: only its gaps count."""
    _missed: int = 0
    """The last run with a gap."""
    _begun: int = 0
    """The last run that listed from the first page."""
    _seen: dict[int, tuple[int, str, Digest, bool, bool]] = field(default_factory=dict)
    """Page number to run, end, id, whether it is the last page, and whether it is an error that is an answer."""

    def see(self, record: Record) -> None:
        """Take note of a record. A page that was asked again counts as it was answered last."""
        self.source = self.source or record.source
        self._run = max(self._run, record.run)
        if record.operation != GROUPS:
            return
        if not isinstance(record, Observation):
            self._missed = max(self._missed, record.run)
            return
        if record.page == 0:
            self._begun = max(self._begun, record.run)
        page = (record.run, record.ended, record.id, record.last, bool(record.error_code))
        self._seen[record.page] = max(page, self._seen.get(record.page, page))

    def counts(self, record: Observation) -> bool:
        """Tell whether a page belongs to the listing and has something to list."""
        page = self._seen.get(record.page)
        return record.operation == GROUPS and page is not None and page[2] == record.id and self._current(page)

    def _current(self, page: tuple[int, str, Digest, bool, bool]) -> bool:
        # What was listed before the listing was begun again may be gone.
        return page[0] >= self._begun and not page[4]

    @property
    def ids(self) -> tuple[Digest, ...]:
        """Ids of the pages, sorted."""
        return tuple(sorted(page[2] for page in self._seen.values() if page[0] >= self._begun))

    @property
    def complete(self) -> bool:
        """The listing was read to its end, without a hole or a gap."""
        numbers = {number for number, page in self._seen.items() if page[0] >= self._begun}
        whole = bool(numbers) and numbers == set(range(len(numbers)))
        return whole and self._seen[max(numbers)][3] and self._missed < self._run


def _group(page: Observation, group: Object) -> DataStoreFact:
    name = text(group, "logGroupName")
    kept = _ONE_DAY if text(group, "logGroupClass") == "DELIVERY" else days(group, "retentionInDays")
    expires = kept is not None or (None if given(group, "retentionInDays") else False)
    return DataStoreFact(
        source=page.source,
        evidence=(page.id,),
        # As the service itself names it without `:*` behind; what it says is the same, and may be missing.
        store_id=f"{prefix(page, 'logs')}log-group:{name}",
        provider="aws",
        account=page.account,
        region=page.region,
        kind="log_group",
        name=name,
        created_at=_instant(group),
        copy_of=NONE,
        encrypted=True,
        provider_encryption=NONE,
        key_ref=text_or(group, "kmsKeyId", NONE) or None,
        customer_key_possible=True,
        expires=expires,
        retention_days=kept,
        removes=expires,
        shortest_retention_days=kept,
    )


def _instant(group: Object) -> datetime | None:
    """Return the creation, which this service counts in milliseconds."""
    value = group.get("creationTime")
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=value)
    except OverflowError:
        return None
