"""Small finished scans, made by hand as a scan writes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from scanner.evidence.canonical import canonical
from scanner.evidence.records import digest
from scanner.model.report import Totals
from scanner.package.keys import ALGORITHM
from scanner.scandir import ScanDir
from scanner.scanheader import Header

START = datetime(2026, 6, 15, 12, tzinfo=UTC)
ESTATE = b"keyaudit: 1\n"
CONTROLS = {"access/KM-ACC-01.yaml": b"id: KM-ACC-01\n", "cmvp.yaml": b"certificates: []\n"}
CATALOGUE = digest("".join(sorted(f"{name} {digest(data)}\n" for name, data in CONTROLS.items())).encode())
HEADER = Header(
    id="scan-1",
    organization="Test Health",
    started=START,
    ended=START + timedelta(minutes=1),
    as_of=START,
    estate_sha256=digest(ESTATE),
    catalogue_sha256=CATALOGUE,
    tool_version="0.1.0",
    state="complete",
    totals=Totals(passed=1, failed=0, unknown=0, not_applicable=0, waived=0),
)
LINES = {
    "aws.b.jsonl": [canonical({"n": 3})],
    "aws.a.jsonl": [canonical({"n": 1}), canonical({"n": 2})],
}


def finished(root: Path, header: Header = HEADER) -> ScanDir:
    """Write a finished scan with three records, two controls and no report."""
    files = {
        "estate.yaml": ESTATE,
        "results.json": json.dumps({"scan": {"id": header.id, "estate_sha256": header.estate_sha256}}).encode(),
        "verdicts.parquet": b"PAR1",
        "facts/keys.parquet": b"PAR1" * 9,
        "layouts/db.yaml": b"tables: []\n",
        **{f"controls/{name}": data for name, data in CONTROLS.items()},
        **{f"evidence/{name}": b"".join(line + b"\n" for line in lines) for name, lines in LINES.items()},
    }
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    folder = ScanDir(root)
    folder.write_header(header.to_json())
    return folder


def the_next(header: Header = HEADER) -> Header:
    """Return the header of a scan a day later."""
    day = timedelta(days=1)
    return replace(header, id="scan-2", started=START + day, ended=START + day)


def records() -> Sequence[bytes]:
    """Return the lines of the evidence in the order of the tree's leaves."""
    return [line for name in sorted(LINES) for line in LINES[name]]


class HeldKey:
    """A signer that holds its key."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public_key = self._key.public_key()

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, ALGORITHM)


class BrokenKey(HeldKey):
    """A signer whose signatures are of other data."""

    def sign(self, data: bytes) -> bytes:
        return super().sign(data + b"!")
