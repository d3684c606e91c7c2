"""The operations that collectors may use, and the fact columns that each one feeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


def columns(table: str, *names: str) -> tuple[str, ...]:
    """Return columns of a fact table as an operation feeds them; ``*`` is the population."""
    return tuple(f"{table}.{name}" for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One declared, read-only API operation.

    Controls name columns; ``feeds`` turns columns into operations, and so into permissions.
    """

    provider: str = ""
    """Kind of source that it is asked of; set where the kinds are listed."""
    name: str
    """``kms:GetKeyRotationStatus``: service and API name. The transport refuses every other."""
    permissions: tuple[str, ...]
    """What a least-privilege policy must allow for it (IAM actions for AWS)."""
    feeds: tuple[str, ...] = ()
    """Fact columns that need its answer, ``keys.rotation_enabled``; ``keys.*`` is the population itself."""
    kinds: tuple[str, ...] = ()
    """Of a table with a column ``kind``, those of its rows that it feeds: ``data_stores.secret``. None: of any kind."""
    needs: tuple[str, ...] = ()
    """Operations whose answers it needs first."""
    purpose: str = ""
    """One sentence for the person who reviews the policy."""
    drop: tuple[str, ...] = ()
    """What is never kept of its answer, as paths into it (``/Clusters/*/PreCoPassword``): prompts, passwords, words."""
    of_scope: bool = False
    """Its subjects are parts of the question (names of events), not things: what it lacks, the whole scope lacks."""
    always: bool = False
    """True for what every scan of this provider asks (who am I, which regions)."""

    def feeds_any(self, columns: Iterable[str]) -> bool:
        """Tell whether it feeds one of ``columns``: ``table.column``, or ``table@kind.column`` for rows of a kind."""
        return any(self._feeds(column) for column in columns)

    def _feeds(self, wanted: str) -> bool:
        place, _, name = wanted.partition(".")
        table, _, kind = place.partition("@")
        if f"{table}.{name}" not in self.feeds:
            return False
        mine = [one for one in self.kinds if one.startswith(f"{table}.")]
        return not kind or not mine or f"{table}.{kind}" in mine
