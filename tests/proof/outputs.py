"""Every byte of an output, unpacked: members of ZIPs, gzip, streams and attachments of PDFs, rows of Parquet."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pypdf
from pypdf.generic import StreamObject

from tests.support import reader


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (where, bytes) of a file and of all that is in it, and the file's own name."""
    yield f"{path} (its name)", str(path).encode()
    yield from unpacked(str(path), path.read_bytes())


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (where, bytes) of some bytes and of all that is in them."""
    yield name, data
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                yield from unpacked(f"{name}!{info.filename}", archive.read(info))
    elif data.startswith(b"\x1f\x8b"):
        yield from unpacked(f"{name}!gzip", gzip.decompress(data))
    elif data.startswith(b"PAR1"):
        yield f"{name} (rows)", _rows(data)
    elif data.startswith(b"%PDF-"):
        yield from _of_pdf(name, data)
    elif data.lstrip()[:1] in {b"{", b"["} and not name.endswith(".jsonl"):
        # With its escapes taken away, and what is JSON inside JSON.
        yield f"{name} (its texts)", "\n".join(_texts(json.loads(data))).encode(errors="surrogatepass")


def _of_pdf(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    reader = pypdf.PdfReader(io.BytesIO(data))
    for number in range(1, len(reader.xref[0]) + 1):
        one = reader.get_object(number)
        if isinstance(one, StreamObject) and one.get("/Subtype") != "/Image":
            yield from unpacked(f"{name}!{number}", one.get_data())
    done = subprocess.run(["pdftotext", "-", "-"], input=data, capture_output=True, check=True)
    # Words that the page breaks are whole, too.
    yield f"{name} (its text)", done.stdout
    yield f"{name} (its text, unbroken)", b"".join(done.stdout.split())
    yield f"{name} (its metadata)", repr(reader.metadata).encode()
    for attached, versions in reader.attachments.items():
        for version in versions:
            yield from unpacked(f"{name}!{attached}", version)


def _rows(data: bytes) -> bytes:
    with tempfile.NamedTemporaryFile() as file, reader().cursor() as db:
        Path(file.name).write_bytes(data)
        return "\n".join(map(repr, db.execute("SELECT * FROM read_parquet(?)", [file.name]).fetchall())).encode()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
