"""Names for the strings that identify things, parsed once at the edge."""

from __future__ import annotations

from typing import NewType, Union

ControlId = NewType("ControlId", str)
"""``KM-ROT-04``: catalogue, phase, number."""

Digest = NewType("Digest", str)
"""``sha256:`` and 64 lower-case hex digits."""

SourceId = NewType("SourceId", str)
"""Where facts come from, ``aws:111122223333:us-east-1``: provider, account, region."""

Json = Union[str, int, float, bool, None, list["Json"], dict[str, "Json"]]  # noqa: UP007 - a recursive alias needs the runtime form
"""What JSON can hold."""
