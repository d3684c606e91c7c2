"""What a unit for a scheduler is made of."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from scanner.errors import UsageError
from scanner.model.schedule import Schedule

MOST_NAME = 43
"""Characters of a profile in the names of units: with `keyaudit-`, a CronJob of Kubernetes has 52."""
CONTAINER_ESTATE = PurePosixPath("/etc/keyaudit")
"""Where a container has the estate's folder, read-only."""
_TOO_WIDE = frozenset(
    {"/", "/bin", "/dev", "/etc", "/home", "/lib", "/opt", "/proc", "/root", "/run", "/sys", "/tmp", "/usr", "/var"}  # noqa: S108 - refused
    | {"/var/lib", "/etc/keyaudit"}
)
"""Folders that are never given to a run as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A profile, when it is run, and what the machine that runs it must have. Holds no secret, only names."""

    profile: str
    schedule: Schedule
    estate: PurePosixPath
    """The estate file, absolute."""
    writable: tuple[PurePosixPath, ...]
    """Folders that a run writes into: the profile's own first, then the one of the store when it is a file."""
    program: PurePosixPath
    """`keyaudit`, absolute."""
    version: str
    user: str = "keyaudit"
    variables: tuple[str, ...] = ()
    """Environment variables that the secrets are taken from."""
    files: tuple[str, ...] = ()
    """Files that secrets are read from."""
    keyrings: tuple[str, ...] = ()
    """Entries of the system's keyring; no scheduler has one."""
    extras: tuple[str, ...] = ()
    """Extras of the package that the estate's sources need."""
    repository: PurePosixPath = PurePosixPath("/")
    """Root of the repository that a workflow checks out."""
    image: str = ""
    """Container image; empty: `keyaudit` of this version."""
    aws: bool = False
    """Whether AWS is scanned."""
    aws_policy: str = ""
    """JSON of the permissions that this needs; empty where nothing is made of them."""
    roles: tuple[str, ...] = ()
    """ARNs of the roles that a scan assumes first, with * for any account."""

    @property
    def unit(self) -> str:
        """Return the name of the unit: a DNS label of at most 52 characters."""
        label = re.sub(r"[^a-z0-9]+", "-", self.profile.lower()).strip("-")
        if label != self.profile or len(label) > MOST_NAME:
            digest = hashlib.sha256(self.profile.encode()).hexdigest()[:8]
            label = f"{label[: MOST_NAME - 9].strip('-')}-{digest}".lstrip("-")
        return f"keyaudit-{label}"

    @property
    def container_estate(self) -> PurePosixPath:
        """Return the path of the estate file in a container."""
        return CONTAINER_ESTATE / self.estate.name

    @property
    def container_folder(self) -> PurePosixPath:
        """Return the one folder of a container that keeps what a run writes. Raises UsageError without such."""
        for path in self.writable:
            if path.is_relative_to(self.estate.parent):
                raise UsageError(
                    f"{path} is in the estate's folder, which a container has read-only",
                    hint=f"name a folder outside of it, such as /var/lib/keyaudit/{self.profile}",
                )
        together = _common(self.writable)
        check_width(together)
        return together


def check_text(what: str, text: str) -> str:
    """Return text that every unit can hold. Raises UsageError: units are lines, and some have no way to quote."""
    if not text.isprintable() or "\\" in text or text != text.strip() or not text:
        raise UsageError(
            f"{what} {text!r} cannot be written into a unit",
            hint="use a name without line breaks, control characters, backslashes, or spaces at its ends",
        )
    return text


def check_width(path: PurePosixPath) -> None:
    """Check that a run may be given the folder as a whole. Raises UsageError."""
    if str(path) in _TOO_WIDE:
        raise UsageError(
            f"a run would have to write anywhere in {path}",
            hint="put the store into the profile's folder, or both into a folder of their own",
        )


def _common(paths: tuple[PurePosixPath, ...]) -> PurePosixPath:
    together = paths[0]
    for path in paths[1:]:
        while not path.is_relative_to(together):
            together = together.parent
    return together
