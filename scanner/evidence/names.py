"""Which names a member may have: those that mean the same one file on every system, and nothing outside a folder."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

MOST_BYTES = 512
MOST_PARTS = 8
MANIFEST = "manifest.json"
ENVELOPE = "manifest.dsse.json"
TIMESTAMP = "manifest.tsr"
SEALS = frozenset({MANIFEST, ENVELOPE, TIMESTAMP})
"""What the manifest does not list: itself, and what is made over it."""


def fault_of(name: str) -> str:
    """Return what is wrong with a member's name, or empty text."""
    if not name or len(name.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        return "the name is empty or too long"
    # Separators of every kind, blanks that hide, marks that turn the direction of writing.
    if not name.isprintable() or "\\" in name or ":" in name:
        return "the name has a character that is not allowed"
    if unicodedata.normalize("NFC", name) != name:
        return "the name can be written in two ways"
    parts = name.split("/")
    if name.startswith("/") or len(parts) > MOST_PARTS:
        return "the name is an absolute path or too deep"
    return next((fault for fault in map(_part_fault, parts) if fault), "")


def _part_fault(part: str) -> str:
    if part in {"", ".", ".."}:
        return "the name leads outside the package or names a folder"
    if part != part.strip(" ") or part.endswith("."):
        return "a part of the name begins or ends in what some systems drop"
    return ""


def twins(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each name that cannot stand beside an earlier one: the same, the same but for case, or its folder."""
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for name in names:
        folded = unicodedata.normalize("NFKC", name).casefold()
        above = [folded[:i] for i, char in enumerate(folded) if char == "/"]
        clash = files.get(folded) or folders.get(folded) or next((files[f] for f in above if f in files), None)
        if clash is not None:
            yield name, clash
        files.setdefault(folded, name)
        for folder in above:
            folders.setdefault(folder, name)


def order(name: str) -> tuple[bool, bytes]:
    """Return what members are sorted by: bytes, with the manifest and its seals last."""
    return name in SEALS, name.encode()
