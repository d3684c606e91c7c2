"""One key vault or managed HSM to rows: itself, its keys with who has access to them, its modules, and its logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from scanner.model.facts import Fact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.tables import KeyFact, KeyPolicyFact
from scanner.model.vaults import VaultFact
from scanner.normalize.azure import access, keys, platforms, trails
from scanner.normalize.azure.names import last, subject_of
from scanner.normalize.azure.networks import public
from scanner.normalize.reading import Object, child, days, flag, given, moment, text
from scanner.normalize.records import Records

VAULT_SETTINGS = "keyvault:Vaults_Get"
HSM_SETTINGS = "keyvault:ManagedHsms_Get"
SECRETS = "keyvault:Secrets_List"
SETTINGS = (VAULT_SETTINGS, HSM_SETTINGS)


def normalize(records: Sequence[Record]) -> Iterator[Fact]:
    """Yield the rows of one unit: one vault or managed HSM with what is in it."""
    unit = Records(records)
    identity = _identity(records)
    if unit.first is None or not identity:
        return  # nothing of it was asked; its scope has gaps
    is_hsm = "/managedhsms/" in identity.lower()
    settings = unit.response(HSM_SETTINGS if is_hsm else VAULT_SETTINGS, identity)
    body = settings if isinstance(settings, dict) else None
    holder = keys.Holder(
        unit=unit,
        id=identity,
        account=unit.first.account,
        region=unit.first.region,
        is_hsm=is_hsm,
        several_regions=_several_regions(child(body, "properties")) if is_hsm else False,
    )
    if any(unit.asked(operation, identity) for operation in SETTINGS):
        yield _vault(holder, body)
        yield unit.coverage(VaultFact, VAULT_SETTINGS, unit.source, identity, 1, complete=True, among=True)
    yield from _keys(holder, child(body, "properties"), records)
    yield from trails.rows(unit)


def _identity(records: Sequence[Record]) -> str:
    """Return the ARM id of the vault, from what was asked about it or one of its keys."""
    own = subject_of(records, *SETTINGS, SECRETS)
    if own:
        return own
    for record in records:
        for name in ("vault_id", "hsm_id", "holder_id"):
            value = record.params.get(name)
            if isinstance(value, str):
                return value
    key = subject_of(records, keys.KEY, keys.VERSIONS, keys.ROTATION)
    return key.rpartition("/keys/")[0]


def _keys(holder: keys.Holder, properties: Object | None, records: Sequence[Record]) -> Iterator[Fact]:
    unit = holder.unit
    if not (unit.asked(keys.KEYS) or unit.asked(keys.DELETED)):
        return
    found, complete = keys.listed(holder)
    granted = _access(holder, properties, records)
    policies = 0
    for key in found.values():
        yield from keys.rows(holder, key)
        if key.deleted:
            continue  # nobody can use it; who may recover it is not a matter of the key's own
        policies += 1
        about = access.Subject(key.id, holder.account, key.name, holder.id, (key.page.id,))
        yield from access.policy_rows(unit, about, granted)
    deleted = unit.complete(keys.DELETED)
    there = [key for key in found.values() if not key.deleted]
    gone = len(found) - len(there)
    yield unit.coverage(KeyFact, keys.KEYS, unit.source, None, len(there), complete=complete, among=True)
    yield unit.coverage(KeyFact, keys.DELETED, unit.source, None, gone, complete=deleted, among=True)
    yield unit.coverage(KeyPolicyFact, keys.KEYS, unit.source, None, policies, complete=complete, among=True)
    yield from platforms.rows(holder, there, complete=complete)


def _access(holder: keys.Holder, properties: Object | None, records: Sequence[Record]) -> access.Access | None:
    unit = holder.unit
    if holder.is_hsm:
        return access.by_local_roles(unit)
    roles = [record.subject for record in records if record.operation == access.ROLE and record.subject]
    model = _access_model(properties)
    if model != "access_policies":
        return access.by_roles(unit, roles) if model == "rbac" else None
    policies = access.of_policies(properties, holder.id)
    granted = access.by_roles(unit, roles, policies) if policies is not None else None
    if granted is None:
        return None
    settings = unit.ids(VAULT_SETTINGS, holder.id)
    return replace(granted, evidence=tuple(sorted({*granted.evidence, *settings})))


def _access_model(properties: Object | None) -> str | None:
    """Return who decides on access to a vault. One that has access policies and no word on roles goes by them.

    What no word at all means has changed from one version of the API to the next.
    """
    if properties is None:
        return None
    if not given(properties, "enableRbacAuthorization"):
        return "access_policies" if properties.get("accessPolicies") else None
    return {True: "rbac", False: "access_policies", None: None}[flag(properties, "enableRbacAuthorization")]


def _vault(holder: keys.Holder, body: Object | None) -> VaultFact:
    unit = holder.unit
    row = VaultFact(
        source=unit.source,
        evidence=tuple(sorted({*unit.evidence(holder.id)})),
        vault_id=holder.id,
        provider="azure",
        account=holder.account,
        region=holder.region,
        kind="managed_hsm" if holder.is_hsm else "vault",
        name=last(holder.id),
    )
    properties = child(body, "properties")
    row = _with_secrets(row, holder)
    if properties is None:
        return row
    rules = child(properties, "networkAcls")
    soft = flag(properties, "enableSoftDelete")
    return replace(
        row,
        uri=text(properties, "hsmUri" if holder.is_hsm else "vaultUri"),
        tier=_tier(body, properties),
        soft_delete=soft,
        soft_delete_days=days(properties, "softDeleteRetentionInDays") if soft else None,
        # A vault says that it is on, or nothing.
        purge_protection=flag(properties, "enablePurgeProtection")
        if given(properties, "enablePurgeProtection")
        else False,
        access_model="local_rbac" if holder.is_hsm else _access_model(properties),
        public_network=public(properties),
        trusted_services_bypass=_bypass(properties, rules),
        private_endpoints=_private_endpoints(properties),
        created_at=moment(child(body, "systemData"), "createdAt"),
    )


def _tier(body: Object | None, properties: Object) -> str | None:
    # A vault has its SKU among its properties, a managed HSM beside them.
    name = text(child(properties, "sku"), "name") or text(child(body, "sku"), "name")
    return None if name is None else name.lower() if "_" not in name else name


def _bypass(properties: Object, rules: Object | None) -> bool | None:
    """Tell whether trusted services pass the rules. Without rules, there is nothing to pass."""
    if not given(properties, "networkAcls"):
        return False
    word = text(rules, "bypass")
    return None if word is None else {"none": False, "azureservices": True}.get(word.lower())


def _private_endpoints(properties: Object) -> int | None:
    listed: Json = properties.get("privateEndpointConnections")
    if listed is None:
        return 0
    if not isinstance(listed, list):
        return None
    states = [child(child(one, "properties"), "privateLinkServiceConnectionState") for one in listed]
    words = [text(state, "status") for state in states]
    return None if None in words else words.count("Approved")


def _several_regions(properties: Object | None) -> bool | None:
    regions = properties.get("regions") if properties is not None else None
    if properties is None or not (regions is None or isinstance(regions, list)):
        return None
    return bool(regions and len(regions) > 1)


def _with_secrets(row: VaultFact, holder: keys.Holder) -> VaultFact:
    if holder.is_hsm:
        return replace(row, secrets=0, secrets_without_expiry=0)  # a managed HSM holds keys alone
    listing = holder.unit.listing(SECRETS, holder.id, "value", identity="id")
    if not listing.complete:
        return row
    attributes = [child(child(item, "properties"), "attributes") for _, item in listing.items]
    enabled = [flag(one, "enabled") for one in attributes]
    if None in enabled:
        return replace(row, secrets=len(enabled))
    endless = sum(1 for one, on in zip(attributes, enabled, strict=True) if on and not given(one, "exp"))
    return replace(row, secrets=len(enabled), secrets_without_expiry=endless)
