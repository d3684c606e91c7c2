"""Text on its way to a terminal: harmless, folded, and silent when nobody reads it."""

from __future__ import annotations

import os
import shlex
import sys
import textwrap
from pathlib import Path
from typing import TextIO

import typer

WIDTH = 80
"""Columns of what is printed for people; what is longer goes on in the next line."""


def safe(text: str, most: int = 200) -> str:
    """Return text from outside as it may be shown on a terminal: no control characters, bounded."""
    cut = text[:most]
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)
    return shown if len(text) <= most else f"{shown}…"


def safe_lines(text: str) -> str:
    """Return a message of one or more lines as it may be shown: no line can pass for one of another kind."""
    return "\n  ".join(safe(line, 2000) for line in text.splitlines())


def fold(line: str, indent: int) -> str:
    """Return a line folded to the width; what goes on is indented."""
    return textwrap.fill(
        line, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False, tabsize=1
    )


def shell(path: Path | str) -> str:
    """Return a path as it is typed in a shell."""
    return shlex.quote(str(path))


def say(line: str = "", *, err: bool = False) -> None:
    """Print a line. Whoever reads our output may leave (``keyaudit scan … | head``): the work goes on in silence."""
    try:
        typer.echo(line, err=err)
    except BrokenPipeError:
        hang_up(sys.stderr if err else sys.stdout)


def write(data: bytes) -> None:
    """Write bytes to standard output as they are."""
    try:
        typer.echo(data, nl=False)
    except BrokenPipeError:
        hang_up(sys.stdout)


def hang_up(stream: TextIO) -> None:
    """Let what is still written to a stream that nobody reads go nowhere, without a complaint when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
