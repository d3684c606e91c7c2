"""Where something of a control stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.errors import ControlError
from scanner.evaluate.places import FaultError, located, place

TEXT = "id: X\nexamples:\n  - name: one\n  - name: two\n    rows: []\n"


@pytest.mark.parametrize(
    ("keys", "line"),
    [((), 1), (("id",), 1), (("examples", 1, "rows"), 5), (("examples", 1, "missing"), 4), (("missing",), 1)],
)
def test_the_nearest_line_is_named(tmp_path: Path, keys: tuple[str | int, ...], line: int) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(TEXT)
    assert str(place(str(path), *keys)) == f"{path}:{line}"


def test_without_the_file_its_name_has_to_do(tmp_path: Path) -> None:
    assert str(place(str(tmp_path / "gone.yaml"), "id")) == str(tmp_path / "gone.yaml")


def test_an_error_gets_its_place_and_keeps_its_hint(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(TEXT)
    with pytest.raises(FaultError) as caught, located(str(path), "examples", 0):
        raise ControlError("wrong", hint="mend it")
    assert (str(caught.value), caught.value.said, caught.value.hint) == (f"{path}:3: wrong", "wrong", "mend it")
    assert caught.value.where.line == 3


def test_without_an_error_nothing_happens(tmp_path: Path) -> None:
    with located(str(tmp_path / "gone.yaml")):
        pass
