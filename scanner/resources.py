"""Where the catalogue and the templates are: in the source tree, or inside the installed wheel."""

from __future__ import annotations

from pathlib import Path

from scanner.errors import KeyauditError

_PACKAGE = Path(__file__).resolve().parent


def controls_dir() -> Path:
    """Return the folder of the control catalogue. Raises KeyauditError when the installation is damaged."""
    return find("controls")


def templates_dir() -> Path:
    """Return the folder of the report templates. Raises KeyauditError when the installation is damaged."""
    return find("templates")


def find(name: str, package: Path = _PACKAGE) -> Path:
    """Return the folder ``name`` that belongs to a package. Raises KeyauditError when there is none."""
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise KeyauditError(f"the folder {name} is missing from the installation", hint="install keyaudit again")
