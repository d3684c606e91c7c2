"""The estate: what to scan and by whose rules, as read from the user's file. It holds no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.model.ids import Digest, Json
from scanner.model.layout import Layout
from scanner.model.profile import Profile


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
    sample_objects: int | None = None
    """Objects of each bucket whose envelope headers may be read; None: nobody allowed it, 0: none on purpose."""
    sample_buckets: tuple[str, ...] = ()
    """Names of these buckets; `*` and `?` as in a shell."""
    time_limit: int = 3600
    """Seconds after which what is not yet read becomes a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureSource:
    """One way into Azure: the subscriptions that a credential sees, or some of them."""

    name: str
    subscriptions: tuple[str, ...] = ()
    """Subscription ids; empty: all that the credential sees."""
    tenant: str = ""
    """Id of the tenant to sign in to; empty: as the credential says."""
    cloud: str = "public"
    """`public`, `usgovernment` or `china`: which hosts are asked."""
    proxy: str = ""
    """HTTP proxy that calls go through; empty: as the environment says."""
    ca_bundle: str = ""
    """PEM file of private certificate authorities."""
    concurrency: int = 8
    """Calls under way at once per scope, at most."""
    time_limit: int = 3600
    """Seconds after which what is not yet read becomes a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GcpSource:
    """One way into Google Cloud: some projects, by the application default credentials."""

    name: str
    projects: tuple[str, ...]
    """Project ids."""
    locations: tuple[str, ...] = ()
    """Locations of Cloud KMS; empty: all that it lists for the project."""
    endpoint_url: str = ""
    """Emulator or private endpoint; empty: Google's own hosts."""
    concurrency: int = 16
    """Calls under way at once per scope, at most."""
    time_limit: int = 3600
    """Seconds after which what is not yet read becomes a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkcs11Source:
    """One token of an HSM, or of any module that speaks PKCS #11."""

    name: str
    module: str
    """Path or file name of the module's library."""
    token: str
    """Label of the token."""
    pin: SecretRef | None = None
    """User PIN; None: only what is seen without a login."""
    time_limit: int = 600
    """Seconds after which what is not yet read becomes a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSource:
    """One PostgreSQL database that keeps envelopes."""

    name: str
    dsn: SecretRef
    """Connection string, which may hold a password."""
    layout: Layout | None = None
    """How the database keeps its envelopes; None: only the server is read."""
    layout_digest: Digest = Digest("")
    """Of the layout file's bytes."""
    layout_path: str = ""
    """The layout file, for messages."""
    sample_rows: int | None = None
    """Rows of each table whose envelope headers may be read; None: nobody allowed it, 0: none on purpose."""
    statement_timeout: int = 30
    """Seconds after which the server gives up a statement."""
    time_limit: int = 600
    """Seconds after which what is not yet read becomes a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSource:
    """One host and port that is reached by TLS."""

    name: str
    url: str
    """https address; of a FHIR server its base."""
    kind: str = "tls"
    """`tls` or `fhir`."""
    owner: str = "own"
    """`own` or `vendor`."""
    vendor: str = "none"
    """Which vendor runs it."""
    ca_bundle: str = ""
    """PEM file of the authorities to trust; empty: the machine's own."""
    jwks: tuple[str, ...] = ()
    """Addresses of key sets of the clients that are registered there."""
    revocation: str = "stapled"
    """`stapled`: only what the server itself sends; `ask`: ask the authorities of its certificates."""
    revocation_hosts: tuple[str, ...] = ()
    """Hosts of authorities that may be asked although they are in no public network."""
    time_limit: int = 300
    """Seconds after which what is not yet read becomes a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakSource:
    """Places in which leaked keys are looked for."""

    name: str
    kind: str
    """`files`, `git`, `slack_export` or `slack`."""
    places: tuple[str, ...] = ()
    """Paths; what is not absolute counts from the folder in which keyaudit is started. None where Slack is asked."""
    exclude: tuple[str, ...] = ()
    """Files and folders that are left out; ``*`` and ``?`` as in a shell."""
    token: SecretRef | None = None
    """Token of Slack, for `slack`."""
    endpoint_url: str = ""
    """Base URL of Slack's Web API, of a gateway or of a simulator; empty: Slack's own."""
    channels: tuple[str, ...] = ()
    """Ids of the channels to read; empty: every one that the token sees."""
    since_days: int = 0
    """Read messages of that many days alone; 0: all. What is older is a gap."""
    time_limit: int = 3600
    """Seconds after which what is not yet read becomes a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorSource:
    """One organization at an AI vendor."""

    name: str
    vendor: str
    """`openai`, `anthropic`, `elevenlabs` or `deepgram`."""
    admin_key: SecretRef
    """Key that reads the organization's settings."""
    project_key: SecretRef | None = None
    """Read-only key of a project, for what zero retention does not cover; None: that is not looked at."""
    endpoint_url: str = ""
    """Regional host, private endpoint or simulator; empty: the vendor's own host."""
    keep_emails: bool = False
    """Names and e-mail addresses of people stay in the evidence."""
    concurrency: int = 4
    """Calls under way at once, at most."""
    time_limit: int = 1800
    """Seconds after which what is not yet read becomes a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredEdge:
    """An edge of the key hierarchy that no API tells: the child is protected by the parent."""

    child: str
    """Identifier of a key or a store; `*` stands for any characters, `?` for one."""
    parent: str
    """Identifier of a key or a module."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSelftest:
    """A key of AWS KMS that self-tests may use."""

    source: str
    """Name of the AWS source whose credentials are used."""
    key: str
    """Key id, ARN or alias."""
    second_key: str = ""
    """Another one, for rewrapping; empty: what needs it is not run."""
    region: str = ""
    """Region of both; empty: the first region of the source."""
    canary: bool = False
    """Both exist for this alone: they may be rotated, disabled and scheduled for deletion (which is cancelled)."""
    stranger_profile: str = ""
    """Profile of a principal without rights on the key; empty: there is none."""
    audit_wait: int = 900
    """Seconds to wait for the calls to show in the audit log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureSelftest:
    """A key of Azure Key Vault or of a managed HSM that self-tests may use."""

    source: str
    """Name of the Azure source whose credential is used."""
    vault: str
    """Name of the vault or of the managed HSM."""
    key: str
    """Name of the key: it must allow wrapKey and unwrapKey."""
    second_key: str = ""
    """Another one of the same vault, for rewrapping; empty: what needs it is not run."""
    managed_hsm: bool = False
    """`vault` is a managed HSM."""
    canary: bool = False
    """Both exist for this alone: they may be rotated, disabled, deleted and recovered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GcpSelftest:
    """A key of Cloud KMS that self-tests may use."""

    source: str
    """Name of the Google Cloud source whose credential is used."""
    key: str
    """Resource name: projects/P/locations/L/keyRings/R/cryptoKeys/K."""
    second_key: str = ""
    """Another one, for rewrapping; empty: what needs it is not run."""
    canary: bool = False
    """Both exist for this alone: versions may be made, disabled, and scheduled for destruction (which is undone)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkcs11Selftest:
    """A key of a token that self-tests may use."""

    source: str
    """Name of the PKCS #11 source."""
    key: str
    """Label of the root key: an AES key that wraps."""
    canary: bool = False
    """Session objects may be made on the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSelftest:
    """What self-tests may do with the envelopes of a database."""

    source: str
    """Name of the PostgreSQL source. Rows of its layout's canary tenants are read and opened in memory."""
    keys: str
    """Name of the AWS source under `selftest:` whose key wraps the data keys of the drills."""
    dsn: SecretRef | None = None
    """Connection string that may create and drop the scratch schema; None: the drills are not run."""
    schema: str = "keyaudit_scratch"
    """Schema that the drills make, fill with made-up rows, and drop."""
    canary: bool = False
    """The schema is the drills' own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Selftest:
    """Objects of made-up tenants that self-tests may open."""

    source: str
    """Name of the AWS source; its keys under `selftest:` open the objects, from their account and region."""
    bucket: str
    canaries: tuple[tuple[str, str], ...]
    """(tenant, prefix of its made-up objects)"""
    objects: int = 3
    """Of each tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selftests:
    """Which self-tests the user allows."""

    aws: tuple[AwsSelftest, ...] = ()
    azure: tuple[AzureSelftest, ...] = ()
    gcp: tuple[GcpSelftest, ...] = ()
    pkcs11: tuple[Pkcs11Selftest, ...] = ()
    postgres: tuple[PostgresSelftest, ...] = ()
    s3: tuple[S3Selftest, ...] = ()
    declined: bool = False
    """The estate says that there are none, on purpose: `selftest: {}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredStore:
    """What the user says of the data stores whose identifiers match a pattern."""

    match: str
    """``*`` stands for any characters, ``?`` for one."""
    ephi: bool | None = None
    sensitivity: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """A register that a person keeps: of contracts, documents, waivers or alternatives."""

    file: str
    """Name of the file."""
    digest: Digest
    """Of the file's bytes."""
    entries: tuple[Mapping[str, Json], ...]
    """In the order of the file; checked."""
    folder: str
    """Where the paths in it begin; empty in a scan that is resumed or replayed, which has a copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """Everything the user told us."""

    organization: str
    aws: tuple[AwsSource, ...] = ()
    azure: tuple[AzureSource, ...] = ()
    gcp: tuple[GcpSource, ...] = ()
    pkcs11: tuple[Pkcs11Source, ...] = ()
    postgres: tuple[PostgresSource, ...] = ()
    leaks: tuple[LeakSource, ...] = ()
    endpoints: tuple[EndpointSource, ...] = ()
    salt: SecretRef | None = None
    """Keys the hashes of what must not be kept, so that scans can be compared; None: they are of one scan alone."""
    vendors: tuple[VendorSource, ...] = ()
    hierarchy: tuple[DeclaredEdge, ...] = ()
    selftests: Selftests = field(default_factory=Selftests)
    stores: tuple[DeclaredStore, ...] = ()
    agreements: Register | None = None
    """The register of contracts with vendors; None: nobody keeps one here."""
    documents: Register | None = None
    """The register of documents."""
    waivers: Register | None = None
    """The register of waivers; None: nothing is waived."""
    alternatives: Register | None = None
    """The register of documented alternatives, 45 CFR 164.306(d)(3)."""
    profiles: tuple[Profile, ...] = ()
    """What is run unattended."""
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
        every: tuple[
            AwsSource
            | AzureSource
            | GcpSource
            | Pkcs11Source
            | PostgresSource
            | VendorSource
            | LeakSource
            | EndpointSource,
            ...,
        ] = (
            *self.aws,
            *self.azure,
            *self.gcp,
            *self.pkcs11,
            *self.postgres,
            *self.vendors,
            *self.leaks,
            *self.endpoints,
        )
        return tuple(source.name for source in every)
