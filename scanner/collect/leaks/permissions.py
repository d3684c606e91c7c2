"""What the search for leaked keys needs, in words: files have no policy language."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.operation import Operation

SCOPES = (
    *("channels:read", "groups:read", "mpim:read", "im:read"),
    *("channels:history", "groups:history", "mpim:history", "im:history"),
)
"""Of Slack: to list public and private channels, group and direct messages, and to read them."""


def rights(operations: Iterable[Operation]) -> str:
    """Return what is read, and by what right. Empty for none."""
    asked = list(operations)
    if not asked:
        return ""
    lines = [
        "# A user of the system who may read the files, the export and the repository, and may write none of them.",
        "# What is not readable becomes a gap. Links are not followed, and nothing of a repository is executed.",
        "# For `slack:` a token of an app with these scopes, and no other. Without one, what it opens is a gap:",
        *(f"#   {scope}" for scope in SCOPES),
        "# A user token (xoxp-): a bot reads no channel that it is not in and, by Slack's reference, no threads.",
        *(f"#   {operation.name}: {operation.purpose}" for operation in asked),
    ]
    return "".join(f"{line}\n" for line in lines)
