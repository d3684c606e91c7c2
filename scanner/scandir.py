"""The scan directory: what is in it, who may write it, how it is begun and ended.

``scan.json`` is written first and last, by atomic rename: a directory without it is not a scan, and one
whose ``state`` is ``collecting`` can be resumed. The estate file and the controls are copied in, so that a
resumed or replayed scan runs by the rules it began with.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scanner.errors import EvidenceError, KeyauditError, UsageError
from scanner.model.ids import Json

SCHEMA = "keyaudit/scan/1"
LOCK = ".lock"
CATALOGUE_FILES = ("*/*.yaml", "cmvp.yaml")
"""What a catalogue is read from."""
FILES = (
    "estate.yaml",
    "certificates.yaml",
    "history.json",
    "verdicts.parquet",
    "results.json",
    "period.json",
    "report.pdf",
    "report.html",
)
"""What a scan writes into its directory, beside ``scan.json`` and folders."""


@dataclass(frozen=True, slots=True)
class ScanDir:
    """Paths of one scan directory."""

    root: Path

    @property
    def scan_json(self) -> Path:
        """Who scanned what, when."""
        return self.root / "scan.json"

    @property
    def evidence(self) -> Path:
        """Observations and gaps."""
        return self.root / "evidence"

    @property
    def facts(self) -> Path:
        """One Parquet file a fact table."""
        return self.root / "facts"

    @property
    def controls(self) -> Path:
        """The catalogue that the scan began with."""
        return self.root / "controls"

    @property
    def estate(self) -> Path:
        """The estate file that the scan began with."""
        return self.root / "estate.yaml"

    @property
    def layouts(self) -> Path:
        """The layout files of the estate's databases that the scan began with, by source."""
        return self.root / "layouts"

    @property
    def certificates(self) -> tuple[Path, ...]:
        """Tables of certificates: the catalogue's, and the user's own when there is one."""
        return tuple(path for path in (self.controls / "cmvp.yaml", self.root / "certificates.yaml") if path.is_file())

    @property
    def history(self) -> Path:
        """Earlier scans of the series, as the store had them; there is none without a store."""
        return self.root / "history.json"

    @property
    def verdicts(self) -> Path:
        """Every verdict of every subject."""
        return self.root / "verdicts.parquet"

    def is_scan(self) -> bool:
        """Tell whether a scan was begun here."""
        try:
            self.read_header()
        except KeyauditError:
            return False
        return True

    def check_scan(self) -> None:
        """Raise UsageError or EvidenceError unless a scan was begun here."""
        self.read_header()

    def check_free(self, *, overwrite: bool) -> None:
        """Raise UsageError unless a scan can begin here."""
        if self.root.is_dir() and any(entry.name != LOCK for entry in self.root.iterdir()):
            if not self.is_scan():
                hint = "name another folder; --overwrite replaces a scan and nothing else"
                raise UsageError(f"{self.root} is not empty, and it is not a scan", hint=hint)
            if not overwrite:
                hint = "name another folder, --resume it, or --overwrite it"
                raise UsageError(f"{self.root} has a scan already", hint=hint)

    def begin(
        self,
        header: Mapping[str, Json],
        *,
        estate: bytes,
        controls: Path,
        overwrite: bool,
        certificates: bytes | None = None,
        layouts: Mapping[str, bytes] | None = None,
    ) -> None:
        """Make the directory and write what the scan runs by. Raises UsageError when something else is there."""
        self.check_free(overwrite=overwrite)
        # Read before anything is removed: the catalogue may be the copy in this very folder.
        paths = sorted(path for pattern in CATALOGUE_FILES for path in controls.glob(pattern))
        files = {path.relative_to(controls): path.read_bytes() for path in paths}
        self._clear()
        self.root.mkdir(parents=True, exist_ok=True)
        write_atomically(self.estate, estate)
        if certificates is not None:
            write_atomically(self.root / "certificates.yaml", certificates)
        if layouts:
            self.layouts.mkdir()
        for source, layout in (layouts or {}).items():
            write_atomically(self.layouts / f"{source}.yaml", layout)
        for name, data in files.items():
            (self.controls / name).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.controls / name, data)
        self.write_header(header)

    def _clear(self) -> None:
        """Remove what a scan wrote, and nothing else that a person may have put beside it."""
        self.scan_json.unlink(missing_ok=True)
        for folder in (self.evidence, self.facts, self.controls, self.layouts):
            # A remainder would become part of the new scan, so what cannot be removed is an error.
            if folder.is_symlink() or folder.exists():
                shutil.rmtree(folder)
        for name in FILES:
            (self.root / name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what a killed process left half done. Call it under the lock."""
        for pattern in (".*.partial", ".judge-*", ".spool-*"):
            for leftover in self.root.glob(pattern):
                if leftover.is_dir():
                    shutil.rmtree(leftover, ignore_errors=True)
                else:
                    leftover.unlink()

    def write_header(self, header: Mapping[str, Json]) -> None:
        """Write ``scan.json``."""
        text = json.dumps({"schema": SCHEMA, **header}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        write_atomically(self.scan_json, text.encode())

    def read_header(self) -> dict[str, Json]:
        """Return ``scan.json``. Raises UsageError or EvidenceError when it is missing or damaged."""
        try:
            header = json.loads(self.scan_json.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            why = "it has no scan.json" if self.root.is_dir() else "there is no such folder"
            hint = "name the folder that was given to `keyaudit scan -o`"
            raise UsageError(f"{self.root} is not a scan: {why}", hint=hint) from None
        except (ValueError, RecursionError) as error:
            raise EvidenceError(f"{self.scan_json}: not JSON: {error}") from None
        if not isinstance(header, dict) or header.get("schema") != SCHEMA:
            raise EvidenceError(f"{self.scan_json}: not of schema {SCHEMA}", hint="use the keyaudit that wrote it")
        return header

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the directory for this process. Raises UsageError when another process scans into it."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            fd = os.open(self.root / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            why = "there is a file in the way" if isinstance(error, FileExistsError) else error.strerror
            raise UsageError(f"cannot use the folder {self.root}: {why}", hint="name another folder") from None
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(f"{self.root} is in use by another keyaudit", hint="wait for it to end") from None
            yield
        finally:
            os.close(fd)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is either the old or the new one, whole and durable, whatever happens."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too
    finally:
        os.close(folder)
