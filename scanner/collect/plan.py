"""From the columns that controls read to the operations that must run: the rest is never asked."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.operation import Operation


def plan(columns: Iterable[str], operations: Iterable[Operation]) -> frozenset[str]:
    """Return the names of the operations that feed any of ``columns``, with what they need.

    A column is ``table.column``, or ``table@kind.column`` for rows of a kind.

    Operations marked ``always`` belong to the plan as soon as anything else of theirs does.
    """
    by_name = {operation.name: operation for operation in operations}
    wanted = frozenset(columns)
    names = {name for name, operation in by_name.items() if operation.feeds_any(wanted)}
    if names:
        names |= {name for name, operation in by_name.items() if operation.always}
    queue = list(names)
    while queue:
        for needed in by_name[queue.pop()].needs:
            if needed not in names:
                names.add(needed)
                queue.append(needed)
    return frozenset(names)
