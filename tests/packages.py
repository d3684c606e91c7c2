"""Packages for the tests of verifying: good ones, made without what makes the real ones, and every way to spoil one.

A ZIP is put together field by field, so that each record of it can say something else than it should.
"""

from __future__ import annotations

import base64
import binascii
import functools
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scanner.evidence.canonical import canonical
from scanner.model.ids import Json
from scanner.resources import controls_dir
from tests.evidence.samples import gap_body, line, observation_body

STORED = (".parquet", ".pdf", ".zst")
LAST = ("manifest.json", "manifest.dsse.json", "manifest.tsr")
PAYLOAD_TYPE = "application/vnd.in-toto+json"
TOTALS: dict[str, Json] = {"pass": 0, "fail": 1, "unknown": 1, "not_applicable": 0, "waived": 0}


def hexdigest(data: bytes) -> str:
    """Return a digest as packages write it."""
    return f"sha256:{sha256(data).hexdigest()}"


def key(name: str = "operator") -> EllipticCurvePrivateKey:
    """Return the signing key of somebody, the same through a run."""
    return _key(name)


@functools.cache
def _key(name: str) -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def public_pem(of: EllipticCurvePrivateKey) -> bytes:
    """Return what an auditor is given."""
    return of.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def fingerprint(of: EllipticCurvePublicKey) -> str:
    """Return a key's id."""
    return sha256(of.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def scan_files(scan: str = "scan-1", day: int = 15) -> dict[str, bytes]:
    """Return the files of a small finished scan, by name."""
    start = f"2026-06-{day:02}T12:00:00.000Z"
    asked: dict[str, Json] = {"started": start, "ended": start}
    one = [line(observation_body(params={"KeyId": str(n)}, **asked)) for n in range(3)]
    two = [line(gap_body(**asked))]
    estate = b"keyaudit: 1\norganization: Test Health\n"
    control = b"id: KM-ROT-04\n"
    catalogue = hexdigest(f"rotation/KM-ROT-04.yaml {hexdigest(control)}\n".encode())
    facts: dict[str, Json] = {
        "id": scan,
        "organization": "Test Health",
        "as_of": "2026-06-15T12:00:00Z",
        "started": f"2026-06-{day:02}T11:59:59.5Z",
        "ended": f"2026-06-{day:02}T12:00:03.5Z",
        "tool_version": "0.1.0",
        "catalogue_sha256": catalogue,
        "estate_sha256": hexdigest(estate),
    }
    finding: dict[str, Json] = {"subject": "k", "verdict": "fail", "evidence": [hexdigest(one[0][:-1])]}
    results: dict[str, Json] = {
        "schema": "keyaudit/results/1",
        "scan": {**facts, "principals": []},
        "totals": TOTALS,
        "controls": [{"id": "KM-ROT-04", "verdict": "fail"}, {"id": "KM-ROT-05", "verdict": "unknown"}],
        "findings": [{"control": "KM-ROT-04", **finding}],
        "gaps": [{"id": hexdigest(two[0][:-1])}],
    }
    return {
        "scan.json": as_json({"schema": "keyaudit/scan/1", **facts, "state": "complete", "totals": TOTALS}),
        "results.json": as_json(results),
        "verdicts.parquet": b"PAR1 not read without --replay PAR1",
        "facts/keys.parquet": b"PAR1 keys PAR1",
        "evidence/aws.main.kms.jsonl": b"".join(one),
        "evidence/aws.main.sts.jsonl": b"".join(two),
        "controls/rotation/KM-ROT-04.yaml": control,
        "estate.yaml": estate,
        "report.html": b"<html>" + b"<p>the report</p>" * 9000,
        "VERIFY.md": b"# How to check\n",
    }


def as_json(value: Mapping[str, Json]) -> bytes:
    """Return canonical JSON."""
    return canonical(dict(value))


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the tree hash as RFC 6962 defines it, by recursion."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:])).digest()


def in_order(names: Sequence[str]) -> list[str]:
    """Return names as a package has them."""
    return sorted(names, key=lambda name: (name in LAST, name.encode()))


def manifest_of(files: Mapping[str, bytes], number: int = 1, previous: str | None = None) -> dict[str, Any]:
    """Return the manifest's body for some files; what it says of the scan is taken from scan.json."""
    header = loads(files["scan.json"])
    names = ("id", "organization", "as_of", "started", "ended", "tool_version", "catalogue_sha256", "estate_sha256")
    evidence = [name for name in in_order(list(files)) if name.startswith("evidence/")]
    leaves = [leaf for name in evidence for leaf in files[name].splitlines()]
    return {
        "schema": "keyaudit/manifest/1",
        "scan": {name: header[name] for name in names},
        "members": [
            {"path": name, "size": len(files[name]), "sha256": hexdigest(files[name])}
            for name in in_order(list(files))
            if name not in LAST
        ],
        "observations": {
            "count": len(leaves),
            "merkle_root": f"sha256:{merkle_root(leaves).hex()}",
            "tree": "RFC 6962, SHA-256",
        },
        "checkpoint": {"number": number, "previous": previous},
    }


def loads(data: bytes) -> dict[str, Any]:
    """Return a JSON object."""
    import json

    loaded: dict[str, Any] = json.loads(data)
    return loaded


def statement_of(manifest: bytes, totals: Json = None) -> dict[str, Any]:
    """Return the in-toto statement about a manifest."""
    body = loads(manifest)
    subjects = [("manifest.json", hexdigest(manifest)), *((one["path"], one["sha256"]) for one in body["members"])]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest[7:]}} for name, digest in subjects],
        "predicateType": "https://keyaudit.dev/scan/v1",
        "predicate": {
            **{name: body[name] for name in ("scan", "observations", "checkpoint")},
            "totals": TOTALS if totals is None else totals,
        },
    }


def pae(payload: bytes, kind: str = PAYLOAD_TYPE) -> bytes:
    """Return the pre-authentication encoding of DSSE."""
    return b" ".join((b"DSSEv1", str(len(kind)).encode(), kind.encode(), str(len(payload)).encode(), payload))


def envelope_of(payload: bytes, signer: EllipticCurvePrivateKey, **given: Json) -> dict[str, Any]:
    """Return the DSSE envelope of a payload; ``given`` replaces parts of it."""
    signature = signer.sign(pae(payload), ECDSA(SHA256()))
    return {
        "payloadType": PAYLOAD_TYPE,
        "payload": b64(payload),
        "signatures": [{"keyid": fingerprint(signer.public_key()), "sig": b64(signature)}],
        **given,
    }


def b64(data: bytes) -> str:
    """Return base64 text."""
    return base64.standard_b64encode(data).decode()


def sealed(
    files: Mapping[str, bytes],
    *,
    signer: EllipticCurvePrivateKey | None = None,
    number: int = 1,
    previous: str | None = None,
) -> dict[str, bytes]:
    """Return the files with a manifest made for them and, when somebody signs, a statement."""
    manifest = as_json(manifest_of(files, number, previous))
    seals = {"manifest.json": manifest}
    if signer:
        totals = loads(files["scan.json"]).get("totals")
        seals["manifest.dsse.json"] = as_json(envelope_of(as_json(statement_of(manifest, totals)), signer))
    return {**files, **seals}


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of a ZIP as its two headers have it. What ``local`` and ``central`` name is different there."""

    name: bytes
    data: bytes
    method: int = 8
    packed: bytes | None = None
    local: Mapping[str, Any] = field(default_factory=dict)
    central: Mapping[str, Any] = field(default_factory=dict)
    before: bytes = b""
    """Bytes put before its local header."""

    def fields(self, changed: Mapping[str, Any], offset: int, packed: bytes) -> dict[str, Any]:
        """Return the values of a header."""
        return {
            "version": 20,
            "flags": 0 if self.name.isascii() else 0x800,
            "method": self.method,
            "time": 0,
            "date": 0x21,
            "crc": binascii.crc32(self.data),
            "packed": len(packed),
            "size": len(self.data),
            "name": self.name,
            "extra": b"",
            "comment": b"",
            "disk": 0,
            "inner": 0,
            "outer": 0o100644 << 16,
            "offset": offset,
            "made_by": 3 << 8 | 20,
            **changed,
        }


def deflated(data: bytes, level: int = 9) -> bytes:
    """Return data as a ZIP packs them."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def entries(files: Mapping[str, bytes]) -> list[Entry]:
    """Return the members of a good ZIP."""
    return [Entry(name.encode(), files[name], 0 if name.endswith(STORED) else 8) for name in in_order(list(files))]


def zipped(members: Sequence[Entry], *, wide: bool = False, after: bytes = b"", **end: int) -> bytes:
    """Return a ZIP; ``end`` replaces fields of its end record (count, size, offset, comment, disk)."""
    out, directory = bytearray(), bytearray()
    for member in members:
        packed = member.packed
        if packed is None:
            packed = deflated(member.data) if member.method == 8 else member.data
        out += member.before
        fields = member.fields(member.local, len(out), packed)
        central = member.fields(member.central, len(out), packed)
        out += struct.pack("<4s5H3I2H", b"PK\x03\x04", *_common(fields), len(fields["name"]), len(fields["extra"]))
        out += fields["name"] + fields["extra"] + packed
        directory += struct.pack(
            "<4s6H3I5H2I",
            b"PK\x01\x02",
            central["made_by"],
            *_common(central),
            *(len(central[part]) for part in ("name", "extra", "comment")),
            *(central[part] for part in ("disk", "inner", "outer", "offset")),
        )
        directory += central["name"] + central["extra"] + central["comment"]
    offset = len(out)
    out += directory
    given = {"disk": 0, "count": len(members), "size": len(directory), "offset": offset, "comment": 0, **end}
    if wide:
        at = len(out)
        out += struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, *[len(members)] * 2, len(directory), offset)
        out += struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    count, size, start = given["count"], given["size"], given["offset"]
    out += struct.pack("<4s4H2IH", b"PK\x05\x06", given["disk"], 0, count, count, size, start, given["comment"])
    return bytes(out + after)


def _common(fields: Mapping[str, Any]) -> list[int]:
    return [fields[name] for name in ("version", "flags", "method", "time", "date", "crc", "packed", "size")]


def package(files: Mapping[str, bytes] | None = None, **given: Any) -> bytes:  # noqa: ANN401 - any option of sealed()
    """Return a good package, signed by the operator."""
    return zipped(entries(sealed(scan_files() if files is None else files, **{"signer": key(), **given})))


def changed(members: Sequence[Entry], which: str, /, **given: Any) -> list[Entry]:  # noqa: ANN401 - any field of Entry
    """Return the members with one of them changed."""
    assert any(one.name == which.encode() for one in members)
    return [replace(one, **given) if one.name == which.encode() else one for one in members]


def small_catalogue(folder: Path) -> Path:
    """Write a catalogue of two controls, for replays that take no time, and return its folder."""
    whole = controls_dir()
    for path in (*whole.glob("frameworks/*.yaml"), whole / "cmvp.yaml", *whole.glob("rotation/KM-ROT-0[14].yaml")):
        target = folder / path.relative_to(whole)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder


def read_tree(folder: Path) -> dict[str, bytes]:
    """Return the files of a scan directory that go into its package."""
    names = ("scan.json", "results.json", "verdicts.parquet", "estate.yaml", "certificates.yaml")
    kept = [folder / name for name in names if (folder / name).is_file()]
    for part in ("facts", "evidence", "controls", "layouts"):
        kept += [path for path in (folder / part).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}
