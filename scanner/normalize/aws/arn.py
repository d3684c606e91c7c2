"""Amazon Resource Names: ``arn:partition:service:region:account:resource``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ACCOUNT = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class Arn:
    """The six parts of an ARN, without the first."""

    partition: str
    service: str
    region: str
    account: str
    """Account id; empty where a service leaves it out (S3), and whatever else stands there."""
    resource: str


def parse(text: str) -> Arn | None:
    """Return the parts of an ARN, or None when the text is not of that form."""
    parts = text.split(":", 5)
    return Arn(*parts[1:]) if len(parts) == 6 and parts[0] == "arn" else None


def is_account(text: str) -> bool:
    """Tell whether a text is an account id: twelve ASCII digits."""
    return _ACCOUNT.fullmatch(text) is not None
