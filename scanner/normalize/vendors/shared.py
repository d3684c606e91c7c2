"""What the normalizers of the four vendors share: instants, rows of keys, resources and stores, and coverage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from scanner.model.access import CredentialFact
from scanner.model.ai import AiServiceFact
from scanner.model.facts import Fact
from scanner.model.ids import Digest
from scanner.model.stores import DataStoreFact
from scanner.model.vendors import ExternalKeyFact, VendorResourceFact, VendorScopeFact
from scanner.normalize.reading import Object, given, moment, text
from scanner.normalize.records import Records

NONE = "none"
CONTRACT = "contract"
"""Mode of retention where no API tells it."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Which vendor's which account the rows of a unit are of."""

    unit: Records
    vendor: str

    @property
    def account(self) -> str:
        """Name of the source: most vendors do not tell which organization a key belongs to."""
        return self.unit.first.source_name if self.unit.first else ""

    def id(self, name: str) -> str:
        """Return the identifier of something at the vendor."""
        return f"{self.vendor}:{name}"


def unix(body: Object | None, name: str, *, per_second: int = 1) -> datetime | None:
    """Return the instant under ``name``, which counts from 1970, in UTC without a zone; or None."""
    value = body.get(name) if body is not None else None
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value / per_second, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def any_of(values: Iterable[bool | None]) -> bool | None:
    """Return whether one is true: None when none is, and of some it is not known."""
    found = set(values)
    return True if True in found else None if None in found else False


def opposite(value: bool | None) -> bool | None:
    """Return the contrary of what is known."""
    return None if value is None else not value


@dataclass(frozen=True, slots=True)
class Ends:
    """Whether something ends by itself, and when."""

    expires: bool | None
    at: datetime | None


def ends(item: Object, name: str, *, counted: bool) -> Ends:
    """Return the end under ``name``: null says that there is none. ``counted``: seconds from 1970, else RFC 3339."""
    if name not in item:
        return Ends(None, None)
    if not given(item, name):
        return Ends(False, None)
    at = unix(item, name) if counted else moment(item, name)
    return Ends(True if at is not None else None, at)


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of resource that a vendor keeps of a scope."""

    kind: str
    operation: str
    items: str
    created: str
    counted: bool = True
    """Its dates are seconds from 1970, else RFC 3339."""
    expiry: str = ""
    holds_content: bool = True


def resource(
    place: Place,
    kept: Kept,
    scope: str,
    items: Sequence[Object],
    *,
    whole: bool,
    zero_retention: bool | None,
    evidence: tuple[Digest, ...],
) -> VendorResourceFact:
    """Return the row of one kind of resource in one scope."""
    dates = [unix(one, kept.created) if kept.counted else moment(one, kept.created) for one in items]
    seen = sorted(one for one in dates if one is not None)
    known = bool(seen) and None not in dates
    endless = [ends(one, kept.expiry, counted=kept.counted).expires for one in items] if kept.expiry else [None]
    return VendorResourceFact(
        source=place.unit.source,
        evidence=evidence,
        resource_id=f"{scope}/{kept.kind}",
        provider=place.vendor,
        account=place.account,
        scope_id=scope,
        kind=kept.kind,
        holds_content=kept.holds_content,
        zero_retention=zero_retention,
        present=True if items else False if whole else None,
        items=len(items) if whole else None,
        oldest_at=seen[0] if known and whole else None,
        newest_at=seen[-1] if known and whole else None,
        endless=sum(one is False for one in endless) if whole and None not in endless else None,
    )


def listed_resource(
    place: Place, kept: Kept, scope: str, zero: bool | None, subject: str | None = None
) -> Iterator[Fact]:
    """Yield the row of a listing that is of one scope, and its coverage, when it was asked for."""
    unit = place.unit
    if not unit.asked(kept.operation, subject):
        return
    listing = unit.listing(kept.operation, subject, kept.items)
    yield resource(
        place,
        kept,
        scope,
        [item for _, item in listing.items],
        whole=listing.complete,
        zero_retention=zero,
        evidence=unit.ids(kept.operation, subject),
    )
    yield unit.coverage(VendorResourceFact, kept.operation, scope, subject, 1, complete=listing.complete, among=True)


def credential(place: Place, name: str, evidence: Iterable[Digest]) -> CredentialFact:
    """Return the row of one key by its identifier at the vendor, without what else is known of it."""
    return CredentialFact(
        source=place.unit.source,
        evidence=tuple(sorted(set(evidence))),
        credential_id=place.id(name),
        account=place.account,
        provider=place.vendor,
    )


@dataclass(frozen=True, slots=True)
class CloudKey:
    """A key of the customer in a cloud, as a vendor names it."""

    cloud: str | None
    ref: str | None
    """ARN, URI or resource name."""

    @property
    def key_id(self) -> str | None:
        """The key's own identifier where the reference is one: an alias of AWS and an address in a vault are not."""
        ref = self.ref or ""
        own = ref.startswith("projects/") or (ref.startswith("arn:") and ":key/" in ref)
        return ref if own else None


def in_vault(body: Object | None) -> CloudKey:
    """Return a key of Azure Key Vault or of a managed HSM: ``https://VAULT/keys/NAME``."""
    uri, name = text(body, "vault_uri"), text(body, "key_name")
    return CloudKey("azure", f"{uri.rstrip('/')}/keys/{name}" if uri and name else None)


def store(place: Place, scope: VendorScopeFact, key: CloudKey | None, *, tags: tuple[str, ...] | None) -> DataStoreFact:
    """Return what a vendor keeps of a scope as a store, so that the key hierarchy reaches it.

    ``key`` is None where the vendor's own key encrypts it; both vendors document that everything is encrypted at rest.
    """
    own = scope.customer_key is False
    return DataStoreFact(
        source=place.unit.source,
        evidence=scope.evidence,
        store_id=scope.scope_id,
        provider=place.vendor,
        account=place.account,
        region="",
        kind="ai_account",
        name=scope.name,
        created_at=scope.created_at,
        copy_of=NONE,
        encrypted=True,
        provider_encryption=f"external_key:{key.cloud}" if key and key.cloud else NONE if own else None,
        key_ref=NONE if own else key.ref if key else None,
        key_id=NONE if own else key.key_id if key else None,
        key_managed_by="customer" if scope.customer_key else None,
        customer_key_possible=scope.customer_key_possible,
        tags=tags,
    )


def covered(place: Place, fact: type[Fact], operation: str, rows: int, *, complete: bool) -> Iterator[Fact]:
    """Yield whether a table was listed to its end by one operation over the whole unit, when it was asked for."""
    if place.unit.asked(operation):
        yield place.unit.coverage(fact, operation, place.unit.source, None, rows, complete=complete, among=True)


def each_covered(
    place: Place, fact: type[Fact], operation: str, rows: int, scopes: Iterable[str], *, complete: bool
) -> Iterator[Fact]:
    """Yield the same of an operation that is asked about each scope. ``complete``: every scope is known."""
    wanted = list(scopes)
    if any(place.unit.asked(operation, one) for one in wanted) or (complete and not wanted):
        whole = complete and all(place.unit.complete(operation, one) for one in wanted)
        yield place.unit.coverage(fact, operation, place.unit.source, None, rows, complete=whole, among=True)


def external_key(place: Place, name: str, key: CloudKey, evidence: Iterable[Digest]) -> ExternalKeyFact:
    """Return the row of one key that the vendor was told of, without what else is known of it."""
    return ExternalKeyFact(
        source=place.unit.source,
        evidence=tuple(sorted(set(evidence))),
        external_key_id=place.id(name),
        provider=place.vendor,
        account=place.account,
        cloud=key.cloud,
        key_ref=key.ref,
    )


def scope(place: Place, name: str, kind: str, evidence: Iterable[Digest]) -> VendorScopeFact:
    """Return the row of one scope by its identifier, without what else is known of it."""
    return VendorScopeFact(
        source=place.unit.source,
        evidence=tuple(sorted(set(evidence))),
        scope_id=name,
        provider=place.vendor,
        account=place.account,
        kind=kind,
    )


def service(place: Place, name: str | None, evidence: Iterable[Digest]) -> AiServiceFact:
    """Return the row of the vendor as an AI service: one for each organization that is read."""
    return AiServiceFact(
        source=place.unit.source,
        evidence=tuple(sorted(set(evidence))),
        service_id=str(place.unit.source),
        provider=place.vendor,
        account=place.account,
        region="",
        name=name,
        # The vendor writes to no log of the customer's.
        prompts_logged=False,
        logs_text=False,
        logs_audio=False,
        log_bucket_id=NONE,
        log_group_id=NONE,
        large_data_bucket_id=NONE,
    )
