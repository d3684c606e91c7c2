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

from scanner.errors import EvidenceError, UsageError
from scanner.model.ids import Json

SCHEMA = "keyaudit/scan/1"


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
    def verdicts(self) -> Path:
        """Every verdict of every subject."""
        return self.root / "verdicts.parquet"

    def is_scan(self) -> bool:
        """Tell whether a scan was begun here."""
        return self.scan_json.is_file()

    def begin(self, header: Mapping[str, Json], *, estate: bytes, controls: Path, overwrite: bool) -> None:
        """Make the directory and write what the scan runs by. Raises UsageError when something else is there."""
        if self.root.exists() and any(entry.name != ".lock" for entry in self.root.iterdir()):
            if not (overwrite and self.is_scan()):
                raise UsageError(
                    f"{self.root} is not empty",
                    hint="name another folder, `--resume` an unfinished scan, or `--overwrite` a finished one",
                )
            self._clear()
        self.root.mkdir(parents=True, exist_ok=True)
        write_atomically(self.estate, estate)
        shutil.copytree(controls, self.controls, dirs_exist_ok=True)
        self.write_header(header)

    def _clear(self) -> None:
        """Remove what a scan wrote, and nothing else that a person may have put beside it."""
        self.scan_json.unlink()
        for folder in (self.evidence, self.facts, self.controls):
            shutil.rmtree(folder, ignore_errors=True)
        for name in ("estate.yaml", "verdicts.parquet", "results.json", "report.pdf", "report.html"):
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
        except FileNotFoundError:
            raise UsageError(f"{self.root} is not a scan directory: it has no scan.json") from None
        except ValueError as error:
            raise EvidenceError(f"{self.scan_json}: not JSON: {error}") from error
        if not isinstance(header, dict) or header.get("schema") != SCHEMA:
            raise EvidenceError(f"{self.scan_json}: not of schema {SCHEMA}", hint="use the keyaudit that wrote it")
        return header

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the directory for this process. Raises UsageError when another process scans into it."""
        self.root.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
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
