"""What the registers of waivers and alternatives say, and the SHA-256 of each document. No content of one is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.collect.agreements import hashed, named_paths
from scanner.collect.interface import Asking, CallError, ForbiddenOperationError, Reply, Unit
from scanner.evidence.records import source_id
from scanner.model.estate import Estate, Register
from scanner.model.exceptions import ALTERNATIVE, ALTERNATIVES, READ, WAIVER
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.operation import Operation, columns

NAME = "exceptions"
HASH = "exceptions:Hash"
MISSING = "the estate names no register of alternatives; `keyaudit init alternatives` writes one for `alternatives:`"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=READ,
        permissions=(),
        feeds=(
            *columns("exceptions", "*", "kind", "clause", "controls", "subjects", "scope", "owner", "approver"),
            *columns("exceptions", "reason", "measure", "begins_at", "ends_at", "ticket", "documented", "document"),
            *columns("exceptions", "in_force", "matched_count", "covered_count"),
            *columns("addressable_specifications", "*", "controls", "failing_count"),
        ),
        purpose="waivers and documented alternatives, as their registers say",
    ),
    Operation(
        name=ALTERNATIVES,
        permissions=(),
        feeds=columns("addressable_specifications", "decided_count", "undecided_count"),
        needs=(READ,),
        purpose="whether there is a register of documented alternatives",
    ),
    Operation(
        name=HASH,
        permissions=(),
        feeds=columns("exceptions", "document_found", "document_matches", "in_force"),
        needs=(READ,),
        purpose="SHA-256 of each document that an exception names",
    ),
)


def unit(estate: Estate, deadline: float) -> Unit:
    """Return the unit that reads the registers. ``deadline`` is on the monotonic clock, in seconds."""
    registers = {
        kind: register
        for kind, register in ((WAIVER, estate.waivers), (ALTERNATIVE, estate.alternatives))
        if register is not None
    }
    return Unit(
        id=NAME,
        source=source_id(NAME),
        source_name=NAME,
        account="",
        region="",
        collector=NAME,
        principal="",
        operations=OPERATIONS,
        collect=lambda asking: collect(asking, registers),
        transport=lambda: _Files(registers),
        deadline=deadline,
        concurrency=1,
    )


def collect(asking: Asking, registers: Mapping[str, Register]) -> Iterator[Unit]:
    """Take the registers into the evidence, and hash the documents that they name. Yields no further units.

    Without a register of waivers nothing is waived. One of alternatives that is not there is a gap: what nobody wrote
    down here may be decided all the same.
    """
    asking.call(READ, {})
    asking.call(ALTERNATIVES, {})
    for kind, register in registers.items():
        for path in dict.fromkeys(named_paths(register)):
            asking.call(HASH, {"kind": kind, "path": path}, subject=subject_of(kind, path))
    yield from ()


def subject_of(kind: str, path: str) -> str:
    """Return what a question about a document is about: the registers may lie in different folders."""
    return f"{kind} {path}"


class _Files:
    """Answers from the registers and the documents that they name. No other file is read, and nothing leaves."""

    endpoint = "files of this machine"

    def __init__(self, registers: Mapping[str, Register]) -> None:
        self._registers = registers

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Answer. Raises CallError, or ForbiddenOperationError for what is not declared or not in a register."""
        if operation == READ and not params:
            entries: list[Json] = [
                {"kind": kind, **entry} for kind, register in self._registers.items() for entry in register.entries
            ]
            return Reply(200, "", {"registers": [_named(*one) for one in self._registers.items()], "entries": entries})
        if operation == ALTERNATIVES and not params:
            if ALTERNATIVE not in self._registers:
                raise CallError(GapReason.NOT_ALLOWED, code="NoAlternatives", detail=MISSING)
            return Reply(200, "", _named(ALTERNATIVE, self._registers[ALTERNATIVE]))
        if operation == HASH and params.keys() == {"kind", "path"}:
            register = self._registers.get(str(params["kind"]))
            if register is not None and params["path"] in set(named_paths(register)):
                return Reply(200, "", hashed(register.folder, str(params["path"])))
        raise ForbiddenOperationError(f"{operation} is not a declared read-only operation, or not of these files")

    def close(self) -> None:
        """Give up nothing: each file is closed when it was read."""


def _named(kind: str, register: Register) -> dict[str, Json]:
    return {"kind": kind, "file": register.file, "sha256": register.digest}
