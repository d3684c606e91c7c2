"""What a simulated provider can do wrong, on purpose."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "deny",
    "throttle",
    "error",
    "malformed",
    "wrong_types",
    "hang",
    "disconnect",
    "unsupported",
    "endless",
    "expired",
    "stale_page",
]


@dataclass(slots=True)
class Fault:
    """Answer matching calls wrongly. Empty fields match everything; ``times`` counts down, -1 is for ever."""

    kind: Kind
    operation: str = ""
    """``kms:DescribeKey``; ``kms:*`` is every operation of a service."""
    subject: str = ""
    """Text that the request's parameters hold, such as a key ARN."""
    account: str = ""
    region: str = ""
    times: int = -1
    every: int = 1
    """Hit only every n-th matching call."""
    seconds: float = 0.0
    """For ``hang``."""
    seen: int = 0

    def matches(self, operation: str, text: str, account: str, region: str) -> bool:
        """Tell whether a request is one that this fault is about."""
        service = operation.partition(":")[0]
        return (
            self.operation in {"", operation, f"{service}:*"}
            and self.subject in text
            and self.account in {"", account}
            and self.region in {"", region}
        )


@dataclass(slots=True)
class Faults:
    """The faults of one simulator. Safe from several threads."""

    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        """Begin to go wrong in one more way."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._faults.clear()

    def hit(self, operation: str, text: str, account: str, region: str) -> Fault | None:
        """Return the fault that a request runs into, or None."""
        with self._lock:
            for fault in self._faults:
                if fault.times != 0 and fault.matches(operation, text, account, region):
                    fault.seen += 1
                    if fault.seen % fault.every == 0:
                        fault.times -= 1 if fault.times > 0 else 0
                        return fault
        return None
