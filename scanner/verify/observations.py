"""The evidence, line by line: each a whole record in canonical form; count and Merkle root are the manifest's."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from scanner.errors import EvidenceError
from scanner.evidence.canonical import canonical
from scanner.evidence.merkle import Tree
from scanner.evidence.records import digest, from_json
from scanner.model.ids import Digest, Json
from scanner.model.observation import Record
from scanner.verify.archive import Archive
from scanner.verify.manifest import Manifest
from scanner.verify.report import Step, VerificationError

FOLDER = "evidence/"
SUFFIX = ".jsonl"
MOST_LINE = 64 * 2**20
"""Bytes of one record, as the log bounds them."""


@dataclass(slots=True)
class Seen:
    """What reading the evidence showed."""

    found: set[Digest] = field(default_factory=set)
    """Those of the wanted ids that are there."""
    earliest: str | None = None
    latest: str | None = None
    """First and last instant at which something was asked or answered, as the records have them."""


def check_observations(archive: Archive, manifest: Manifest, wanted: Collection[Digest]) -> Seen:
    """Read every record of the evidence. Raises VerificationError of the observations step.

    ``wanted`` are the ids to look out for. A line is its id's preimage: who changes it changes the id.
    """
    seen, tree = Seen(), Tree()
    for name in sorted((n for n in archive.members if n.startswith(FOLDER)), key=str.encode):
        if not name.endswith(SUFFIX) or "/" in name.removeprefix(FOLDER):
            raise VerificationError(Step.OBSERVATIONS, "it is not a segment of evidence", member=name)
        number = 0
        try:
            for line in lines(archive.stream(name, Step.OBSERVATIONS)):
                number += 1
                tree.add(line)
                _see(seen, record_of(line), wanted)
        except (EvidenceError, ValueError, RecursionError) as error:
            raise VerificationError(Step.OBSERVATIONS, f"at line {number}: {error}", member=name) from None
    if len(tree) != manifest.count:
        raise VerificationError(
            Step.OBSERVATIONS, f"there are {len(tree)} records, and the manifest counts {manifest.count}"
        )
    if f"sha256:{tree.root().hex()}" != manifest.root:
        raise VerificationError(Step.OBSERVATIONS, "the Merkle root of the records is not the manifest's")
    return seen


def _see(seen: Seen, record: Record, wanted: Collection[Digest]) -> None:
    if record.id in wanted:
        seen.found.add(record.id)
    seen.earliest = record.started if seen.earliest is None else min(seen.earliest, record.started)
    seen.latest = record.ended if seen.latest is None else max(seen.latest, record.ended)


def record_of(line: bytes) -> Record:
    """Return the record of a line. Raises ValueError, RecursionError or EvidenceError when it is not exactly one."""
    body: Json = json.loads(line.decode())
    if canonical(body) != line:
        raise ValueError("the line is not in canonical form (RFC 8785)")
    return from_json(body, digest(line))


def lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a stream without their ends. Raises ValueError for one without end or beyond all measure."""
    held: list[bytes] = []
    size = 0
    for block in blocks:
        first, *others = block.split(b"\n")
        held.append(first)
        size += len(first)
        for rest in others:
            yield b"".join(held)
            held, size = [rest], len(rest)
        if size > MOST_LINE:
            raise ValueError(f"a line is larger than {MOST_LINE} bytes")
    if size:
        raise ValueError("the last line does not end")
