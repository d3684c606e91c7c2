"""What the collectors of data stores share: where they ask, what an answer must hold, which columns it feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from scanner.collect.interface import Asking
from scanner.model.ids import Json
from scanner.model.operation import columns

TABLE = "data_stores"


def feeds(*names: str) -> tuple[str, ...]:
    """Return columns of the table of data stores; ``*`` is the population."""
    return columns(TABLE, *names)


KEYED = feeds("key_ref", "key_id", "key_managed_by", "key_state")
"""What an answer that names a key feeds: the rest is found by way of it."""
TAGGED = feeds("tags", "ephi", "sensitivity")
"""What an answer with tags feeds."""


@dataclass(frozen=True, slots=True)
class Place:
    """The account and region that a unit reads."""

    partition: str
    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this place."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def place_of(asking: Asking) -> Place:
    """Return where a collector asks. The partition is that of whoever asks."""
    unit = asking.unit
    partition = unit.principal.split(":")[1] if unit.principal.startswith("arn:") else "aws"
    return Place(partition, unit.account, unit.region)


def entries(body: dict[str, Json], items: str) -> list[dict[str, Json]]:
    """Return what a checked answer lists; nothing where it is an error that is an answer."""
    return cast("list[dict[str, Json]]", body.get(items, []))
