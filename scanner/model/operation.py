"""The operations that collectors may use, and the fact columns that each one feeds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One declared, read-only API operation.

    Controls name columns; ``feeds`` turns columns into operations, and so into permissions.
    """

    name: str
    """``kms:GetKeyRotationStatus``: service and API name. The transport refuses every other."""
    permissions: tuple[str, ...]
    """What a least-privilege policy must allow for it (IAM actions for AWS)."""
    feeds: tuple[str, ...] = ()
    """Fact columns that need its answer, ``keys.rotation_enabled``; ``keys.*`` is the population itself."""
    needs: tuple[str, ...] = ()
    """Operations whose answers it needs first."""
    purpose: str = ""
    """One sentence for the person who reviews the policy."""
    always: bool = False
    """True for what every scan of this provider asks (who am I, which regions)."""
