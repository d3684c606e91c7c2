"""What a renderer makes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file to be: its name, its media type, its bytes."""

    name: str
    media_type: str
    data: bytes
