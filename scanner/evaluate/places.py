"""Where in its file something of a control stands. The file is read again: only errors ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scanner.errors import ConfigError, ControlError, Place
from scanner.yamlfile import load


class FaultError(ControlError):
    """A fault of a control, with its place in the file apart from what is wrong."""

    def __init__(self, where: Place, said: str, *, hint: str) -> None:
        super().__init__(f"{where}: {said}", hint=hint)
        self.where = where
        self.said = said


def place(path: str, *keys: str | int) -> Place:
    """Return the line of what ``keys`` lead to, or of the nearest thing above it."""
    try:
        return load(Path(path)).place(keys)
    except ConfigError:
        return Place(path)


@contextmanager
def located(path: str, *keys: str | int) -> Iterator[None]:
    """Put file and line before the message of a ControlError."""
    try:
        yield
    except ControlError as error:
        raise FaultError(place(path, *keys), str(error), hint=error.hint) from error
