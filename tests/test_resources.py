"""Where the catalogue and the templates are."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner import resources
from scanner.errors import KeyauditError

ROOT = Path(__file__).parent.parent


def test_in_the_source_tree_they_are_at_the_top() -> None:
    assert resources.controls_dir() == ROOT / "controls"
    assert resources.templates_dir() == ROOT / "templates"


def test_in_a_wheel_they_are_inside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "scanner"
    inside = package / "_data" / "controls"
    inside.mkdir(parents=True)
    (tmp_path / "controls").mkdir()  # of another project, beside the package in site-packages
    assert resources.find("controls", package) == inside


def test_a_damaged_installation_is_told(tmp_path: Path) -> None:
    (tmp_path / "controls").write_text("not a folder")
    with pytest.raises(KeyauditError, match="the folder controls is missing from the installation") as caught:
        resources.find("controls", tmp_path / "scanner")
    assert caught.value.hint == "install keyaudit again"
