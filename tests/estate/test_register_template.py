"""The registers that ``init`` writes: right as they stand, and right with their comments taken up."""

from __future__ import annotations

import re

import pytest

from scanner.estate.agreements import Contract, Identified, Paper
from scanner.estate.exceptions import REGISTERS, Alternative, Waiver
from scanner.estate.register_template import TEMPLATES

MODELS: dict[str, type[Identified]] = {
    "baa": Contract,
    "documents": Paper,
    "waivers": Waiver,
    "alternatives": Alternative,
}


def taken_up(text: str) -> str:
    """Return the file with its example in place of the empty list."""
    lines = text.split("\n")
    start = next(i for i, line in enumerate(lines) if re.fullmatch(r"# (contracts|papers|entries):", line))
    kept = [line for line in lines[:start] if not line.endswith(": []")]
    return "\n".join([*kept, *(line.removeprefix("# ") for line in lines[start:])])


@pytest.mark.parametrize("kind", sorted(TEMPLATES))
def test_it_is_right_as_it_stands_and_has_no_entry(kind: str) -> None:
    name, text = TEMPLATES[kind]
    register = REGISTERS[name.removesuffix(".yaml")](text.encode(), name, "")
    assert register.entries == ()


@pytest.mark.parametrize("kind", sorted(TEMPLATES))
def test_its_example_is_right_and_shows_every_key(kind: str) -> None:
    name, text = TEMPLATES[kind]
    entries = REGISTERS[name.removesuffix(".yaml")](taken_up(text).encode(), name, "").entries
    fields = set(MODELS[kind].model_fields)
    assert [set(entry) for entry in entries] == [fields] * len(entries)
    # Some keys belong to one kind of document alone.
    assert fields == {name for entry in entries for name, value in entry.items() if value is not None}
    for field in MODELS[kind].model_fields:
        assert re.search(rf"^#   [ -] {field}:", text, re.MULTILINE)
