"""Amazon CloudWatch Logs: log groups, their keys and retention, from the listing alone.

An account can have hundreds of thousands of log groups in a region, so nothing is asked of each, its tags included, and
nothing is remembered of a page.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.collect.aws.checks import lists
from scanner.collect.aws.regions import NOT_OFFERED
from scanner.collect.aws.stores import KEYED, feeds
from scanner.collect.interface import Asking, Paging, Unit
from scanner.model.operation import Operation

NAME = "aws.logs"
PAGING = Paging(answer="nextToken", parameter="nextToken")
GROUPS = "logs:DescribeLogGroups"
LIMIT = 50
"""Log groups of a page: the most that the service gives."""

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=GROUPS,
        permissions=(GROUPS,),
        feeds=(
            *feeds("*", "name", "created_at", "copy_of", "encrypted", "provider_encryption", "customer_key_possible"),
            *feeds("expires", "retention_days", "removes", "shortest_retention_days"),
            *KEYED,
        ),
        purpose="the population of log groups, their keys and retention",
    ),
)


def collect(asking: Asking) -> Iterator[Unit]:
    """List the log groups of one account and region. Yields no further units."""
    for _ in asking.pages(
        GROUPS, {"limit": LIMIT}, PAGING, known=(NOT_OFFERED,), check=lists("logGroups", "logGroupName")
    ):
        pass
    yield from ()
