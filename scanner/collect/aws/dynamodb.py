"""Amazon DynamoDB: tables, their keys, their tags, and whether they can be restored to any instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from scanner.collect.aws.checks import holds, lists
from scanner.collect.aws.regions import NOT_OFFERED
from scanner.collect.aws.stores import KEYED, TAGGED, feeds, place_of
from scanner.collect.interface import Asking, Paging, Unit
from scanner.model.ids import Json
from scanner.model.operation import Operation

NAME = "aws.dynamodb"
PAGING = Paging(answer="LastEvaluatedTableName", parameter="ExclusiveStartTableName")
TAG_PAGING = Paging(answer="NextToken", parameter="NextToken")
TABLES = "dynamodb:ListTables"
TABLE = "dynamodb:DescribeTable"
BACKUPS = "dynamodb:DescribeContinuousBackups"
TAGS = "dynamodb:ListTagsOfResource"
GONE = ("ResourceNotFoundException", "TableNotFoundException")
"""Error codes: deleted between the listing and now. That is the answer."""

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=TABLES,
        permissions=(TABLES,),
        feeds=feeds("*", "name", "copy_of", "encrypted", "customer_key_possible"),
        purpose="the population of tables",
    ),
    Operation(
        name=TABLE,
        permissions=(TABLE,),
        feeds=(*feeds("created_at", "provider_encryption"), *KEYED),
        needs=(TABLES,),
        purpose="the key of each table",
    ),
    Operation(
        name=BACKUPS,
        permissions=(BACKUPS,),
        feeds=feeds("point_in_time_recovery"),
        needs=(TABLES, TABLE),
        purpose="whether a table can be restored to any instant",
    ),
    Operation(
        name=TAGS,
        permissions=(TAGS,),
        feeds=TAGGED,
        needs=(TABLES, TABLE),
        purpose="owner and data classification",
    ),
)

_KEYS = ("AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "GlobalSecondaryIndexes", "VectorIndexes")
DROP: Mapping[str, tuple[str, ...]] = {TABLE: tuple(f"/Table/{name}" for name in _KEYS)}
"""Operation to the members of its answers that are never kept: what the attributes of a table are called."""


def collect(asking: Asking) -> Iterator[Unit]:
    """Read every table of one account and region. Yields no further units."""
    asking.each(lambda arn: _table(asking, arn), _tables(asking))
    yield from ()


def _tables(asking: Asking) -> Iterator[str]:
    place = place_of(asking)
    seen: set[str] = set()
    for page in asking.pages(TABLES, {"Limit": 100}, PAGING, known=(NOT_OFFERED,), check=_names):
        for name in cast("list[str]", page.body.get("TableNames", [])):
            if name not in seen:
                seen.add(name)
                yield place.arn("dynamodb", f"table/{name}")


def _names(body: dict[str, Json]) -> str:
    names = body.get("TableNames")
    good = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return "" if good else "`TableNames` is not a list of text"


def _table(asking: Asking, arn: str) -> None:
    params: dict[str, Json] = {"TableName": arn.rpartition("/")[2]}
    described = asking.call(TABLE, params, subject=arn, known=GONE, check=holds("Table.TableArn", str))
    if described is not None and described.error_code:
        return
    check = holds("ContinuousBackupsDescription.ContinuousBackupsStatus", str)
    asking.call(BACKUPS, params, subject=arn, known=GONE, check=check)
    for _ in asking.pages(TAGS, {"ResourceArn": arn}, TAG_PAGING, subject=arn, known=GONE, check=lists("Tags", "Key")):
        pass
