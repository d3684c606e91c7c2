"""From the estate to what a unit is made of: folders, names of secrets, extras, the permissions that a task needs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path, PurePosixPath

from scanner import __version__
from scanner.cli.controls import catalogue
from scanner.errors import ConfigError, UsageError
from scanner.estate.load import EstateText
from scanner.model.estate import Estate, SecretRef
from scanner.model.profile import Profile
from scanner.model.schedule import Every, Schedule, at_time, from_cron
from scanner.schedule.job import Job

EXTRAS: Mapping[str, str] = {
    "azure": "azure",
    "gcp": "gcp",
    "pkcs11": "hsm",
    "postgres": "postgres",
    "leaks": "leaks",
    "vendors": "vendors",
}
"""Kind of source to the extra of the package that reads it."""
_SOURCES = (*EXTRAS, "aws", "endpoints")


def find_profile(text: EstateText, name: str | None) -> Profile:
    """Return a profile of an estate file; None: its only one. Raises ConfigError that lists them."""
    profiles = text.estate.profiles
    if name is None and len(profiles) == 1:
        return profiles[0]
    for profile in profiles:
        if profile.name == name:
            return profile
    known = ", ".join(profile.name for profile in profiles)
    said = f"there is no profile {name!r}" if name is not None else "which profile? --profile names it"
    hint = f"there are: {known}" if known else "add it under `profiles:`; `keyaudit init` shows how"
    raise ConfigError(said, place=text.document.place(("profiles",)), hint=hint)


def choose_schedule(
    profile: Profile, at: str | None, every: Every | None, cron: str | None, timezone: str | None
) -> Schedule:
    """Return the schedule that the options give, or else the profile's. Raises UsageError in words."""
    if at and cron:
        raise UsageError("--at and --cron both say when", hint="leave one of them out")
    if every and not at:
        raise UsageError("--every goes with --at, and there is none", hint="write --at 02:30")
    if not at and not cron:
        if profile.schedule is None:
            raise UsageError(
                f"nothing says when to run {profile.name}",
                hint="write --at 02:30, or give the profile `schedule: {at: '02:30'}`",
            )
        if timezone:
            raise UsageError("--timezone goes with --at or --cron", hint="or change the profile's `timezone`")
        return profile.schedule
    try:
        zone = timezone or "Etc/UTC"
        return at_time(at, every or "day", zone) if at else from_cron(cron or "", zone)
    except ValueError as error:
        given = "--timezone" if "time zone" in str(error) else "--at" if at else "--cron"
        raise UsageError(f"{given} {error}", hint="see `keyaudit schedule export --help`") from None


def make_job(
    estate: Estate,
    profile: Profile,
    schedule: Schedule,
    *,
    program: Path,
    image: str = "",
    user: str = "keyaudit",
    with_policy: bool = False,
) -> Job:
    """Return what a unit is made of, with the permissions that a scan of AWS needs if asked. No secret is read."""
    secrets = sorted(set(_secrets(estate, profile)), key=lambda ref: ref.name)
    writable = [_absolute(profile.folder)]
    if isinstance(profile.store, str) and profile.store and "://" not in profile.store:
        writable.append(_absolute(Path(profile.store).parent))
    return Job(
        profile=profile.name,
        schedule=schedule,
        estate=_absolute(Path(estate.path)),
        writable=tuple(dict.fromkeys(writable)),
        program=_absolute(program),
        version=__version__,
        user=user,
        variables=tuple(ref.name for ref in secrets if ref.kind == "env"),
        files=tuple(ref.name for ref in secrets if ref.kind == "file"),
        keyrings=tuple(ref.name for ref in secrets if ref.kind == "keyring"),
        extras=tuple(_extras(estate, profile)),
        repository=_absolute(Path.cwd()),
        image=image,
        aws=bool(estate.aws),
        aws_policy=_aws_policy(profile) if estate.aws and with_policy else "",
        roles=tuple(sorted(set(_roles(estate)))),
    )


def _absolute(path: Path) -> PurePosixPath:
    # Not resolved: a link of today is for the machine to follow tomorrow.
    return PurePosixPath(os.path.abspath(path))  # noqa: PTH100 - Path.absolute leaves `..` in


def _secrets(estate: Estate, profile: Profile) -> Iterator[SecretRef]:
    """Yield what the profile refers to, and the sources that it reads."""
    yield from _within(profile)
    for field in fields(estate):
        value = getattr(estate, field.name)
        if field.name in _SOURCES:
            value = tuple(one for one in value if not profile.only or one.name in profile.only)
        if field.name != "profiles":
            yield from _within(value)


def _within(value: object) -> Iterator[SecretRef]:
    if isinstance(value, SecretRef):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _within(getattr(value, field.name))
    elif isinstance(value, tuple):
        for one in value:
            yield from _within(one)


def _extras(estate: Estate, profile: Profile) -> Iterable[str]:
    found = {extra for kind, extra in EXTRAS.items() if getattr(estate, kind)}
    if profile.store:
        found.add("history")
    if profile.package.sign_pdf or profile.package.timestamp:
        found.add("sign")
    return sorted(found)


def _aws_policy(profile: Profile) -> str:
    from scanner import pipeline, sources

    wanted = pipeline.wanted_operations(
        catalogue(None, list(profile.controls), list(profile.frameworks), list(profile.phases))
    )
    (kind,) = (kind for kind in sources.SOURCES if kind.provider == "aws")
    return kind.permissions(op for op in kind.operations() if op.name in wanted)


def _roles(estate: Estate) -> Iterator[str]:
    for source in estate.aws:
        yield from source.role_chain[:1]
        if source.organization_role:
            yield f"arn:aws:iam::*:role/{source.organization_role}"
