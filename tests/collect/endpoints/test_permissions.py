"""What the probe needs, in words."""

from __future__ import annotations

from scanner.collect.endpoints.operations import OPERATIONS
from scanner.collect.endpoints.permissions import rights


def test_hosts_and_operations_are_told() -> None:
    text = rights(OPERATIONS)
    assert "No account, no key and no right" in text
    assert all(f"#   {operation.name}: " in text for operation in OPERATIONS)
    assert max(map(len, text.splitlines())) < 130


def test_for_nothing_nothing_is_needed() -> None:
    assert rights([]) == ""
