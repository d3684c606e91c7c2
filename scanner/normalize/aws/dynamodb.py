"""Amazon DynamoDB answers to rows.

DynamoDB encrypts every table at rest, under a key of its own unless it is given one of the account's
(docs.aws.amazon.com/amazondynamodb/latest/developerguide/EncryptionAtRest.html).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scanner.model.facts import Fact
from scanner.model.observation import Observation, Record
from scanner.model.stores import DataStoreFact
from scanner.normalize.aws.stores import NONE, Encryption, about, coverage, encrypted, prefix, store, tags_of
from scanner.normalize.reading import Object, child, choice, given, moment, text
from scanner.normalize.records import Records

TABLES = "dynamodb:ListTables"
TABLE = "dynamodb:DescribeTable"
BACKUPS = "dynamodb:DescribeContinuousBackups"
TAGS = "dynamodb:ListTagsOfResource"
GONE = frozenset({"ResourceNotFoundException", "TableNotFoundException"})

_IS_ON = {"ENABLED": True, "DISABLED": False}
_KEYED = frozenset({"ENABLED", "UPDATING"})
"""States in which a table has a key of the account."""


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: the tables of one account and region."""
    unit = Records(records)
    if unit.first is None:
        return
    pages = [page for page in unit.answers(TABLES) if not page.error_code]
    found: dict[str, Observation] = {}
    understood = True
    for page in reversed(pages):
        names = page.response.get("TableNames") if isinstance(page.response, dict) else None
        texts = [name for name in names if isinstance(name, str) and name] if isinstance(names, list) else []
        understood = understood and isinstance(names, list) and len(texts) == len(names)
        found |= dict.fromkeys(texts, page)
    rows = 0
    for name, page in sorted(found.items()):
        arn = f"{prefix(page, 'dynamodb')}table/{name}"
        if unit.error(TABLE, arn) not in GONE:
            rows += 1
            yield _table(unit, page, arn, name)
    yield coverage(unit, TABLES, rows, complete=understood and unit.complete(TABLES))


def _table(unit: Records, page: Observation, arn: str, name: str) -> DataStoreFact:
    told = child(unit.response(TABLE, arn), "Table")
    if told is not None and text(told, "TableArn") != arn:
        told = None  # it is about another table
    backups = child(unit.response(BACKUPS, arn), "ContinuousBackupsDescription")
    row = encrypted(store(unit, page, arn, "key_value_table", about(unit, page, arn)), _encryption(told))
    return replace(
        row,
        name=name,
        created_at=moment(told, "CreationDateTime"),
        copy_of=NONE,
        tags=_tags(unit, arn),
        point_in_time_recovery=_point_in_time(backups),
    )


def _encryption(told: Object | None) -> Encryption:
    if told is None:
        return Encryption(encrypted=True)
    described = child(told, "SSEDescription")
    if described is None:
        # Without a description the key is one that only DynamoDB knows.
        return Encryption(True) if given(told, "SSEDescription") else Encryption(True, NONE, NONE)
    status, kind = text(described, "Status"), text(described, "SSEType")
    if status == "DISABLED":
        return Encryption(True, NONE, NONE)
    keyed = status in _KEYED and kind == "KMS"
    return Encryption(True, kind, (text(described, "KMSMasterKeyArn") or None) if keyed else None)


def _point_in_time(backups: Object | None) -> bool | None:
    if choice(backups, "ContinuousBackupsStatus", _IS_ON) is False:
        return False
    return choice(child(backups, "PointInTimeRecoveryDescription"), "PointInTimeRecoveryStatus", _IS_ON)


def _tags(unit: Records, arn: str) -> tuple[str, ...] | None:
    listing = unit.listing(TAGS, arn, "Tags", identity="Key")
    return tags_of([tag for _, tag in listing.items]) if listing.complete else None
