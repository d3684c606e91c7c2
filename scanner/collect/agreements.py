"""What the registers say of contracts and documents, and the SHA-256 of each file. No content of a file is kept."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from scanner.collect.interface import Asking, CallError, ForbiddenOperationError, Reply, Unit
from scanner.evidence.records import source_id
from scanner.model.estate import Estate, Register
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.operation import Operation, columns

NAME = "agreements"
READ = "agreements:Read"
DOCUMENTS = "documents:Read"
HASH = "documents:Hash"
MAX_BYTES = 1024**3
"""A larger file is no contract, and is not read."""
MISSING: Mapping[str, str] = {
    READ: "the estate names no register of contracts; `keyaudit init baa` writes one for `agreements:`",
    DOCUMENTS: "the estate names no register of documents; `keyaudit init documents` writes one for `documents:`",
}
"""What to do about a register that is not there."""
_BLOCK = 1024 * 1024
_PROMISES = (
    *("zero_retention", "no_training", "promises_prompts", "prompts_days", "promises_audio", "audio_days"),
    *("promises_transcripts", "transcripts_days"),
)
_CUSTODY = ("custody_told", "key_control", "vendor_can_decrypt")
_TERMS = ("vendor", "effective_at", "expires", "expires_at")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=READ,
        permissions=(),
        feeds=(
            *columns("agreements", "*", *_TERMS, "services", "reviewed_at", "review_days", "document", "signed_by"),
            *columns("agreements", "clauses", "clause_pages", "retention", "zero_retention", "no_training", "owner"),
            *columns("agreements", "breach_notice_days", "subcontractors", "unbound"),
            *columns("agreement_services", "*", *_TERMS, "agreement_id", "kind", "service", *_PROMISES, *_CUSTODY),
        ),
        purpose="contracts with vendors, and what they promise, as the register says",
    ),
    Operation(
        name=DOCUMENTS,
        permissions=(),
        feeds=(
            *columns("documents", "*", "kind", "registered", "latest", "title", "owner", "effective_at", "expires"),
            *columns("documents", "expires_at", "reviewed_at", "review_days", "path", "sections", "section_pages"),
            *columns("documents", "approved_by", "contract", "used", "used_at", "review_working_days"),
        ),
        purpose="policies, plans, analyses and tests, as the register says",
    ),
    Operation(
        name=HASH,
        permissions=(),
        feeds=(
            *columns("agreements", "document_found", "document_matches"),
            *columns("agreement_services", "document_matches"),
            *columns("documents", "found", "matches"),
        ),
        needs=(READ, DOCUMENTS),
        purpose="SHA-256 of each file that a register names",
    ),
)


def unit(estate: Estate, deadline: float) -> Unit:
    """Return the unit that reads the registers. ``deadline`` is on the monotonic clock, in seconds."""
    registers = {
        operation: register
        for operation, register in ((READ, estate.agreements), (DOCUMENTS, estate.documents))
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
    """Take each register into the evidence, and hash the files that it names. Yields no further units.

    A register that the estate does not name is a gap: what nobody wrote down may be there all the same.
    """
    for operation in MISSING:
        if asking.call(operation, {}) is not None:
            for path in dict.fromkeys(named_paths(registers[operation])):
                subject = subject_of(operation, path)
                asking.call(HASH, {"register": operation, "path": path}, subject=subject)
    yield from ()


def subject_of(register: str, path: str) -> str:
    """Return what a question about a file is about: two registers may name files of one name in different folders."""
    return f"{register} {path}"


def named_paths(register: Register) -> Iterator[str]:
    """Yield the path of each file that a register names."""
    documents = (entry.get("document") for entry in register.entries)
    yield from (str(document["path"]) for document in documents if isinstance(document, dict))


class _Files:
    """Answers from the registers and the files that they name. No other file is read, and nothing leaves."""

    endpoint = "files of this machine"

    def __init__(self, registers: Mapping[str, Register]) -> None:
        self._registers = registers

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Answer. Raises CallError, or ForbiddenOperationError for what is not declared or not in a register."""
        if operation in MISSING and not params:
            if operation not in self._registers:
                raise CallError(GapReason.NOT_ALLOWED, code="NoRegister", detail=MISSING[operation])
            register = self._registers[operation]
            body: dict[str, Json] = {"file": register.file, "sha256": register.digest}
            return Reply(200, "", {**body, "entries": [dict(entry) for entry in register.entries]})
        if operation == HASH and params.keys() == {"register", "path"}:
            named = self._registers.get(str(params["register"]))
            if named is not None and params["path"] in set(named_paths(named)):
                return Reply(200, "", hashed(named.folder, str(params["path"])))
        raise ForbiddenOperationError(f"{operation} is not a declared read-only operation, or not of these files")

    def close(self) -> None:
        """Give up nothing: each file is closed when it was read."""


def hashed(folder: str, path: str) -> dict[str, Json]:
    """Return whether a file is there, with its SHA-256 and size. Raises CallError when that cannot be told.

    ``folder`` is where the path begins; empty: nobody knows any more.
    """
    if not folder and not Path(path).is_absolute():
        # The copy of a register does not know where the register was: a file of the same name might be another.
        detail = "a resumed scan does not know where its register lies: scan again, or give the path from /"
        raise CallError(GapReason.UNSUPPORTED, code="FolderUnknown", detail=detail)
    try:
        file = _opened(Path(folder) / path)
    except FileNotFoundError:
        return {"path": path, "found": False}
    except (OSError, ValueError) as error:
        raise failed(error) from error
    with file:
        return {"path": path, "found": True, **digest_of(file.read)}


def _opened(path: Path) -> BinaryIO:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise CallError(GapReason.UNSUPPORTED, code="NotAFile", detail="a folder or a device, not a file")
    return path.open("rb")


def failed(error: OSError | ValueError) -> CallError:
    """Return what a file that cannot be read raises: it may be there, so it is not said to be gone."""
    if isinstance(error, PermissionError):
        return CallError(GapReason.DENIED, code="Denied", detail="the file may not be read: give read access to it")
    detail = (error.strerror or "") if isinstance(error, OSError) else "no file can be called so"
    return CallError(GapReason.FAILED, code="Unreadable", detail=detail)


def digest_of(read: Callable[[int], bytes]) -> dict[str, Json]:
    """Return SHA-256 and size of what ``read`` gives, a block at a time. Raises CallError for more than MAX_BYTES."""
    state, size = hashlib.sha256(), 0
    try:
        while block := read(_BLOCK):
            state.update(block)
            size += len(block)
            if size > MAX_BYTES:
                detail = f"larger than {MAX_BYTES // 1024**2} MiB: name the document itself"
                raise CallError(GapReason.LIMIT, code="TooLarge", detail=detail)
    except OSError as error:
        raise failed(error) from error
    return {"sha256": state.hexdigest(), "bytes": size}
