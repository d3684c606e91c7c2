"""Profiles: what one unattended run scans, where it keeps things, and whom it tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scanner.model.estate import SecretRef
    from scanner.model.schedule import Schedule


class When(StrEnum):
    """Which runs a target is told of."""

    ALWAYS = "always"
    FAILED = "failed"
    """A control counts as failed, evidence is incomplete, or a step of the run failed: the exit code is not 0."""
    CHANGED = "changed"
    """A verdict is new, fixed, changed, or unknown now; and the first scan of a series."""


class Tls(StrEnum):
    """How a connection to a mail server is protected."""

    STARTTLS = "starttls"
    """It begins plain and must turn to TLS before anything else is said (RFC 3207)."""
    IMPLICIT = "implicit"
    """TLS from the first byte (RFC 8314, 3.3)."""
    NONE = "none"
    """Plain: to this machine alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailTarget:
    """A mail server and the people behind it."""

    host: str
    port: int
    tls: Tls
    sender: str
    to: tuple[str, ...]
    username: str = ""
    password: SecretRef | None = None
    ca_bundle: str = ""
    """PEM file of private certificate authorities; empty: the machine's own."""
    attach: tuple[str, ...] = ("pdf",)
    """`pdf`: the report; `diff`: what changed, as a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackTarget:
    """An incoming webhook of Slack, or of what understands the same."""

    url: SecretRef
    """Who knows the URL may write: it is a secret."""
    ca_bundle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """An address that takes notifications as JSON."""

    url: str | SecretRef
    secret: SecretRef | None = None
    """Keys the HMAC by which the receiver knows who wrote; None: it is not signed."""
    ca_bundle: str = ""


Target = EmailTarget | SlackTarget | WebhookTarget


@dataclass(frozen=True, slots=True)
class Notify:
    """A target, its name, and which runs it is told of."""

    name: str
    """In messages and in the outbox, where no address is kept."""
    target: Target
    when: When


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaging:
    """How the packages of a profile are sealed."""

    sign: str = ""
    """file:PATH, awskms:ARN or pkcs11:URI; empty: they are not signed."""
    passphrase: SecretRef | None = None
    pin: SecretRef | None = None
    sign_pdf: str = ""
    """PEM file of the key's certificate; empty: report.pdf is not signed."""
    timestamp: str = ""
    """URL of an RFC 3161 authority, or empty."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How many of the newest to keep."""

    scans: int = 30
    packages: int = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One unattended run."""

    name: str
    folder: Path
    """Holds scans/, packages/, outbox/ and run.json."""
    controls: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    store: str | SecretRef = ""
    """Path or URL of the store of scans over time; empty: there is none."""
    period_days: int = 0
    """Length of the audit period that ends on the as-of day; 0: none is judged."""
    package: Packaging = field(default_factory=Packaging)
    keep: Keep = field(default_factory=Keep)
    fail_on: str = "low"
    """Least severity of a failed control that counts."""
    accept_waived: bool = False
    report: bool = True
    """Make report.pdf and report.html, beside the results."""
    notify: tuple[Notify, ...] = ()
    schedule: Schedule | None = None
    """When `keyaudit schedule` runs it; None: something else says when."""
