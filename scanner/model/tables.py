"""The fact tables of keys: one dataclass a table. ``keyaudit schema facts`` prints this file's columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model import agreements, audit, endpoints, exceptions, leaks, vendors
from scanner.model.access import AccessAnalyzerFact, AccessFindingFact, CredentialFact, IdentityPolicyFact
from scanner.model.ai import AiServiceFact
from scanner.model.database import DatabaseRoleFact, DatabaseRuleFact, DatabaseServerFact
from scanner.model.envelope import DataKeyFact, EnvelopeFact, EnvelopeSampleFact
from scanner.model.facts import Fact, column
from scanner.model.modules import CertificateFact, ModuleFact
from scanner.model.selftest import KeyChainFact, SelftestFact
from scanner.model.stores import BindingFact, DataStoreFact, DeclaredEdgeFact, DeclaredStoreFact
from scanner.model.tokens import TokenFact
from scanner.model.vaults import VaultFact


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFact(Fact):
    """One key as a key service, HSM or vendor holds it: the population of most controls."""

    table: ClassVar[str] = "keys"
    key: ClassVar[str] = "key_id"
    parent: ClassVar[str] = "source"

    key_id: str = column("Stable identifier: ARN, resource name or URI.", source="kms:ListKeys", required=True)
    provider: str = column("`aws`, `azure`, `gcp`, `pkcs11` and so on.", source="the collector", required=True)
    account: str = column("Account, subscription, project or token.", source="the scan", required=True)
    region: str = column("Region or location.", source="the scan", required=True)
    name: str | None = column("First alias by name, else empty.", source="kms:ListAliases")
    aliases: tuple[str, ...] | None = column("Every alias, sorted.", source="kms:ListAliases")
    managed_by: str | None = column(
        "`customer` (a customer-managed key) or `provider`.", source="kms:DescribeKey KeyManager"
    )
    key_type: str | None = column(
        "SP 800-57 key type: `symmetric_data_encryption`, `symmetric_key_wrapping`, `symmetric_authentication`, "
        "`private_signature`, "
        "`private_key_transport`, `private_key_agreement`, `private_key_encapsulation`.",
        source="SP 800-57 Part 1 Rev. 5, 5.1.1; kms:DescribeKey KeySpec, KeyUsage",
    )
    provider_spec: str | None = column("The provider's word for type and length.", source="kms:DescribeKey KeySpec")
    algorithm: str | None = column(
        "`AES`, `RSA`, `EC`, `HMAC`, `SM2`, `ML-DSA`, `ML-KEM`, `EdDSA`, `TDEA`, `DES`.",
        source="kms:DescribeKey KeySpec",
    )
    curve: str | None = column("Elliptic curve, or `none`.", source="kms:DescribeKey KeySpec")
    length_bits: int | None = column("Key length; order of the base point for EC.", unit="bits", source="KeySpec")
    strength_bits: int | None = column("Security strength.", unit="bits", source="SP 800-57 Part 1 Rev. 5, Table 2")
    approved_algorithm: bool | None = column(
        "Algorithm and curve are NIST-approved (secp256k1 and SM2 are not).",
        source="FIPS 186-5, SP 800-186, FIPS 197",
    )
    quantum_vulnerable: bool | None = column(
        "Public-key algorithm that a large quantum computer would break.", source="NIST IR 8547 (draft)"
    )
    usage: str | None = column(
        "`encrypt`, `wrap`, `sign`, `mac`, `agree`, `derive` or `encapsulate`; several are joined with a comma. What "
        "only wraps keys is `encrypt`.",
        source="kms:DescribeKey KeyUsage; C_GetAttributeValue CKA_ENCRYPT, CKA_WRAP, CKA_SIGN and so on",
    )
    usage_count: int | None = column("Number of distinct usages.", source="kms:DescribeKey KeyUsage")
    state: str | None = column(
        "SP 800-57 key state: `pre_activation`, `active`, `suspended`, `deactivated`, `destroyed`.",
        source="SP 800-57 Part 1 Rev. 5, 7; kms:DescribeKey KeyState (our mapping)",
    )
    provider_state: str | None = column("The provider's own state.", source="kms:DescribeKey KeyState")
    origin: str | None = column(
        "Where the material was made: `provider`, `imported`, `hsm_cluster`, `external_store`.",
        source="kms:DescribeKey Origin",
    )
    exportable: bool | None = column(
        "The material can leave the key store, be it wrapped.",
        source="C_GetAttributeValue CKA_EXTRACTABLE; AWS KMS never exports the material of its keys",
    )
    ever_exportable: bool | None = column(
        "It could at some time.", source="C_GetAttributeValue CKA_NEVER_EXTRACTABLE, CKA_ALWAYS_SENSITIVE"
    )
    readable: bool | None = column(
        "The key store gives out its plain value.", source="C_GetAttributeValue CKA_SENSITIVE"
    )
    key_store_id: str | None = column(
        "Custom or external key store, or `none`.", source="kms:DescribeKey CustomKeyStoreId"
    )
    external_key_ref: str | None = column(
        "Id of the key in the external key manager, or `none`.", source="kms:DescribeKey XksKeyConfiguration"
    )
    public_fingerprint: str | None = column(
        "SHA-256 of the current public half's SubjectPublicKeyInfo (RFC 5280), hex; `none` for a symmetric key.",
        source="kms:GetPublicKey; Azure Key Vault key.n, e, x, y; CKA_MODULUS, CKA_EC_POINT",
    )
    created_at: datetime | None = column("Creation.", unit="UTC", source="kms:DescribeKey CreationDate")
    released: bool | None = column(
        "A release policy lets the material leave to environments that attest themselves.",
        source="Azure Key Vault release_policy; AWS KMS and Google Cloud KMS have none",
    )
    hsm_platform: str | None = column(
        "The provider's word for the platform that holds the current version, as in `key_versions`; `none` where there "
        "are no platforms.",
        source="Azure Key Vault attributes.hsmPlatform",
    )
    attested: bool | None = column(
        "The module's statement on the current material is there: recorded, not verified.",
        source="cloudkms CryptoKeyVersion.attestation; keyvault GetKeyAttestation",
    )
    expires: bool | None = column(
        "The key, or its imported material, ends by itself.",
        source="kms:DescribeKey ExpirationModel; Azure Key Vault attributes.exp",
    )
    expires_at: datetime | None = column(
        "When it does.", unit="UTC", source="kms:DescribeKey ValidTo; Azure Key Vault attributes.exp"
    )
    deletion_scheduled: bool | None = column("Deletion is scheduled.", source="kms:DescribeKey KeyState")
    deletion_at: datetime | None = column("When it will be deleted.", unit="UTC", source="kms:DescribeKey DeletionDate")
    deletion_window_days: int | None = column(
        "Waiting period: from the schedule where the provider tells it.",
        unit="days",
        source="kms:DescribeKey PendingDeletionWindowInDays",
    )
    multi_region: bool | None = column("Key with replicas in other regions.", source="kms:DescribeKey MultiRegion")
    multi_region_role: str | None = column(
        "`primary`, `replica` or `none`.", source="kms:DescribeKey MultiRegionConfiguration"
    )
    primary_key_id: str | None = column("Primary of a multi-region key, or `none`.", source="MultiRegionConfiguration")
    location_count: int | None = column(
        "Regions that hold the key material.", source="kms:DescribeKey MultiRegionConfiguration"
    )
    rotation_supported: bool | None = column(
        "The provider can rotate this key automatically. False is not 'rotation off'.",
        source="AWS KMS: symmetric keys with AWS_KMS origin; kms:DescribeKey",
    )
    rotation_enabled: bool | None = column(
        "Automatic rotation is on; false where it is not supported.", source="kms:GetKeyRotationStatus"
    )
    rotation_period_days: int | None = column(
        "Period of automatic rotation.", unit="days", source="kms:GetKeyRotationStatus RotationPeriodInDays"
    )
    next_rotation_at: datetime | None = column("Next one.", unit="UTC", source="kms:GetKeyRotationStatus")
    rotation_count: int | None = column("Completed rotations.", source="kms:ListKeyRotations")
    last_rotated_at: datetime | None = column(
        "Last completed rotation; null as well when there was none (see `rotation_count`).",
        unit="UTC",
        source="kms:ListKeyRotations RotationDate",
    )
    material_since: datetime | None = column(
        "Start of the originator-usage period of the current material: last rotation, else creation (of the oldest of "
        "related multi-Region keys, when the primary was read).",
        unit="UTC",
        source="kms:ListKeyRotations, kms:DescribeKey; SP 800-57 Part 1 Rev. 5, 5.3.5",
    )
    current_material_id: str | None = column(
        "Id of the current material.", source="kms:DescribeKey CurrentKeyMaterialId"
    )
    ever_used: bool | None = column(
        "A cryptographic use was recorded since `use_tracked_since`.", source="kms:GetKeyLastUsage"
    )
    last_used_at: datetime | None = column(
        "Last cryptographic use; null as well when `ever_used` is false.",
        unit="UTC",
        source="kms:GetKeyLastUsage",
    )
    last_used_operation: str | None = column("Its operation, or `none`.", source="kms:GetKeyLastUsage")
    last_used_event_id: str | None = column(
        "Its event in the audit log, or `none`.", source="kms:GetKeyLastUsage CloudTrailEventId"
    )
    use_tracked_since: datetime | None = column(
        "The provider keeps track of use since then.",
        unit="UTC",
        source="kms:GetKeyLastUsage TrackingStartDate",
    )
    tags: tuple[str, ...] | None = column("Tags as `key=value`, sorted.", source="kms:ListResourceTags")
    tag_keys: tuple[str, ...] | None = column("Keys of the tags that have a value.", source="kms:ListResourceTags")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyVersionFact(Fact):
    """One version of a key's material, the current one included."""

    table: ClassVar[str] = "key_versions"
    key: ClassVar[str] = "version_id"
    parent: ClassVar[str] = "key_id"

    version_id: str = column(
        "Material id, or the key id with the rotation date.", source="kms:ListKeyRotations", required=True
    )
    key_id: str = column("Key that it belongs to.", source="kms:ListKeyRotations", required=True)
    material_state: str | None = column(
        "`current`, `non_current` or `pending`.", source="kms:ListKeyRotations KeyMaterialState"
    )
    import_state: str | None = column(
        "`imported`, `pending_import`, or `none` for material that the provider made.",
        source="kms:ListKeyRotations ImportState",
    )
    rotation_type: str | None = column(
        "`automatic`, `on_demand`, or `none` for the first material.",
        source="kms:ListKeyRotations RotationType",
    )
    created_at: datetime | None = column("Start of its use.", unit="UTC", source="kms:ListKeyRotations RotationDate")
    expires: bool | None = column("The material expires.", source="kms:ListKeyRotations ExpirationModel")
    expires_at: datetime | None = column("When.", unit="UTC", source="kms:ListKeyRotations ValidTo")
    hsm_platform: str | None = column(
        "The provider's word for the platform that holds it: `0` software (FIPS 140-2 Level 1), `1` HSM (FIPS 140-2 "
        "Level 2), `2` HSM (FIPS 140-3 Level 3).",
        source="Azure Key Vault attributes.hsmPlatform",
    )
    attested: bool | None = column(
        "The module's statement on it is there: recorded, not verified.", source="cloudkms CryptoKeyVersion.attestation"
    )
    destroy_at: datetime | None = column(
        "When it will be destroyed, or was.", unit="UTC", source="cloudkms CryptoKeyVersion.destroyTime"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPolicyFact(Fact):
    """What a key's own policy allows, evaluated as a policy: one row a key."""

    table: ClassVar[str] = "key_policies"
    key: ClassVar[str] = "key_id"
    parent: ClassVar[str] = "source"

    key_id: str = column("Key.", source="kms:ListKeys", required=True)
    account: str = column("Account that owns the key.", source="the scan", required=True)
    name: str | None = column("First alias of the key by name, else empty.", source="kms:ListAliases")
    managed_by: str | None = column("As in `keys`.", source="kms:DescribeKey KeyManager")
    public: bool | None = column(
        "A principal outside every named account, organization or network is allowed something.",
        source="kms:GetKeyPolicy",
    )
    public_actions: tuple[str, ...] | None = column("What it is allowed.", source="kms:GetKeyPolicy")
    organization_wide: bool | None = column(
        "A wildcard principal is held to an AWS Organization only.",
        source="kms:GetKeyPolicy aws:PrincipalOrgID",
    )
    cross_accounts: tuple[str, ...] | None = column(
        "Other accounts that are allowed something.", source="kms:GetKeyPolicy"
    )
    service_principals: tuple[str, ...] | None = column("Services allowed by name.", source="kms:GetKeyPolicy")
    admin_principals: tuple[str, ...] | None = column(
        "Principals named in the policy that may administer the key; the account itself is not listed.",
        source="kms:GetKeyPolicy",
    )
    use_principals: tuple[str, ...] | None = column(
        "Principals named in the policy that may use the key cryptographically.", source="kms:GetKeyPolicy"
    )
    admin_and_use: tuple[str, ...] | None = column("Principals that may do both.", source="kms:GetKeyPolicy")
    delegates_to_iam: bool | None = column(
        "The account is allowed `kms:*`, so IAM policies decide too; a Deny of single actions leaves it so.",
        source="kms:GetKeyPolicy",
    )
    uses_not_principal: bool | None = column("An Allow statement uses NotPrincipal.", source="kms:GetKeyPolicy")
    uses_not_action: bool | None = column("An Allow statement uses NotAction.", source="kms:GetKeyPolicy")
    attestation_conditions: tuple[str, ...] | None = column(
        "`kms:RecipientAttestation:*` conditions as `operator key=value`; the operator with its set prefix and "
        "`ifexists`.",
        source="kms:GetKeyPolicy",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPermissionFact(Fact):
    """One principal in one statement of a key's policy."""

    table: ClassVar[str] = "key_permissions"
    key: ClassVar[str] = "permission_id"
    parent: ClassVar[str] = "key_id"

    permission_id: str = column("Key id, statement number, principal.", source="kms:GetKeyPolicy", required=True)
    key_id: str = column("Key.", source="kms:GetKeyPolicy", required=True)
    statement: str | None = column("Sid, or `#` and its number from 0.", source="kms:GetKeyPolicy")
    effect: str | None = column("`allow` or `deny`.", source="kms:GetKeyPolicy")
    principal: str | None = column("ARN, account, service, federated id, or `*`.", source="kms:GetKeyPolicy")
    principal_kind: str | None = column(
        "`any`, `account`, `role`, `user`, `service`, `federated`, `canonical`, `organization`, `unique_id`, `other`.",
        source="kms:GetKeyPolicy",
    )
    principal_account: str | None = column("Account of the principal, or `none`.", source="kms:GetKeyPolicy")
    cross_account: bool | None = column("Principal of another account than the key's.", source="kms:GetKeyPolicy")
    actions: tuple[str, ...] | None = column("KMS actions that match, by name.", source="kms:GetKeyPolicy")
    administers: bool | None = column("At least one administers the key.", source="kms:GetKeyPolicy")
    uses: bool | None = column("At least one uses the key cryptographically.", source="kms:GetKeyPolicy")
    constrained: bool | None = column(
        "A condition holds a wildcard principal to known callers.", source="kms:GetKeyPolicy Condition"
    )
    conditions: str | None = column("Normal form of the conditions, canonical JSON.", source="kms:GetKeyPolicy")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGrantFact(Fact):
    """One grant on a key."""

    table: ClassVar[str] = "key_grants"
    key: ClassVar[str] = "grant_id"
    parent: ClassVar[str] = "key_id"

    grant_id: str = column("Grant.", source="kms:ListGrants", required=True)
    key_id: str = column("Key.", source="kms:ListGrants", required=True)
    account: str = column("Account that owns the key.", source="the scan", required=True)
    name: str | None = column("Name of the grant, or empty.", source="kms:ListGrants")
    grantee: str | None = column("Who may use it.", source="kms:ListGrants GranteePrincipal")
    grantee_account: str | None = column("Account of the grantee, or `none`.", source="kms:ListGrants")
    grantee_is_service: bool | None = column("The grantee is a service of the provider.", source="kms:ListGrants")
    cross_account: bool | None = column("Grantee of another account; false for a service.", source="kms:ListGrants")
    operations: tuple[str, ...] | None = column("Operations granted, sorted.", source="kms:ListGrants Operations")
    decrypts: bool | None = column(
        "Decrypt, ReEncryptFrom, DeriveSharedSecret or Decapsulate is among them.", source="kms:ListGrants"
    )
    context_bound: bool | None = column("Holds only for an encryption context.", source="kms:ListGrants Constraints")
    retiring_principal: str | None = column("Who may retire it, or `none`.", source="kms:ListGrants")
    can_regrant: bool | None = column("CreateGrant is among the operations.", source="kms:ListGrants Operations")
    created_at: datetime | None = column("Creation.", unit="UTC", source="kms:ListGrants CreationDate")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStoreFact(Fact):
    """A custom or external key store of a key service."""

    table: ClassVar[str] = "key_stores"
    key: ClassVar[str] = "store_id"
    parent: ClassVar[str] = "source"

    store_id: str = column("Id.", source="kms:DescribeCustomKeyStores", required=True)
    account: str = column("Account.", source="the scan", required=True)
    region: str = column("Region.", source="the scan", required=True)
    name: str | None = column("Name.", source="kms:DescribeCustomKeyStores")
    kind: str | None = column("`hsm_cluster` or `external`.", source="kms:DescribeCustomKeyStores CustomKeyStoreType")
    connected: bool | None = column("Connected now.", source="kms:DescribeCustomKeyStores ConnectionState")
    connection_state: str | None = column("The provider's word.", source="kms:DescribeCustomKeyStores")
    connection_error: str | None = column("Error code, or `none`.", source="kms:DescribeCustomKeyStores")
    cluster_id: str | None = column("HSM cluster, or `none`.", source="kms:DescribeCustomKeyStores CloudHsmClusterId")
    proxy_endpoint: str | None = column(
        "URI of the external key store proxy, or `none`.",
        source="kms:DescribeCustomKeyStores XksProxyConfiguration",
    )
    proxy_connectivity: str | None = column(
        "`public_endpoint`, `vpc_endpoint_service` or `none`.", source="XksProxyConfiguration"
    )
    created_at: datetime | None = column("Creation.", unit="UTC", source="kms:DescribeCustomKeyStores")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageFact(Fact):
    """Whether a listing was read to its end: the only licence to say 'there is no …'."""

    table: ClassVar[str] = "coverage"
    key: ClassVar[str] = "coverage_id"
    parent: ClassVar[str] = "source"

    coverage_id: str = column("Table and parent.", source="the scan", required=True)
    listed_table: str = column("Fact table that the listing fills.", source="the scan", required=True)
    parent_id: str = column("Scope or resource whose rows were listed.", source="the scan", required=True)
    complete: bool = column("Every page was read and understood.", source="the scan", required=True)
    row_count: int = column("Rows read.", source="the scan", required=True)


TABLES: tuple[type[Fact], ...] = (
    KeyFact,
    KeyVersionFact,
    KeyPolicyFact,
    KeyPermissionFact,
    KeyGrantFact,
    KeyStoreFact,
    VaultFact,
    DataStoreFact,
    DeclaredStoreFact,
    BindingFact,
    DeclaredEdgeFact,
    KeyChainFact,
    DataKeyFact,
    EnvelopeFact,
    EnvelopeSampleFact,
    SelftestFact,
    DatabaseServerFact,
    DatabaseRuleFact,
    DatabaseRoleFact,
    ModuleFact,
    TokenFact,
    CertificateFact,
    *audit.TABLES,
    CredentialFact,
    IdentityPolicyFact,
    AccessAnalyzerFact,
    AccessFindingFact,
    AiServiceFact,
    *vendors.TABLES,
    *leaks.TABLES,
    *endpoints.TABLES,
    *agreements.TABLES,
    *exceptions.TABLES,
    CoverageFact,
)
"""Every fact table, in the order in which it is printed and written."""

BY_NAME: dict[str, type[Fact]] = {t.table: t for t in TABLES}
