"""The estate: what to scan and by whose rules, as read from the user's file. It holds no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.model.ids import Digest, Json


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept: ``kind`` is ``env`` (variable name) or ``file`` (path) or ``keyring`` (entry)."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSource:
    """One way into AWS: an account, a role chain, or all accounts of an Organization."""

    name: str
    profile: str = ""
    """Named profile of the AWS configuration; empty: the default credential chain."""
    role_chain: tuple[str, ...] = ()
    """Role ARNs assumed one after another before anything is read."""
    external_id: SecretRef | None = None
    """External id for the last role of the chain, by reference."""
    organization_role: str = ""
    """Role name assumed in every active account of the Organization; empty: the caller's account alone."""
    accounts: tuple[str, ...] = ()
    """Account ids to keep, of the Organization's; empty: all."""
    regions: tuple[str, ...] = ()
    """Region names, or ``("all",)`` for those enabled in the account; empty: the configured default region."""
    endpoint_url: str = ""
    insecure: bool = False
    """Leave to use plain HTTP to a host that is not loopback. The report shows it."""
    ca_bundle: str = ""
    """PEM file of private certificate authorities."""
    concurrency: int = 32
    """Calls under way at once per account, region and service, at most."""
    verify_digests: bool = False
    """Read the digest and log files of the account's trails from their bucket, and verify them."""
    time_limit: int = 3600
    """Seconds after which what is not yet read becomes a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredStore:
    """What the user says of the data stores whose identifiers match a pattern."""

    match: str
    """``*`` stands for any characters, ``?`` for one."""
    ephi: bool | None = None
    sensitivity: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Everything the user told us."""

    organization: str
    aws: tuple[AwsSource, ...] = ()
    stores: tuple[DeclaredStore, ...] = ()
    certificates: str = ""
    """The user's own table of FIPS 140 certificates; empty: the catalogue's alone."""
    policy: Mapping[str, Json] = field(default_factory=dict)
    """Thresholds by parameter name; they override the controls' defaults."""
    path: str = ""
    digest: Digest = Digest("")
    """Of the file's bytes."""

    @property
    def source_names(self) -> tuple[str, ...]:
        """Names of all sources, in the order of the file."""
        return tuple(source.name for source in self.aws)
