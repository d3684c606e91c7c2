"""More ways to spoil a package: its evidence. The operator makes anew every digest that he can."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.model.ids import Json
from scanner.verify.report import Step
from tests.evidence.samples import gap_body, line, observation_body
from tests.packages import as_json, entries, hexdigest, manifest_of, scan_files, zipped
from tests.verify.tampered import FILES, KMS, LISTING, MANIFEST, STS, Tampering, merged, part, swapped, without

O = Step.OBSERVATIONS  # noqa: E741 - the letter of the step
TIMES: dict[str, Json] = {"started": "2026-06-15T12:00:00.000Z", "ended": "2026-06-15T12:00:00.000Z"}


def evidence(changes: Mapping[str, bytes | None], *, honest: bool = True) -> bytes:
    """Return a package with other evidence whose digests were made anew; ``honest``: count and root as well."""
    files = merged(FILES, changes)
    body = manifest_of(files)
    if not honest:
        body["observations"] = LISTING["observations"]
    return zipped(entries({**files, MANIFEST: as_json(body)}))


def first_line(old: bytes, new: bytes) -> bytes:
    """Return a package with bytes replaced in its first observation; every digest is made anew."""
    one, *others = FILES[KMS].splitlines(keepends=True)
    return evidence({KMS: b"".join([swapped(one, old, new), *others])})


LINES = FILES[KMS].splitlines(keepends=True)
IN_THE_EVIDENCE: dict[str, Tampering] = {
    "an observation dropped": (O, "", lambda: evidence({KMS: b"".join(LINES[1:])}, honest=False)),
    "a gap dropped": (O, "", lambda: evidence({STS: b""}, honest=False)),
    "an observation repeated": (O, "", lambda: evidence({KMS: FILES[KMS] + LINES[0]}, honest=False)),
    "an observation made up": (
        O,
        "",
        lambda: evidence({KMS: FILES[KMS] + line(observation_body(page=9))}, honest=False),
    ),
    "a gap turned into an answer": (
        O,
        "",
        lambda: evidence({STS: line(observation_body(**TIMES))}, honest=False),
    ),
    "observations reordered": (O, "", lambda: evidence({KMS: b"".join(LINES[::-1])}, honest=False)),
    "an answer edited": (O, "", lambda: evidence({KMS: swapped(FILES[KMS], b'"A":1', b'"A":2')}, honest=False)),
    "an observation moved": (
        O,
        "",
        lambda: evidence({KMS: b"".join(LINES[1:]), STS: FILES[STS] + LINES[0]}, honest=False),
    ),
    "all evidence dropped": (O, "", lambda: evidence({KMS: None, STS: None}, honest=False)),
    "an observation swapped for another scan's": (
        O,
        "",
        lambda: evidence({KMS: scan_files("scan-2", 16)[KMS]}, honest=False),
    ),
    "a line that is not JSON": (O, KMS, lambda: evidence({KMS: FILES[KMS] + b"{broken\n"})),
    "a line that is a list": (O, KMS, lambda: evidence({KMS: b"[]\n"})),
    "an empty line": (O, KMS, lambda: evidence({KMS: FILES[KMS] + b"\n"})),
    "a torn last line": (O, KMS, lambda: evidence({KMS: FILES[KMS][:-1]})),
    "a line with a blank": (O, KMS, lambda: first_line(b'"page":0', b'"page": 0')),
    "a line with a carriage return": (O, KMS, lambda: first_line(b"\n", b"\r\n")),
    "a line with a name twice": (O, KMS, lambda: first_line(b'"page":0', b'"page":0,"page":0')),
    "a line with NaN": (O, KMS, lambda: first_line(b'"A":1', b'"A":NaN')),
    "a line with an infinity": (O, KMS, lambda: first_line(b'"A":1', b'"A":1e999')),
    "a line with a lone surrogate": (O, KMS, lambda: first_line(b'"A":1', b'"A":"\\udc00"')),
    "a line nested deeply": (O, KMS, lambda: first_line(b'"A":1', b'"A":' + b"[" * 50_000 + b"]" * 50_000)),
    "a line that is not UTF-8": (O, KMS, lambda: first_line(b'"A":1', b'"A":"\xff"')),
    "a line of another format": (O, KMS, lambda: first_line(b'"format":1', b'"format":2')),
    "a line of another kind": (O, KMS, lambda: first_line(b'"kind":"observation"', b'"kind":"waiver"')),
    "a line with an unknown field": (
        O,
        KMS,
        lambda: evidence({KMS: line(observation_body(**TIMES, note="ok"))}),
    ),
    "a line without a field": (O, KMS, lambda: evidence({KMS: line(without(observation_body(), "principal"))})),
    "a line with a count in text": (O, KMS, lambda: evidence({KMS: line(observation_body(status="200"))})),
    "a gap without a known reason": (O, STS, lambda: evidence({STS: line(gap_body(reason="none"))})),
    "a file beside the segments": (
        O,
        "evidence/notes.txt",
        lambda: evidence({"evidence/notes.txt": b"nothing to see"}),
    ),
    "a segment in a folder": (O, "evidence/old/a.jsonl", lambda: evidence({"evidence/old/a.jsonl": LINES[0]})),
    "the root of another scan": (O, "", lambda: part("observations", merkle_root=hexdigest(b"other"))),
    "another count": (O, "", lambda: part("observations", count=5)),
}
