"""Coverage-guided fuzzing of ``keyaudit verify``. ``python -m bench.fuzz_verify --seconds 300``; needs ``atheris``.

What is tried are the bytes of an archive, and good packages that were spoiled in one place: a field of a ZIP record, a
byte of a member, a value somewhere in the JSON of one. Half of these are sealed again, digests, Merkle root and
signature, by another key that is trusted, too; so what is wrong is met by the steps behind. Each must verify, or end in
a VerificationError: anything else is a finding, which ends the run with the bytes in a file. So is a package that
verifies as signed by the first key and is not the one that it signed. With ``--pdf`` it is the signature in
``report.pdf`` that is spoiled, byte by byte, with its certificate and its timestamp.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import atheris
from cryptography.x509 import Certificate

with atheris.instrument_imports(
    include=["scanner.verify", "scanner.evidence", "pyhanko.sign.validation", "pyhanko.sign.general"],
    enable_loader_override=False,
):
    import pyhanko.sign.validation.generic_cms  # noqa: F401 - checking imports it late, and would not be watched

    from scanner.verify.archive import Archive, Limits
    from scanner.verify.pades import Trust, check_pdf
    from scanner.verify.report import VerificationError
    from scanner.verify.statement import TrustedKey
    from scanner.verify.steps import Policy, verify

from scanner.evidence.canonical import canonical
from scanner.package.timestamp import post, timestamp
from scanner.verify.timestamp import load_authority
from tests import packages
from tests.package import pdfs
from tests.package.authority import authority as running_authority
from tests.packages import Entry, as_json, changed, entries, fingerprint, key, scan_files, sealed, zipped

SIGNED, AGAIN = "operator", "fuzzer"
"""Who signed the one good package, and who seals what was spoiled."""
MOST = 64 * 2**20
"""Bytes that a package may unpack to here."""
EVIDENCE = "evidence/aws.main.kms.jsonl"
DOCUMENTS = ("manifest.json", "manifest.dsse.json", "scan.json", "results.json")
FIELDS = ("version", "flags", "method", "time", "date", "crc", "packed", "size", "disk", "inner", "outer", "offset")
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**63, 10**50, 1.5, 1e308, "", "\x00", "\ud800", "sha256:" + "0" * 64, "x" * 70_000),
    *([], {}, [[]], {"": None}, "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-06-15T12:00:00Z"),
)


@cache
def good() -> tuple[dict[str, bytes], str, tuple[Certificate, ...]]:
    """Return the files of the good package, its checkpoint, and the root of who says when it was there."""
    files = sealed({**scan_files(), "report.html": b"<html>" * 20}, signer=key(SIGNED))
    with tempfile.TemporaryDirectory() as folder, running_authority(Path(folder)) as tsa:
        files["manifest.tsr"] = timestamp(files["manifest.dsse.json"], tsa.url)
        return files, packages.hexdigest(files["manifest.json"]), load_authority(tsa.root)


@cache
def policy() -> Policy:
    """Return one that trusts both keys."""
    publics = [key(name).public_key() for name in (SIGNED, AGAIN)]
    return Policy(tuple(TrustedKey(fingerprint(one), one) for one in publics), limits=Limits(total=MOST))


class Run:
    """What a run met."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.until = 0.0
        self.ends: Counter[str] = Counter()
        self.file = os.memfd_create("package")
        self.path = Path(f"/proc/self/fd/{self.file}")

    def one(self, data: bytes) -> None:
        """Verify one archive. Raises what verifying should not."""
        self.stop_in_time()
        os.ftruncate(self.file, 0)
        os.pwrite(self.file, data, 0)
        try:
            verified = verify(self.path, policy())
        except VerificationError as error:
            self.ends[error.step.value] += 1
            json.dumps(error.to_json())
            return
        self.ends["verified"] += 1
        json.dumps(verified.to_json())
        try:
            verify(self.path, replace(policy(), authority=good()[2]))
        except VerificationError as error:
            self.ends[error.step.value] += 1
        if verified.signed_by == fingerprint(key(SIGNED).public_key()) and verified.checkpoint != good()[1]:
            raise AssertionError("it verifies, and is not what was signed")

    def seeds(self) -> list[bytes]:
        """Return the packages to begin with."""
        members = entries(good()[0])
        unsigned = entries(sealed(scan_files()))
        return [zipped(members), zipped(members, wide=True), zipped(unsigned), zipped([]), b""]

    def stop_in_time(self) -> None:
        """End the process when its time is over: libFuzzer knows no other way to end well."""
        self.until = self.until or time.monotonic() + self.seconds
        if time.monotonic() > self.until:
            self.tell()
            os._exit(0)

    def tell(self) -> None:
        """Print how many inputs ended where."""
        ends = ", ".join(f"{name} {count:,}" for name, count in self.ends.most_common())
        print(f"{self.ends.total():,} outcomes, no finding; ended at: {ends}", flush=True)


class PdfRun(Run):
    """The same of signatures in a PDF."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        with tempfile.TemporaryDirectory() as folder, running_authority(Path(folder)) as tsa:
            roots = load_authority(tsa.root)
            self.pdfs = [pdfs.signed(pdfs.certified(), SIGNED, send) for send in (None, partial(post, tsa.url))]
        trusted = tuple(one for one in policy().trusted if one.fingerprint == fingerprint(key(SIGNED).public_key()))
        self.trusts = (Trust(trusted, (), ()), Trust((), (pdfs.authority(),), roots))
        begin = self.pdfs[1].rindex(b"/Contents <") + len(b"/Contents <")
        end = self.pdfs[1].index(b">", begin)
        self.before, self.after, self.room = self.pdfs[1][:begin], self.pdfs[1][end:], (end - begin) // 2

    def seeds(self) -> list[bytes]:
        """Return the signatures to begin with, with a timestamp and without."""
        texts = [one[one.rindex(b"/Contents <") + 11 :] for one in self.pdfs]
        return [bytes.fromhex(text[: text.index(b">")].decode()).rstrip(b"\0") for text in texts]

    def one(self, data: bytes) -> None:
        """Check one signature by both ways of trust."""
        self.stop_in_time()
        digits = data[: self.room].ljust(self.room, b"\0").hex().encode()
        archive = zipped(entries({"report.pdf": self.before + digits + self.after}))
        os.ftruncate(self.file, 0)
        os.pwrite(self.file, archive, 0)
        for trust in self.trusts:
            with Archive(self.path) as opened:
                try:
                    text, _ = check_pdf(opened, trust)
                except VerificationError as error:
                    self.ends[re.split("[:;]", error.why)[0]] += 1
                    continue
            self.ends["verified"] += 1
            assert fingerprint(key(SIGNED).public_key()) in text


def mutate_signature(data: bytes, most: int, seed: int) -> bytes:
    """Return the next signature: mostly one whose structure is still to be read."""
    rng = random.Random(seed)
    if not data or rng.random() < 0.2:
        return bytes(atheris.Mutate(data, most)[:most])
    made = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(made))
        made[place] = rng.choice(
            (rng.randrange(256), made[place] ^ 1 << rng.randrange(8), made[rng.randrange(len(made))])
        )
    return bytes(made)


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Return the next input: the last one with some bytes changed, or the good package spoiled in one place."""
    rng = random.Random(seed)
    ways: Sequence[Callable[[random.Random], bytes]] = (_field, _member, _member, _value, _value, _line)
    made = rng.choice(ways)(rng) if rng.random() < 0.7 else atheris.Mutate(data, most)
    return made if len(made) <= most else made[:most]


def _field(rng: random.Random) -> bytes:
    """Change numbers in one or both headers of a member, or in the end record."""
    members = entries(good()[0])
    name = rng.choice(members).name.decode()
    value = rng.choice((0, 1, 8, 9, 0x21, 0x800, 0xFFFF))
    said = {rng.choice(FIELDS[:5]): value, **({rng.choice(FIELDS[5:8]): rng.getrandbits(32)} if value == 1 else {})}
    where = rng.choice(("local", "central", "both"))
    given = {part: said for part in ("local", "central") if where in {part, "both"}}
    end: dict[str, Any] = {}
    if rng.random() < 0.2:
        end[rng.choice(("count", "size", "offset", "comment", "disk"))] = value
    raw = rng.choice((name, name.upper(), "../" + name, name + "/x", "\u202e", "con")).encode()
    renamed: dict[str, Any] = {"name": raw} if rng.random() < 0.2 else {}
    return zipped(changed(members, name, **given, **renamed), wide=rng.random() < 0.2, **end)


def _member(rng: random.Random) -> bytes:
    """Change bytes of a member, as it is or as it is packed."""
    files = dict(good()[0])
    name = rng.choice(sorted(files))
    if rng.random() < 0.2:
        packed = atheris.Mutate(packages.deflated(files[name]), 1 << 16)
        return zipped(changed(entries(files), name, packed=packed))
    files[name] = atheris.Mutate(files[name], 1 << 16)
    return _sealed(files, rng)


def _value(rng: random.Random) -> bytes:
    """Put an odd value somewhere into the JSON of a member."""
    files = dict(good()[0])
    name = rng.choice(DOCUMENTS)
    body = _spoiled(json.loads(files[name]), rng)
    if name == "manifest.dsse.json" and rng.random() < 0.7:  # what is inside, signed again
        statement = _spoiled(packages.statement_of(files["manifest.json"]), rng)
        body = packages.envelope_of(_text(statement), key(AGAIN))
    files[name] = _text(body)
    return _sealed(files, rng)


def _line(rng: random.Random) -> bytes:
    """Put an odd value into a record of the evidence."""
    files = dict(good()[0])
    lines = files[EVIDENCE].splitlines()
    place = rng.randrange(len(lines))
    lines[place] = _text(_spoiled(json.loads(lines[place]), rng))
    files[EVIDENCE] = b"".join(line + b"\n" for line in lines)
    return _sealed(files, rng)


def _text(value: Any) -> bytes:
    """Return canonical JSON, or what comes near it where a value has none."""
    try:
        return canonical(value)
    except ValueError:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _spoiled(body: Any, rng: random.Random) -> Any:
    """Return a document with one value replaced, dropped, or put in twice as deep."""
    body = copy.deepcopy(body)
    place = body
    while True:
        names = list(place) if isinstance(place, dict) else range(len(place))
        if not names:
            return rng.choice(ODD)
        name = rng.choice(list(names))
        inner = place[name]
        if not isinstance(inner, (dict, list)) or rng.random() < 0.25:
            break
        place = inner
    way = rng.randrange(4)
    if way == 0:
        del place[name]
    elif way == 1:
        place[name] = [inner] * 2
    elif way == 2:
        deep: Any = inner
        for _ in range(rng.choice((3, 70, 900))):
            deep = [deep]
        place[name] = deep
    else:
        place[name] = rng.choice(ODD)
    return body


def _sealed(files: dict[str, bytes], rng: random.Random) -> bytes:
    """Return a package of the files; half of them sealed again, so that digests and signature agree."""
    if rng.random() < 0.5:
        return zipped(entries(files))
    seals = {name: files.pop(name) for name in packages.LAST if name in files}
    try:
        again = sealed(files, signer=key(AGAIN))
        if seals["manifest.json"] != good()[0]["manifest.json"]:  # it is the manifest that was spoiled
            statement = packages.statement_of(seals["manifest.json"])
            envelope = as_json(packages.envelope_of(as_json(statement), key(AGAIN)))
            again |= {"manifest.json": seals["manifest.json"], "manifest.dsse.json": envelope}
        elif seals["manifest.dsse.json"] != good()[0]["manifest.dsse.json"]:
            again["manifest.dsse.json"] = seals["manifest.dsse.json"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):  # too spoiled to be sealed
        return zipped(entries({**files, **seals}))
    return zipped([Entry(one.name, one.data, one.method) for one in entries(again)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz for so many seconds. Ends the process: 0, or 77 with a finding."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz_verify", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--pdf", action="store_true", help="spoil the signature in report.pdf")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--findings", type=Path, default=Path(tempfile.gettempdir()), help="folder for what is found")
    given = parser.parse_args(arguments)
    run = PdfRun(given.seconds) if given.pdf else Run(given.seconds)
    with tempfile.TemporaryDirectory(prefix="keyaudit-fuzz-") as corpus:
        for number, data in enumerate(run.seeds()):
            (Path(corpus) / str(number)).write_bytes(data)
        options = [
            f"-seed={given.seed}",
            "-max_len=262144",
            "-timeout=30",
            "-rss_limit_mb=1024",
            "-print_final_stats=1",
        ]
        command = [sys.argv[0], *options, f"-artifact_prefix={given.findings}/verify-", corpus]
        atheris.Setup(command, run.one, custom_mutator=mutate_signature if given.pdf else mutate)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
