"""Errors that a user can cause, each with what is wrong, where, and what to do.

The command line prints ``error: MESSAGE`` and ``hint: HINT`` and leaves with the error's exit code;
a traceback is shown only with ``-vv``.
"""

from __future__ import annotations

from dataclasses import dataclass


class KeyauditError(Exception):
    """Base of every error that keyaudit raises on purpose."""

    exit_code = 1
    hint = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or type(self).hint

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something is wrong. Lines and columns count from 1; 0 means the whole file."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class ConfigError(KeyauditError):
    """A file that a person wrote (estate, control, framework) is not valid. Exit code 2."""

    exit_code = 2

    def __init__(self, message: str, *, place: Place | None = None, hint: str = "") -> None:
        super().__init__(f"{place}: {message}" if place else message, hint=hint)
        self.place = place


class UsageError(KeyauditError):
    """A command was called with arguments that make no sense together. Exit code 2."""

    exit_code = 2


class ControlError(KeyauditError):
    """A control is wrong: its expressions contradict each other, use what is not allowed, or run too long."""

    exit_code = 2


class EvidenceError(KeyauditError):
    """Evidence on disk is damaged or does not belong to this scan. Exit code 1."""

    hint = "the file was changed after the scan; scan again"


class MissingExtraError(KeyauditError):
    """An optional part is needed but its extra is not installed. Exit code 2."""

    exit_code = 2
