"""Every way to spoil a package that has a name here, with the step and the member at which it must be caught.

Here the ZIP itself and its listing; `tampered_evidence.py` and `tampered_seals.py` have the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

from scanner.model.ids import Json
from scanner.verify.report import Step
from tests.packages import (
    Entry,
    as_json,
    changed,
    deflated,
    entries,
    hexdigest,
    in_order,
    key,
    manifest_of,
    package,
    scan_files,
    sealed,
    zipped,
)

Tampering = tuple[Step, str, Callable[[], bytes]]
KMS = "evidence/aws.main.kms.jsonl"
STS = "evidence/aws.main.sts.jsonl"
CONTROL = "controls/rotation/KM-ROT-04.yaml"
LAST = "manifest.json"
OTHER = "controls/rotation/KM-ROT-05.yaml"


def good() -> dict[str, bytes]:
    """Return the members of a good signed package."""
    return sealed(scan_files(), signer=key())


def members(which: str, /, **given: Any) -> list[Entry]:  # noqa: ANN401 - any field of Entry
    """Return the entries of a good package with one changed."""
    return changed(entries(good()), which, **given)


def named(name: bytes, /, **given: Any) -> bytes:  # noqa: ANN401 - any field of Entry
    """Return a package whose control is called otherwise."""
    return zipped(members(CONTROL, name=name, **given))


def both(which: str, /, **fields: Any) -> bytes:  # noqa: ANN401 - any header field
    """Return a package in which both headers of a member have other fields."""
    return zipped(members(which, local=fields, central=fields))


def central(which: str, /, **fields: Any) -> bytes:  # noqa: ANN401 - any header field
    """Return a package in which the central directory alone has other fields of a member."""
    return zipped(members(which, central=fields))


def local(which: str, /, **fields: Any) -> bytes:  # noqa: ANN401 - any header field
    """Return a package in which the local header alone has other fields of a member."""
    return zipped(members(which, local=fields))


def with_more(*more: Entry) -> bytes:
    """Return a package with members that it should not have, in their order."""
    every = {one.name.decode(): one for one in (*entries(good()), *more)}
    return zipped([every[name] for name in in_order(list(every))])


def overlapping() -> bytes:
    """Return a package in which two members share their data."""
    every = entries(good())
    first = next(i for i, one in enumerate(every) if one.name == KMS.encode())
    offset = sum(30 + len(one.name) + len(deflated(one.data) if one.method else one.data) for one in every[:first])
    return zipped(changed(every, STS, central={"offset": offset}))


def swapped(data: bytes, old: bytes, new: bytes) -> bytes:
    """Return bytes with all of ``old`` replaced, which must be there."""
    assert old in data
    return data.replace(old, new)


def patched(mark: bytes, at: int, value: bytes, *, wide: bool = False) -> bytes:
    """Return a package with bytes written over others, ``at`` bytes after the last ``mark``."""
    data = bytearray(zipped(entries(good()), wide=wide))
    start = data.rindex(mark) + at
    data[start : start + len(value)] = value
    return bytes(data)


def bomb(declared: int) -> bytes:
    """Return a package with a report of 16 MiB of zeros that says it has ``declared`` bytes."""
    zeros = bytes(16 * 2**20)
    packed = deflated(zeros)
    sizes = {"size": declared}
    return zipped(members("report.html", data=zeros, packed=packed, local=sizes, central=sizes))


A, M, L, O = Step.ARCHIVE, Step.MEMBERS, Step.MANIFEST, Step.OBSERVATIONS  # noqa: E741 - letters of the steps
IN_THE_ZIP: dict[str, Tampering] = {
    "empty file": (A, "", lambda: b""),
    "not a ZIP": (A, "", lambda: b"%PDF-1.7\n" * 40),
    "cut off": (A, "", lambda: package()[:-1]),
    "first half": (A, "", lambda: package()[: len(package()) // 2]),
    "prepended": (A, "", lambda: b"MZ" + package()),
    "prepended, offsets mended": (
        A,
        "VERIFY.md",
        lambda: zipped(changed(entries(good()), "VERIFY.md", before=b"#!/bin/sh\n")),
    ),
    "appended": (A, "", lambda: package() + b"\n"),
    "hidden between members": (A, KMS, lambda: zipped(members(KMS, before=b"hidden"))),
    "hidden before the directory": (A, "", lambda: zipped(entries(good()), offset=len(package()))),
    "archive comment": (A, "", lambda: zipped(entries(good()), comment=2, after=b"hi")),
    "second package appended": (A, "", lambda: package() + package()),
    "other disk": (A, "", lambda: zipped(entries(good()), disk=1)),
    "count too small": (A, "", lambda: zipped(entries(good()), count=3)),
    "count a little too large": (A, "", lambda: zipped(entries(good()), count=15)),
    "ZIP64 record names other disks": (A, "", lambda: patched(b"PK\x06\x07", 16, b"\2", wide=True)),
    "central comment beyond the directory": (A, "", lambda: patched(b"PK\x01\x02", 32, b"\xff\xff")),
    "local field beyond the file": (A, "", lambda: patched(b"PK\x03\x04", 28, b"\xff\xff")),
    "hidden after the last member": (
        A,
        "",
        lambda: zipped(
            members(
                LAST,
                packed=deflated(good()[LAST]) + b"hidden",
                local={"packed": len(deflated(good()[LAST]))},
                central={"packed": len(deflated(good()[LAST]))},
            )
        ),
    ),
    "count too large": (A, "", lambda: zipped(entries(good()), count=60)),
    "count huge": (A, "", lambda: zipped(entries(good()), count=0xFFFE)),
    "no member": (A, "", lambda: zipped([])),
    "ZIP64 record disagrees": (A, "", lambda: zipped(entries(good()), wide=True, count=3)),
    "ZIP64 record is not there": (
        A,
        "",
        lambda: swapped(zipped(entries(good()), wide=True), b"PK\x06\x06", b"PK\x06\x05"),
    ),
    "central name differs": (A, OTHER, lambda: central(CONTROL, name=OTHER.encode())),
    "local name differs": (A, CONTROL, lambda: local(CONTROL, name=OTHER.encode())),
    "central size differs": (A, CONTROL, lambda: central(CONTROL, size=1)),
    "local size differs": (A, CONTROL, lambda: local(CONTROL, size=1)),
    "local checksum differs": (A, CONTROL, lambda: local(CONTROL, crc=1)),
    "local method differs": (A, CONTROL, lambda: local(CONTROL, method=0)),
    "local flags differ": (A, CONTROL, lambda: local(CONTROL, flags=0x800)),
    "local time differs": (A, CONTROL, lambda: local(CONTROL, time=1)),
    "checksum wrong in both": (M, CONTROL, lambda: both(CONTROL, crc=1)),
    "size too small in both": (M, CONTROL, lambda: both(CONTROL, size=3)),
    "size too large in both": (M, CONTROL, lambda: both(CONTROL, size=300)),
    "compressed data damaged": (M, CONTROL, lambda: zipped(members(CONTROL, packed=b"\xff\xff\xff"))),
    "compressed data cut off": (M, CONTROL, lambda: zipped(members(CONTROL, packed=deflated(b"id: KM-ROT-04\n")[:-2]))),
    "hidden behind compressed data": (
        M,
        CONTROL,
        lambda: zipped(members(CONTROL, packed=deflated(b"id: KM-ROT-04\n") + b"more")),
    ),
    "members overlap": (A, STS, overlapping),
    "offset outside the file": (A, STS, lambda: central(STS, offset=0x7FFFFFFF)),
    "duplicate name": (A, CONTROL, lambda: zipped(changed(entries(good()), "estate.yaml", name=CONTROL.encode()))),
    "duplicate member": (
        A,
        "estate.yaml",
        lambda: zipped([one for e in entries(good()) for one in [e] * (1 + (e.name == b"estate.yaml"))]),
    ),
    "case twin": (A, "estate.yaml", lambda: with_more(Entry(b"Estate.yaml", b"keyaudit: 1\n"))),
    "compatibility twin": (A, "estate\uff0eyaml", lambda: with_more(Entry("estate\uff0eyaml".encode(), b"x"))),
    "a file that is also a folder": (A, "estate.yaml/x", lambda: with_more(Entry(b"estate.yaml/x", b"x"))),
    "parent folder": (A, "../../etc/passwd", lambda: named(b"../../etc/passwd")),
    "parent folder inside": (A, "controls/../../x.yaml", lambda: named(b"controls/../../x.yaml")),
    "absolute": (A, "/etc/passwd", lambda: named(b"/etc/passwd")),
    "drive letter": (A, "C:/x.yaml", lambda: named(b"C:/x.yaml")),
    "drive letter, relative": (A, "C:x.yaml", lambda: named(b"C:x.yaml")),
    "alternate stream": (A, "controls/x.yaml:y", lambda: named(b"controls/x.yaml:y")),
    "backslash": (A, "..\\x.yaml", lambda: named(b"..\\x.yaml")),
    "dot": (A, "controls/./x.yaml", lambda: named(b"controls/./x.yaml")),
    "two slashes": (A, "controls//x.yaml", lambda: named(b"controls//x.yaml")),
    "empty name": (A, "", lambda: named(b"")),
    "folder": (A, "controls/", lambda: named(b"controls/")),
    "NUL in the name": (A, "controls/x\0.yaml", lambda: named(b"controls/x\0.yaml")),
    "escape in the name": (A, "controls/\x1b[2J.yaml", lambda: named(b"controls/\x1b[2J.yaml")),
    "right-to-left mark in the name": (A, "controls/\u202elmay.exe", lambda: named("controls/\u202elmay.exe".encode())),
    "decomposed name": (A, "controls/u\u0308.yaml", lambda: named("controls/u\u0308.yaml".encode())),
    "name is not UTF-8": (A, "controls/\\xff.yaml", lambda: named(b"controls/\xff.yaml")),
    "name is not ASCII, and does not say so": (
        A,
        "controls/ü.yaml",
        lambda: named("controls/ü.yaml".encode(), local={"flags": 0}, central={"flags": 0}),
    ),
    "overlong name": (A, "controls/" + "x" * 191, lambda: named(b"controls/" + b"x" * 600)),
    "trailing dot": (A, "controls/x.yaml.", lambda: named(b"controls/x.yaml.")),
    "too deep": (A, "controls/" + "x/" * 20 + "y", lambda: named(b"controls/" + b"x/" * 20 + b"y")),
    "not in order": (A, "", lambda: zipped(entries(good())[::-1])),
    "symbolic link": (A, CONTROL, lambda: central(CONTROL, outer=0o120777 << 16)),
    "device": (A, CONTROL, lambda: central(CONTROL, outer=0o020644 << 16)),
    "set user id": (A, CONTROL, lambda: central(CONTROL, outer=0o104755 << 16)),
    "folder by its attribute": (A, CONTROL, lambda: central(CONTROL, outer=0o100644 << 16 | 0x10)),
    "made on Windows": (A, CONTROL, lambda: central(CONTROL, made_by=20)),
    "encrypted": (A, CONTROL, lambda: both(CONTROL, flags=1)),
    "strongly encrypted": (A, CONTROL, lambda: both(CONTROL, flags=0x41)),
    "masked headers": (A, CONTROL, lambda: both(CONTROL, flags=0x2000)),
    "sizes after the data": (A, CONTROL, lambda: both(CONTROL, flags=8)),
    "other compression": (A, CONTROL, lambda: both(CONTROL, method=14)),
    "stored with two sizes": (A, "verdicts.parquet", lambda: both("verdicts.parquet", size=2)),
    "extra field": (A, CONTROL, lambda: both(CONTROL, extra=b"UT\x05\0\1\0\0\0\0")),
    "other name in an extra field": (A, CONTROL, lambda: central(CONTROL, extra=b"up\x06\0\1\0\0\0\0x")),
    "ZIP64 field that is not needed": (A, CONTROL, lambda: central(CONTROL, extra=struct.pack("<2HQ", 1, 8, 14))),
    "member comment": (A, CONTROL, lambda: central(CONTROL, comment=b"signed")),
    "another time": (A, CONTROL, lambda: both(CONTROL, date=0x5A21)),
    "bomb that declares itself": (A, "report.html", lambda: bomb(16 * 2**20)),
    "bomb of many small members": (
        A,
        "",
        lambda: with_more(*(Entry(b"layouts/%03d.yaml" % n, bytes(2**20)) for n in range(16))),
    ),
    "bomb that lies": (M, "report.html", lambda: bomb(1000)),
    "bomb of many gigabytes by its size": (A, "report.html", lambda: both("report.html", size=0xFFFFFFFE)),
    "bomb by ZIP64": (
        A,
        "report.html",
        lambda: both("report.html", size=0xFFFFFFFF, extra=struct.pack("<2HQ", 1, 8, 2**50)),
    ),
}


def stale(changes: Mapping[str, bytes | None]) -> bytes:
    """Return a package in which members were replaced, added or dropped (None), and nothing else."""
    return zipped(entries(merged(good(), changes)))


def merged(files: Mapping[str, bytes], changes: Mapping[str, bytes | None]) -> dict[str, bytes]:
    """Return files with some replaced, added or dropped (None)."""
    return {name: data for name, data in {**files, **changes}.items() if data is not None}


def listing(**changes: Json) -> bytes:
    """Return a package whose manifest has other values."""
    return listed(as_json({**manifest_of(scan_files()), **changes}))


def listed(manifest: bytes) -> bytes:
    """Return a package with this manifest."""
    return stale({"manifest.json": manifest})


def member(**changes: Json) -> bytes:
    """Return a package in whose manifest the first member has other values."""
    first, *others = manifest_of(scan_files())["members"]
    return listing(members=[{**first, **changes}, *others])


def part(name: str, **changes: Json) -> bytes:
    """Return a package in whose manifest an object has other values."""
    return listing(**{name: {**manifest_of(scan_files())[name], **changes}})


def text(old: bytes, new: bytes) -> bytes:
    """Return a package in whose manifest some bytes were replaced."""
    return listed(swapped(as_json(manifest_of(scan_files())), old, new))


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object without a member."""
    return {key: value for key, value in body.items() if key != name}


FILES = scan_files()
LISTING = manifest_of(FILES)
MANIFEST = "manifest.json"
IN_THE_LISTING: dict[str, Tampering] = {
    "a control edited": (M, CONTROL, lambda: stale({CONTROL: b"id: KM-ROT-99\n"})),
    "an observation edited": (M, KMS, lambda: stale({KMS: swapped(FILES[KMS], b'"status":200', b'"status":404')})),
    "a report edited": (M, "report.html", lambda: stale({"report.html": FILES["report.html"].replace(b"p>", b"q>")})),
    "a verdict edited": (
        M,
        "verdicts.parquet",
        lambda: stale({"verdicts.parquet": b"PAR1 not read without --replay par1"}),
    ),
    "a member truncated": (M, "results.json", lambda: stale({"results.json": FILES["results.json"][:-1]})),
    "a member lengthened": (M, "estate.yaml", lambda: stale({"estate.yaml": FILES["estate.yaml"] + b"\n"})),
    "a member emptied": (M, STS, lambda: stale({STS: b""})),
    "a member dropped": (M, KMS, lambda: stale({KMS: None})),
    "a gap's segment dropped": (M, STS, lambda: stale({STS: None})),
    "a member added": (M, "evidence/aws.main.more.jsonl", lambda: stale({"evidence/aws.main.more.jsonl": b""})),
    "a page added": (M, "verify.html", lambda: stale({"verify.html": b"<script>"})),
    "a seal of its own added": (M, "manifest.sig", lambda: stale({"manifest.sig": b"x"})),
    "two segments swapped": (M, KMS, lambda: stale({KMS: FILES[STS], STS: FILES[KMS]})),
    "a segment renamed": (M, KMS, lambda: stale({KMS: None, "evidence/aws.main.kmt.jsonl": FILES[KMS]})),
    "no manifest": (L, MANIFEST, lambda: stale({MANIFEST: None})),
    "manifest empty": (L, MANIFEST, lambda: listed(b"")),
    "manifest not JSON": (L, MANIFEST, lambda: listed(b"{")),
    "manifest a list": (L, MANIFEST, lambda: listed(b"[]")),
    "manifest with a blank": (L, MANIFEST, lambda: text(b'"schema":', b'"schema": ')),
    "manifest with a newline": (L, MANIFEST, lambda: listed(as_json(LISTING) + b"\n")),
    "manifest in another order": (
        L,
        MANIFEST,
        lambda: text(b'{"number":1,"previous":null}', b'{"previous":null,"number":1}'),
    ),
    "manifest with escapes": (L, MANIFEST, lambda: text(b"Test Health", b"Test\\u0020Health")),
    "manifest with a mark": (L, MANIFEST, lambda: listed(b"\xef\xbb\xbf" + as_json(LISTING))),
    "manifest in UTF-16": (L, MANIFEST, lambda: listed(as_json(LISTING).decode().encode("utf-16"))),
    "a name twice": (L, MANIFEST, lambda: text(b'"number":1', b'"number":1,"number":1')),
    "a number as a float": (L, MANIFEST, lambda: text(b'"count":4', b'"count":4.0')),
    "a number as a power": (L, MANIFEST, lambda: text(b'"count":4', b'"count":4e0')),
    "NaN": (L, MANIFEST, lambda: text(b'"count":4', b'"count":NaN')),
    "an infinity": (L, MANIFEST, lambda: text(b'"count":4', b'"count":1e999')),
    "a huge number": (L, MANIFEST, lambda: text(b'"count":4', b'"count":' + b"9" * 100_000)),
    "a lone surrogate": (L, MANIFEST, lambda: text(b"Test Health", b"Test \\ud800")),
    "deep nesting": (L, MANIFEST, lambda: text(b'"count":4', b'"count":' + b"[" * 100_000 + b"]" * 100_000)),
    "nesting of a hundred": (L, MANIFEST, lambda: text(b'"count":4', b'"count":' + b"[" * 100 + b"]" * 100)),
    "another schema": (L, MANIFEST, lambda: listing(schema="keyaudit/manifest/2")),
    "an unknown field": (L, MANIFEST, lambda: listing(note="signed by the CISO")),
    "a missing field": (L, MANIFEST, lambda: listed(as_json(without(LISTING, "checkpoint")))),
    "members no list": (L, MANIFEST, lambda: listing(members={})),
    "a member no object": (L, MANIFEST, lambda: listing(members=["VERIFY.md"])),
    "a member twice": (L, MANIFEST, lambda: listing(members=[LISTING["members"][0], *LISTING["members"]])),
    "members in another order": (L, MANIFEST, lambda: listing(members=LISTING["members"][::-1])),
    "a size below zero": (L, MANIFEST, lambda: member(size=-1)),
    "a size that is true": (L, MANIFEST, lambda: member(size=True)),
    "a size in text": (L, MANIFEST, lambda: member(size="15")),
    "a digest in upper case": (L, MANIFEST, lambda: member(sha256="sha256:" + "A" * 64)),
    "a digest of another kind": (L, MANIFEST, lambda: member(sha256="md5:" + "0" * 32)),
    "a path outside": (L, MANIFEST, lambda: member(path="../VERIFY.md")),
    "a path with an escape": (L, MANIFEST, lambda: member(path="V\x1b[1m.md")),
    "the manifest lists itself": (L, MANIFEST, lambda: member(path=MANIFEST)),
    "no organization": (L, MANIFEST, lambda: part("scan", organization=None)),
    "an instant without zone": (L, MANIFEST, lambda: part("scan", ended="2026-06-15T12:00:00")),
    "no end": (L, MANIFEST, lambda: part("scan", ended=None)),
    "another tree": (L, MANIFEST, lambda: part("observations", tree="SHA-1")),
    "number 0": (L, MANIFEST, lambda: part("checkpoint", number=0)),
    "a first scan with one before it": (L, MANIFEST, lambda: part("checkpoint", previous=hexdigest(b""))),
    "a second scan with none before it": (L, MANIFEST, lambda: part("checkpoint", number=2)),
    "listed and not there": (
        M,
        "zebra.txt",
        lambda: listing(members=[*LISTING["members"], {**LISTING["members"][0], "path": "zebra.txt"}]),
    ),
    "there and not listed": (M, "VERIFY.md", lambda: listing(members=LISTING["members"][1:])),
    "another size listed": (M, "VERIFY.md", lambda: member(size=16)),
    "another digest listed": (M, "VERIFY.md", lambda: member(sha256=hexdigest(b"other"))),
}
