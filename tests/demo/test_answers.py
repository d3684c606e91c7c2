"""The answer key: it names what the world has, and every mistake is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.demo.answers import load_answers
from scanner.demo.world import load_world
from scanner.errors import ConfigError
from tests.demo.test_world import GOOD, write

ANSWERS = """\
answers:
  - {control: A, subject: one, verdict: fail, why: x}
  - {control: B, subject: hsm, verdict: unknown, why: y}
"""


def answers(folder: Path, text: str) -> tuple[tuple[str, str, str], ...]:
    (folder / "answers.yaml").write_text(text)
    return load_answers(load_world(write(folder, GOOD)), folder / "answers.yaml")


def test_answers_name_keys_and_stores(tmp_path: Path) -> None:
    world = load_world(write(tmp_path, GOOD))
    assert answers(tmp_path, ANSWERS) == (
        ("A", world.key("one").arn, "fail"),
        ("B", world.store("hsm").id, "unknown"),
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("subject: hsm", "subject: safe", 3, "no key and no store 'safe'"),
        ("verdict: fail", "verdict: pass", 2, "verdict"),
        ("why: x", "because: x", 2, "because"),
    ],
)
def test_mistakes_in_the_answer_key(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        answers(tmp_path, ANSWERS.replace(old, new))
    assert f"answers.yaml:{line}: " in str(caught.value)
    assert said in str(caught.value)


def test_answers_name_parts_of_things_and_words_of_the_scan(tmp_path: Path) -> None:
    text = """\
answers:
  - {control: A, subject: one, part: "#use", verdict: fail, why: x}
  - {control: B, subject: "aws:111122223333:us-east-1", literal: true, verdict: unknown, why: y}
"""
    arn = load_world(write(tmp_path, GOOD)).key("one").arn
    assert answers(tmp_path, text) == (
        ("A", f"{arn}#use", "fail"),
        ("B", "aws:111122223333:us-east-1", "unknown"),
    )


def test_every_defect_of_a_key_or_key_store_is_in_the_answer_key() -> None:
    world = load_world()
    defects = {key.arn for key in world.keys if key.defect} | {store.id for store in world.stores if store.defect}
    assert defects <= {subject for _, subject, _ in load_answers(world)}
