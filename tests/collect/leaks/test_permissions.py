"""What the search needs, in words."""

from __future__ import annotations

from scanner.collect.leaks.operations import OPERATIONS
from scanner.collect.leaks.permissions import SCOPES, rights


def test_each_operation_is_told_and_none_is_nothing() -> None:
    text = rights(OPERATIONS)
    assert all(one.name in text and one.purpose in text for one in OPERATIONS)
    assert all(line.startswith("# ") for line in text.splitlines())
    assert [scope for scope in SCOPES if f"#   {scope}\n" not in text] == []
    assert rights([]) == ""
