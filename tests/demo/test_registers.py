"""The demo's registers: the product reads them on any day, and what is planted in them is in the answer key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import timedelta

from scanner.demo import registers
from scanner.demo.answers import load_answers
from scanner.demo.world import demo_estate, load_world
from scanner.estate.exceptions import REGISTERS
from tests.support import NOW

CHANGED = {"openai-baa-1", "risk-analysis"}
GONE = {"key-policy-2"}


def entries(files: Mapping[str, bytes], name: str) -> dict[str, dict[str, object]]:
    read = REGISTERS[name](files[f"registers/{name}.yaml"], f"{name}.yaml", "registers")
    return {str(entry["id"]): dict(entry) for entry in read.entries}


def test_each_file_is_the_one_that_was_entered_but_for_what_is_planted() -> None:
    files = registers.files(NOW)
    found: dict[str, bool | None] = {}
    for name in REGISTERS:
        for known_as, entry in entries(files, name).items():
            document = entry["document"]
            if document is None:  # a waiver may name none
                continue
            assert isinstance(document, dict)
            data = files.get(f"registers/{document['path']}")
            found[known_as] = None if data is None else hashlib.sha256(data).hexdigest() == document["sha256"]
    assert {one for one, matches in found.items() if matches is False} == CHANGED
    assert {one for one, matches in found.items() if matches is None} == GONE


def test_every_file_is_named_by_a_register() -> None:
    files = registers.files(NOW)
    text = b"".join(files[f"registers/{name}.yaml"] for name in REGISTERS).decode()
    assert [path for path in files if path.endswith(".txt") and path.removeprefix("registers/") not in text] == []


def test_days_move_with_the_demo() -> None:
    later = registers.files(NOW + timedelta(days=1000))
    before, after = entries(registers.files(NOW), "agreements"), entries(later, "agreements")
    assert before["anthropic-baa"]["expires"] == (NOW - timedelta(days=12)).date().isoformat()
    assert after["anthropic-baa"]["expires"] == (NOW + timedelta(days=988)).date().isoformat()
    assert not [
        path
        for path, data in later.items()
        if re.search(rb"(effective|expires|reviewed|approved|decided|review_due): day", data)
    ]


def test_every_defect_is_in_the_answer_key() -> None:
    files = registers.files(NOW)
    planted: dict[str, int] = {}
    for name in REGISTERS:
        known_as = ""
        for line in files[f"registers/{name}.yaml"].decode().splitlines():
            known_as = line.removeprefix("  - id: ") if line.startswith("  - id: ") else known_as
            if "# defect: " in line:
                planted[known_as] = planted.get(known_as, 0) + 1
    # Of a contract's service the subject goes on with what it is.
    answered = [subject.partition(" ")[0] for _, subject, _ in load_answers(load_world())]
    assert planted.keys() >= CHANGED | GONE
    # That of Anthropic has ended, and is told of what is in use there.
    assert planted.pop("anthropic-baa") == 1
    assert answered.count("anthropic:wrkspc_clinical") > 0
    assert [name for name, count in planted.items() if answered.count(name) < count] == []


def test_the_estate_names_them_where_the_world_has_them() -> None:
    world = load_world()
    assert "agreements: registers/agreements.yaml\ndocuments: registers/documents.yaml\n" in demo_estate(world, {})
    assert "registers/" not in demo_estate(world.model_copy(update={"registers": False}), {})
