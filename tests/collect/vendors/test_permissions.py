"""Which key of each vendor needs which scope."""

from __future__ import annotations

from scanner.collect.vendors.permissions import scopes
from scanner.collect.vendors.units import operations


def test_every_operation_is_told_under_the_key_that_it_needs() -> None:
    text = scopes(operations())
    lines = text.splitlines()
    assert "openai: admin key of the organization, read access" in lines
    assert "openai: restricted key of a project, read access to files" in lines
    assert "deepgram: keys:read" in lines
    for operation in operations():
        assert f"#   {operation.name}: {operation.purpose}" in lines
    assert lines.count("anthropic: admin key (sk-ant-admin)") == 1


def test_only_what_is_asked_is_told() -> None:
    chosen = [one for one in operations() if one.name == "elevenlabs:GetAgent"]
    assert [line for line in scopes(chosen).splitlines() if not line.startswith("#")] == ["elevenlabs: convai_read"]
