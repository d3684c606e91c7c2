"""Answers of Anthropic to rows: the organization, its workspaces, keys of both sides, and the files that are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from scanner.model.access import CredentialFact
from scanner.model.ai import AiServiceFact
from scanner.model.facts import Fact
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.vendors import ExternalKeyFact, VendorScopeFact
from scanner.normalize.reading import Object, child, choice, given, moment, text, texts
from scanner.normalize.records import Listing, Records
from scanner.normalize.vendors.shared import (
    CONTRACT,
    NONE,
    CloudKey,
    Kept,
    Place,
    covered,
    credential,
    ends,
    external_key,
    in_vault,
    listed_resource,
    scope,
    service,
    store,
)

VENDOR = "anthropic"
ME = "anthropic:RetrieveOrganization"
WORKSPACES = "anthropic:ListWorkspaces"
EXTERNAL_KEYS = "anthropic:ListExternalKeys"
API_KEYS = "anthropic:ListApiKeys"
COMPLIANCE = "anthropic:RetrieveComplianceSettings"
_FILES = Kept("file", "anthropic:ListFiles", "data", "created_at", counted=False, expiry="expires_at")


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one organization at Anthropic."""
    unit = Records(records)
    if unit.first is None:
        return
    place = Place(unit, VENDOR)
    listing = unit.listing(EXTERNAL_KEYS, None, "data", identity="id")
    keys = {str(item["id"]): _cloud_key(child(item, "provider_config")) for _, item in listing.items}
    yield from _organization(place)
    yield from _workspaces(place, keys)
    for page, item in listing.items:
        yield replace(
            external_key(place, str(item["id"]), keys[str(item["id"])], (page.id,)),
            name=text(item, "display_name"),
            purpose="encryption",
            attached=choice(child(item, "attachment"), "type", {"attached": True, "unattached": False}),
            residency=text(item, "geo"),
            created_at=moment(item, "created_at"),
        )
    yield from covered(place, ExternalKeyFact, EXTERNAL_KEYS, len(listing.items), complete=listing.complete)
    yield from _credentials(place, unit.listing(API_KEYS, None, "data", identity="id"))
    # Only the workspace's own key lists files, and no answer names the workspace.
    yield from listed_resource(place, _FILES, str(unit.source), None)


def _cloud_key(config: Object | None) -> CloudKey:
    kind = text(config, "type")
    if kind == "azure":
        return in_vault(config)
    return CloudKey(kind, text(config, {"aws": "kms_arn", "gcp": "key_name"}.get(kind or "", "")))


def _organization(place: Place) -> Iterator[Fact]:
    unit = place.unit
    me = child({"": unit.response(ME)}, "")
    name = text(me, "name")
    compliance = child({"": unit.response(COMPLIANCE)}, "")
    # What the organization's own API keeps, and for how long, no API tells.
    yield replace(service(place, name, unit.ids(ME)), retention_mode=CONTRACT)
    yield from covered(place, AiServiceFact, ME, 1, complete=True)
    yield replace(
        scope(place, str(unit.source), "organization", (*unit.ids(ME), *unit.ids(COMPLIANCE))),
        name=name,
        active=True,
        retention_mode=CONTRACT,
        audit_log=choice(child(compliance, "state"), "type", {"enabled": True, "disabled": False}),
    )
    yield from covered(place, VendorScopeFact, ME, 1, complete=True)


def _workspaces(place: Place, keys: Mapping[str, CloudKey]) -> Iterator[Fact]:
    unit = place.unit
    listing = unit.listing(WORKSPACES, None, "data", identity="id")
    for page, item in listing.items:
        residency = child(item, "data_residency")
        own = text(item, "external_key_id")
        customer = True if own else False if "external_key_id" in item and not given(item, "external_key_id") else None
        key = keys.get(own or "")
        row = replace(
            scope(place, place.id(str(item["id"])), "workspace", (page.id, *unit.ids(EXTERNAL_KEYS))),
            name=text(item, "name"),
            active=not given(item, "archived_at") if "archived_at" in item else None,
            created_at=moment(item, "created_at"),
            retention_mode=CONTRACT,
            residency=text(residency, "workspace_geo"),
            inference_places=_places(residency),
            customer_key_possible=True,
            customer_key=customer,
            key_ref=NONE if customer is False else key.ref if key else None,
        )
        yield row
        tags = child(item, "tags")
        told = tuple(sorted(f"{name}={value}" for name, value in tags.items())) if tags is not None else None
        yield store(place, row, key, tags=told)
    for table in (VendorScopeFact, DataStoreFact):
        yield from covered(place, table, WORKSPACES, len(listing.items), complete=listing.complete)


def _places(residency: Object | None) -> tuple[str, ...] | None:
    if text(residency, "allowed_inference_geos") == "unrestricted":
        return ("unrestricted",)
    return texts(residency, "allowed_inference_geos") if residency is not None else None


def _credentials(place: Place, listing: Listing) -> Iterator[Fact]:
    for page, item in listing.items:
        where, who = child(item, "scope"), child(item, "principal")
        end = ends(item, "expires_at", counted=False)
        own = text(where, "workspace_id")
        yield replace(
            credential(place, str(item["id"]), (page.id,)),
            principal=text(who, "user_id") or text(who, "service_account_id") or NONE,
            kind=choice(where, "type", {"workspace": "api_key", "organization": "admin_api_key"}),
            name=text(item, "name"),
            hint=text(item, "partial_key_hint"),
            active=choice(item, "status", {"active": True, "inactive": False, "archived": False, "expired": False}),
            created_at=moment(item, "created_at"),
            expires=end.expires,
            expires_at=end.at,
            service=place.id(own) if own else "any",
        )
    yield from covered(place, CredentialFact, API_KEYS, len(listing.items), complete=listing.complete)
