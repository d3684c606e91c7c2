"""``keyaudit verify``: check a package, offline, trusting nobody but the keys that were named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.text import safe, say

if TYPE_CHECKING:
    from scanner.verify.report import VerificationError, VerifiedPackage
    from scanner.verify.steps import Policy


def verify(
    package: Annotated[Path, typer.Argument(help="The package.", metavar="FILE.zip")],
    trusted_key: Annotated[
        list[Path] | None,
        typer.Option("--trusted-key", help="Public key of who may sign (repeat for more).", metavar="PEM"),
    ] = None,
    tsa_certificate: Annotated[
        Path | None,
        typer.Option("--tsa-certificate", help="Root certificate of the time-stamping authority.", metavar="PEM"),
    ] = None,
    pdf_ca: Annotated[
        Path | None,
        typer.Option("--pdf-ca", help="Root certificate of who may certify the key in report.pdf.", metavar="PEM"),
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Judge the evidence again and compare every verdict.")
    ] = False,
    chain: Annotated[
        Path | None, typer.Option("--chain", help="Folder with the packages of the whole series.", metavar="DIR")
    ] = None,
    max_gib: Annotated[
        int, typer.Option("--max-gib", help="Refuse a package that unpacks to more.", min=1, max=4096)
    ] = 16,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> int:
    """Check a package of evidence, offline.

    Names the step and the member that fails, and leaves with exit code 20.

    Example: keyaudit verify scan-2026-11.zip --trusted-key auditor/keyaudit.pub --replay
    """
    from scanner.verify.archive import Limits
    from scanner.verify.report import VerificationError, step_lines
    from scanner.verify.statement import load_key
    from scanner.verify.steps import Policy as Trust
    from scanner.verify.timestamp import load_authority

    policy = Trust(
        trusted=tuple(load_key(path) for path in trusted_key or ()),
        authority=load_authority(tsa_certificate) if tsa_certificate else (),
        pdf_roots=load_authority(pdf_ca) if pdf_ca else (),
        chain=chain,
        limits=Limits(total=max_gib * 2**30),
    )
    try:
        verified = _verified(package, policy, again=replay)
    except VerificationError as error:
        if not as_json:
            for line in step_lines(error.passed):
                say(safe(line, 500))
            raise
        say(_text(error))
        return error.exit_code
    if as_json:
        say(_text(verified))
    else:
        _tell(verified)
    return 0


def _verified(path: Path, policy: Policy, *, again: bool) -> VerifiedPackage:
    from scanner.verify.report import Outcome, Step, Told, VerificationError
    from scanner.verify.steps import verify as check

    verified = check(path, policy)
    told = Told(Step.REPLAY, Outcome.NOT_CHECKED, "no --replay")
    if again:
        from scanner import replay  # DuckDB and the whole pipeline, which an auditor need not have otherwise

        try:
            told = replay.replay(verified, policy.limits)
        except VerificationError as error:
            error.passed = verified.steps
            raise
    return replace(verified, steps=(*verified.steps, told))


def _text(outcome: VerifiedPackage | VerificationError) -> str:
    # Names come from a file that nobody vouches for: on a terminal they must do nothing.
    return json.dumps(outcome.to_json(), indent=1, sort_keys=True, ensure_ascii=True)


def _tell(package: VerifiedPackage) -> None:
    from scanner.verify.report import step_lines, verdict_line

    say(f"{safe(package.path.name)}: {safe(str(package.scan['organization']))}, scan {safe(str(package.scan['id']))}")
    for line in step_lines(package.steps):
        say(safe(line, 500))
    say(f"checkpoint {package.number}: {package.checkpoint}")
    say(verdict_line(package))
