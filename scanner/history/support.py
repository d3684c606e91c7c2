"""Products whose provider has told when it ends their support: a table that people keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Support:
    """The end of a product's support."""

    product: str
    """As in ``modules.product``."""
    name: str
    ends: date
    """Last day."""
    read: date
    """When the source was read."""
    source: str


SUPPORT: tuple[Support, ...] = (
    Support(
        "azure-dedicated-hsm",
        "Azure Dedicated HSM",
        date(2028, 7, 31),
        date(2026, 11, 24),
        "Azure Dedicated HSM documentation",
    ),
    Support(
        "aws-cloudhsm-hsm1",
        "AWS CloudHSM hsm1.medium",
        date(2026, 3, 31),
        date(2026, 11, 24),
        "read at second hand; confirm it with AWS",
    ),
)
