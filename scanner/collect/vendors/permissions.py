"""The least scopes that a vendor's keys need, from the same declarations that the transport enforces."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.operation import Operation

_INTRODUCTION = """\
# AI vendors have no policy language: give the keys below, and no other. A key for inference is never needed.
# Every call is a GET; the transport refuses everything else before it leaves this machine.
"""


def scopes(operations: Iterable[Operation]) -> str:
    """Return which key of each vendor needs which scope, and what for."""
    lines: dict[str, list[str]] = {}
    for operation in operations:
        for permission in operation.permissions:
            lines.setdefault(permission, []).append(f"#   {operation.name}: {operation.purpose}")
    text = (line for permission, whys in lines.items() for line in (permission, *whys))
    return _INTRODUCTION + "".join(f"{line}\n" for line in text)
