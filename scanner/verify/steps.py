"""The steps of verifying, in order. Each raises when it fails; what is returned is a package that verified."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.evidence.names import TIMESTAMP
from scanner.verify import agreement, chain
from scanner.verify.archive import Archive, Limits
from scanner.verify.jsontext import moment
from scanner.verify.manifest import SCHEMA, Manifest, check_members, read_manifest
from scanner.verify.observations import check_observations
from scanner.verify.pades import Trust, check_pdf
from scanner.verify.report import Outcome, Step, Told, VerificationError, VerifiedPackage
from scanner.verify.statement import Signed, TrustedKey, check_statement
from scanner.verify.timestamp import check_timestamp

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom the auditor trusts, and what else to check."""

    trusted: tuple[TrustedKey, ...] = ()
    authority: tuple[Certificate, ...] = ()
    """Roots of the time-stamping authority. Given, there must be a timestamp."""
    pdf_roots: tuple[Certificate, ...] = ()
    """Of those who certify the keys that sign PDF files. Given, ``report.pdf`` must be signed."""
    chain: Path | None = None
    """Folder with the packages of the whole series."""
    limits: Limits = Limits()


def verify(path: Path, policy: Policy) -> VerifiedPackage:
    """Verify a package, offline. Raises VerificationError that names step and member, UsageError for no such file."""
    told: list[Told] = []
    try:
        package = _verify(path, policy, told)
        if policy.chain is None:
            told.append(Told(Step.CHAIN, Outcome.NOT_CHECKED, "no --chain"))
        else:
            told.append(Told(Step.CHAIN, Outcome.OK, _chain(package, policy, policy.chain)))
    except VerificationError as error:
        error.passed = tuple(told)
        raise
    return VerifiedPackage(
        path=package.path,
        scan=package.scan,
        checkpoint=package.checkpoint,
        number=package.number,
        previous=package.previous,
        signed_by=package.signed_by,
        stamped=package.stamped,
        steps=tuple(told),
    )


def _verify(path: Path, policy: Policy, told: list[Told]) -> VerifiedPackage:
    """Take the steps that concern one package, and tell each as it is done."""

    def done(step: Step, detail: str, outcome: Outcome = Outcome.OK) -> None:
        told.append(Told(step, outcome, detail))

    with Archive(path, policy.limits) as archive:
        done(Step.ARCHIVE, f"{len(archive.members)} members, {archive.total} bytes unpacked")
        manifest = read_manifest(archive)
        done(Step.MANIFEST, SCHEMA)
        check_members(archive, manifest)
        done(Step.MEMBERS, f"{len(manifest.members)} of {len(manifest.members)} as listed")
        wanted = agreement.cited(archive)
        seen = check_observations(archive, manifest, wanted)
        done(Step.OBSERVATIONS, f"{manifest.count} records, Merkle root {manifest.root}")
        signed = check_statement(archive, manifest, policy.trusted)
        done(Step.STATEMENT, *_of_statement(signed))
        stamped = check_timestamp(archive, policy.authority)
        text = f"{stamped:%Y-%m-%dT%H:%M:%SZ}" if stamped else ""
        if text and moment(text) < moment(manifest.scan["ended"]) - agreement.SLACK:
            raise VerificationError(Step.TIMESTAMP, "the statement was seen before the scan ended", member=TIMESTAMP)
        done(Step.TIMESTAMP, *_of_timestamp(archive, text))
        agreement.check_agreement(archive, manifest, seen, signed)
        done(Step.SCAN, "scan.json, results.json, estate and controls agree")
        done(Step.PDF, *check_pdf(archive, Trust(policy.trusted, policy.pdf_roots, policy.authority)))
    return _package(path, manifest, signed, text, told)


def _package(path: Path, manifest: Manifest, signed: Signed | None, stamped: str, told: list[Told]) -> VerifiedPackage:
    return VerifiedPackage(
        path=path,
        scan=dict(manifest.scan),
        checkpoint=manifest.checkpoint,
        number=manifest.number,
        previous=manifest.previous,
        signed_by=signed.signed_by if signed else "",
        stamped=stamped,
        steps=tuple(told),
    )


def _of_statement(signed: Signed | None) -> tuple[str, Outcome]:
    if signed is None:
        return "the package is not signed", Outcome.ABSENT
    if signed.signed_by:
        return f"signed by the trusted key {signed.signed_by}", Outcome.OK
    return f"no --trusted-key; it claims the key {', '.join(key[:64] for key in signed.keys)}", Outcome.NOT_CHECKED


def _of_timestamp(archive: Archive, stamped: str) -> tuple[str, Outcome]:
    if stamped:
        return f"the authority saw the statement at {stamped}", Outcome.OK
    if TIMESTAMP in archive.members:
        return "no --tsa-certificate", Outcome.NOT_CHECKED
    return "the package has none", Outcome.ABSENT


def _chain(package: VerifiedPackage, policy: Policy, folder: Path) -> str:
    """Verify every package of the series as this one was, and then their order."""
    series = [package]
    for path in chain.packages_of(folder):
        try:
            series.append(_verify(path, policy, []))
        except VerificationError as error:
            raise VerificationError(Step.CHAIN, str(error), member=path.name) from None
    links = chain.links_of(folder)
    length = chain.check_chain(series, links)
    removed = len({link.number for link in links} - {one.number for one in series})
    kept = f"; of {removed} the manifest alone is there" if removed else ""
    return f"{length} scans, none missing; this is number {package.number}{kept}"
