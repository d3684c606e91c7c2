"""What was scanned, by which rules, with which result: the members that say so must say the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from scanner.model.ids import Digest, Json
from scanner.verify.archive import Archive
from scanner.verify.jsontext import moment, parse
from scanner.verify.manifest import SCAN, Manifest, text
from scanner.verify.observations import Seen
from scanner.verify.report import Step, VerificationError
from scanner.verify.statement import Signed

HEADER, RESULTS, ESTATE, VERDICTS = "scan.json", "results.json", "estate.yaml", "verdicts.parquet"
CONTROLS = "controls/"
SCHEMAS = {HEADER: "keyaudit/scan/1", RESULTS: "keyaudit/results/1"}
MOST_RESULTS = 128 * 2**20
"""Bytes of `results.json` and `scan.json`, which are understood in memory."""
COUNTS = ("pass", "fail", "unknown", "not_applicable")
SLACK = timedelta(minutes=5)
"""By how much the clock of the machine that scanned may have been set meanwhile."""
_DIGEST = re.compile(rb'"(sha256:[0-9a-f]{64})"')


def cited(archive: Archive) -> frozenset[Digest]:
    """Return every digest in ``results.json``: the ids that evidence must be there for are among them."""
    if RESULTS not in archive.members:
        return frozenset()  # which is told when its step is reached
    data = archive.read(RESULTS, MOST_RESULTS, Step.SCAN)
    return frozenset(Digest(found.decode()) for found in _DIGEST.findall(data))


def check_agreement(archive: Archive, manifest: Manifest, seen: Seen, signed: Signed | None) -> None:
    """Check that the members belong to one finished scan. Raises VerificationError of the scan step."""
    for name in (ESTATE, VERDICTS):
        if name not in archive.members:
            raise _fault("it is missing", name)
    header, results = _document(archive, HEADER), _document(archive, RESULTS)
    if header.get("state") != "complete":
        raise _fault("the scan was not finished", HEADER)
    _same(manifest.scan, header, HEADER)
    _same(manifest.scan, results.get("scan"), RESULTS)
    totals = results.get("totals")
    if totals != header.get("totals"):
        raise _fault("its totals are not those of scan.json", RESULTS)
    if signed and signed.totals != totals:
        raise _fault("its totals are not those of the signed statement", RESULTS)
    if manifest.members[ESTATE].sha256 != manifest.scan["estate_sha256"]:
        raise _fault("it is not the estate file that the scan began with", ESTATE)
    if catalogue_digest(manifest) != manifest.scan["catalogue_sha256"]:
        raise _fault("they are not the controls that the scan began with", CONTROLS)
    try:
        _check_results(_Results.of(results), seen)
    except (ValueError, KeyError, TypeError) as error:
        raise _fault(f"not of its schema: {error}", RESULTS) from None
    _check_times(manifest, seen)


def catalogue_digest(manifest: Manifest) -> Digest:
    """Return the digest of the packaged catalogue, as loading it computes it."""
    lines = sorted(
        f"{name.removeprefix(CONTROLS)} {one.sha256}\n"
        for name, one in manifest.members.items()
        if name.startswith(CONTROLS)
    )
    return Digest(f"sha256:{sha256(''.join(lines).encode()).hexdigest()}")


def _fault(message: str, member: str) -> VerificationError:
    return VerificationError(Step.SCAN, message, member=member)


def _document(archive: Archive, name: str) -> dict[str, Json]:
    try:
        body = parse(archive.read(name, MOST_RESULTS, Step.SCAN))
    except ValueError as error:
        raise _fault(str(error), name) from None
    if not isinstance(body, dict) or body.get("schema") != SCHEMAS[name]:
        raise _fault(f"its schema is not {SCHEMAS[name]}", name)
    return body


def _same(scan: Mapping[str, str], other: Json, name: str) -> None:
    for key in SCAN:
        if not isinstance(other, dict) or other.get(key) != scan[key]:
            raise _fault(f"its {key} is not the manifest's", name)


@dataclass(frozen=True, slots=True)
class _Results:
    """The parts of ``results.json`` that are compared."""

    totals: dict[str, Json]
    controls: list[dict[str, Json]]
    findings: list[dict[str, Json]]
    gaps: list[dict[str, Json]]

    @classmethod
    def of(cls, body: dict[str, Json]) -> _Results:
        totals = body["totals"]
        if not isinstance(totals, dict):
            raise TypeError("totals")
        return cls(totals, *(_objects(body, name) for name in ("controls", "findings", "gaps")))


def _objects(body: dict[str, Json], name: str) -> list[dict[str, Json]]:
    value = body[name]
    found = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    if not isinstance(value, list) or len(found) != len(value):
        raise TypeError(name)
    return found


def _check_results(results: _Results, seen: Seen) -> None:
    verdicts = {text(control["id"], "id"): control["verdict"] for control in results.controls}
    if len(verdicts) != len(results.controls):
        raise _fault("a control stands twice", RESULTS)
    for name in COUNTS:
        if results.totals[name] != sum(verdict == name for verdict in verdicts.values()):
            raise _fault(f"its total of {name!r} is not the number of its controls", RESULTS)
    for finding in results.findings:
        control, evidence = text(finding["control"], "control"), finding["evidence"]
        if control not in verdicts:
            raise _fault(f"a finding is of {control[:80]!r}, which is not among its controls", RESULTS)
        if not isinstance(evidence, list):
            raise TypeError("evidence")
        for one in evidence:
            _check_cited(one, f"a finding of {control[:80]}", seen)
    for gap in results.gaps:
        _check_cited(gap["id"], "a gap", seen)


def _check_cited(identity: Json, what: str, seen: Seen) -> None:
    if not isinstance(identity, str) or identity not in seen.found:
        raise _fault(f"{what} rests on {str(identity)[:80]!r}, which is not in the evidence", RESULTS)


def _check_times(manifest: Manifest, seen: Seen) -> None:
    """Check that the evidence was collected while the scan says that it ran: a back-dated scan shows."""
    started, ended = moment(manifest.scan["started"]), moment(manifest.scan["ended"])
    if started > ended:
        raise _fault("the scan ended before it started", HEADER)
    if seen.earliest is None or seen.latest is None:
        return
    try:
        inside = started - SLACK <= moment(seen.earliest) and moment(seen.latest) <= ended + SLACK
    except ValueError:
        inside = False
    if not inside:
        raise _fault("the evidence is of another time than the scan", HEADER)
