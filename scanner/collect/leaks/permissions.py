"""What the search for leaked keys needs, in words: files have no policy language."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.operation import Operation


def rights(operations: Iterable[Operation]) -> str:
    """Return what is read, and by what right. Empty for none."""
    asked = list(operations)
    if not asked:
        return ""
    lines = [
        "# A user of the system who may read the files, the export and the repository, and may write none of them.",
        "# What is not readable becomes a gap. Links are not followed, and nothing of a repository is executed.",
        *(f"#   {operation.name}: {operation.purpose}" for operation in asked),
    ]
    return "".join(f"{line}\n" for line in lines)
