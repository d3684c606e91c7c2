"""What was read of one place, and what lies there: the answer that becomes evidence."""

from __future__ import annotations

from dataclasses import dataclass, field

from scanner.collect.hashes import Hashes
from scanner.collect.leaks.finding import Finding, Looked
from scanner.model.ids import Json
from scanner.model.observation import GapReason

MOST = 5_000
"""Leaks of one place that are kept; there being more is a gap."""
_EXAMPLES = 5
"""Names of what was not read that are kept for each reason."""

REASONS: dict[str, tuple[GapReason, str]] = {
    "unreadable": (GapReason.DENIED, "could not be opened or read"),
    "link": (GapReason.NOT_ALLOWED, "are links that lead out of the place; name what they lead to, or exclude them"),
    "too_large": (GapReason.LIMIT, "grow beyond what is unpacked of one file"),
    "too_deep": (GapReason.LIMIT, "lie in archives inside archives, or too deep"),
    "archive": (GapReason.UNSUPPORTED, "are archives of a form that is not opened"),
    "locked": (GapReason.UNSUPPORTED, "are encrypted inside their archive"),
    "broken": (GapReason.MALFORMED, "are damaged, or not what they say"),
    "repository": (
        GapReason.NOT_ALLOWED,
        "are git repositories, whose history is packed; add `{git: PATH}`, or exclude `.git`",
    ),
    "not_exported": (GapReason.UNSUPPORTED, "are files that messages name, and their content is not with them"),
    "denied": (
        GapReason.DENIED,
        "channels, or lists of them, that the token may not read (`keyaudit permissions leaks` prints what it needs)",
    ),
    "throttled": (GapReason.THROTTLED, "channels or threads were not read to their end, as Slack kept asking to wait"),
    "no_line": (GapReason.UNREACHABLE, "channels or threads were not read to their end, as the line to Slack broke"),
    "no_channel": (GapReason.UNSUPPORTED, "channels or threads of a kind that Slack does not give"),
    "answers": (GapReason.MALFORMED, "channels or threads whose answers could not be understood"),
    "too_long": (GapReason.LIMIT, "channels or threads whose answers are longer than is read"),
    "refused": (GapReason.FAILED, "channels or threads for which Slack told an error of its own"),
    "hidden": (GapReason.UNSUPPORTED, "channels whose older messages the plan of the workspace hides"),
    "older": (GapReason.NOT_ALLOWED, "bound of the estate file (`since_days:`), before which nothing was read"),
    "missing_objects": (GapReason.UNSUPPORTED, "are objects that the repository keeps elsewhere"),
    "shallow": (GapReason.UNSUPPORTED, "ends of the history: the repository is shallow, what was before is not there"),
    "unknown_refs": (GapReason.UNSUPPORTED, "references are of a form that is not read"),
    "time": (GapReason.LIMIT, "the time limit was reached before the end"),
    "too_many": (GapReason.LIMIT, "leaks more than are kept of one place"),
    "failed": (GapReason.FAILED, "could not be gone through to the end"),
}
"""Why something was not read: the reason of the gap, and words that follow a number."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a place something lies."""

    path: str
    """File, member of an archive, or channel; by names that stay the same."""
    commit: str = ""
    object: str = ""
    """Id of the git object."""
    message: str = ""
    at: str = ""
    """When, RFC 3339 in UTC; empty: not told."""
    marked: bool = False
    """It lies in a folder that says that it is for tests."""


@dataclass(slots=True)
class Report:
    """Gathers what a place has."""

    place: str
    kind: str
    hashes: Hashes
    counts: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    leaks: dict[str, dict[str, Json]] = field(default_factory=dict)

    def count(self, what: str, number: int = 1) -> None:
        """Count what was read: ``files``, ``bytes``, ``messages``, ``objects``; ``marked``, ``placeholders``."""
        self.counts[what] = self.counts.get(what, 0) + number

    def skip(self, reason: str, name: str, number: int = 1, most: int = _EXAMPLES) -> None:
        """Tell that something was not read, and why: one of ``REASONS``. ``most``: names that are kept."""
        seen, names = self.skipped.setdefault(reason, (0, []))
        if name and len(names) < most and name not in names:
            names.append(name)
        self.skipped[reason] = (seen + number, names)

    def add(self, spot: Spot, looked: Looked, line: int) -> None:
        """Take what a piece has. ``line``: of its first byte, from 1; 0 where lines say nothing."""
        self.count("placeholders", looked.placeholders)
        if spot.marked:
            self.count("marked", looked.marked + len(looked.findings))
            return
        self.count("marked", looked.marked)
        for finding in looked.findings:
            self._leak(spot, finding, line + finding.line if line else 0)

    def _leak(self, spot: Spot, finding: Finding, line: int) -> None:
        # A line moves when something is written above it: it is no part of what tells one leak from another.
        name = self.hashes.of("leak", self.kind, self.place, spot.path, spot.message, finding.kind, finding.hash)
        known = self.leaks.get(name)
        if known is not None:
            known["occurrences"] = int(str(known["occurrences"])) + 1
            return
        if len(self.leaks) >= MOST:
            self.skip("too_many", spot.path)
            return
        self.leaks[name] = {
            "leak": name,
            "kind": finding.kind,
            "detector": finding.detector,
            "path": spot.path,
            "line": line,
            "commit": spot.commit,
            "object": spot.object,
            "message": spot.message,
            "at": spot.at,
            "hash": finding.hash,
            "bits": finding.bits,
            "fingerprint": finding.fingerprint,
            "key_hash": finding.key_hash,
            "encrypted": finding.encrypted,
            "hint": finding.hint,
            "mentions": list(finding.mentions),
            "occurrences": 1,
        }

    def answer(self) -> dict[str, Json]:
        """Return the answer: the same for the same place."""
        counts = {name: self.counts.get(name, 0) for name in ("files", "bytes", "messages", "objects")}
        return {
            "place": self.place,
            "kind": self.kind,
            **counts,
            "placeholders": self.counts.get("placeholders", 0),
            "marked": self.counts.get("marked", 0),
            "special": self.counts.get("special", 0),
            "excluded": self.counts.get("excluded", 0),
            "skipped": [
                {"reason": reason, "count": number, "names": list(names)}
                for reason, (number, names) in sorted(self.skipped.items())
            ],
            "leaks": [*sorted(self.leaks.values(), key=_order)],
        }


def _order(leak: dict[str, Json]) -> tuple[str, str, str]:
    return str(leak["path"]), str(leak["message"]), str(leak["leak"])
