"""The audit event of each key's last use: AWS KMS names it, and AWS CloudTrail is asked for it by its id.

The ids are known only when the keys were read, and AWS CloudTrail answers two requests a second. So this is a unit of
its own that follows the one of AWS KMS, and shares the pace of the one that reads the trails of that region.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from scanner.collect.aws import cloudtrail
from scanner.collect.interface import Asking, Unit
from scanner.model.ids import Json


def following(parent: Unit, uses: Mapping[str, str]) -> Unit:
    """Return the unit that looks for the last uses, key ARN to event id, in the account and region of ``parent``."""
    return replace(
        parent,
        id=f"{parent.id.rpartition('/')[0]}/cloudtrail-use",
        collector=cloudtrail.NAME,
        operations=(cloudtrail.LOOKUP,),
        collect=partial(_collect, dict(uses)),
        concurrency=min(cloudtrail.CONCURRENCY, parent.concurrency),
    )


def _collect(uses: Mapping[str, str], asking: Asking) -> Iterator[Unit]:
    asking.each(lambda arn: _look_up(asking, arn, uses[arn]), iter(sorted(uses)))
    yield from ()


def _look_up(asking: Asking, arn: str, event: str) -> None:
    params: dict[str, Json] = {"LookupAttributes": [{"AttributeKey": "EventId", "AttributeValue": event}]}
    for _ in asking.pages(cloudtrail.EVENTS, params, cloudtrail.PAGING, subject=arn, check=cloudtrail.LISTS_EVENTS):
        pass
