"""``keyaudit run``: one unattended run of a profile, fit for any scheduler."""

from __future__ import annotations

from typing import Annotated

import typer

from scanner.cli.options import (
    ESTATE,
    AsOfOption,
    CatalogueOption,
    EstateOption,
    FailOn,
    Output,
    QuietOption,
    VerboseOption,
    parse_as_of,
)
from scanner.errors import UsageError


def run(
    profile: Annotated[str, typer.Argument(help="Profile of the estate file.", metavar="PROFILE")],
    estate: EstateOption = ESTATE,
    as_of: AsOfOption = None,
    offline_notify: Annotated[
        bool, typer.Option("--offline-notify", help="Send nothing: notifications stay in the outbox.")
    ] = False,
    retry_notifications: Annotated[
        bool, typer.Option("--retry-notifications", help="Send what is left in the outbox, and do nothing else.")
    ] = False,
    controls: CatalogueOption = None,
    quiet: QuietOption = False,
    verbose: VerboseOption = 0,
) -> int:
    """Run a profile: scan, record, report, package, notify.

    It compares with the scan before, and removes what is no longer kept. What a
    run that was stopped left undone is done first. The same as-of a second time
    does nothing. One run of a profile at a time.

    Exit codes: 0, 3, 10 as of `keyaudit scan`. 1: a step failed; the next run
    tries it again. 4: all passed, and a notification waits. 75: another run of
    the profile is under way.

    Example: keyaudit run nightly
    """
    from scanner.cli import running
    from scanner.cli.run_job import Job, again, once
    from scanner.cli.schedule_job import find_profile
    from scanner.estate.load import read_estate

    if retry_notifications and (as_of or offline_notify or controls):
        raise UsageError("--retry-notifications stands alone", hint="leave out --as-of, --offline-notify, --controls")
    text = read_estate(estate)
    chosen = find_profile(text, profile)
    show = running.Show(
        Output.TEXT,
        quiet=quiet,
        verbose=verbose,
        fail_on=FailOn(chosen.fail_on),
        accept_waived=chosen.accept_waived,
    )
    job = Job(profile=chosen, estate=estate, show=show, catalogue=controls, sends=not offline_notify)
    return again(job) if retry_notifications else once(job, parse_as_of(as_of))
