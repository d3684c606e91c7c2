"""The fact tables of cryptographic modules and their FIPS 140 certificates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from scanner.model.facts import Fact, column


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleFact(Fact):
    """One cryptographic module that holds or uses keys, as far as the provider tells which it is."""

    table: ClassVar[str] = "modules"
    key: ClassVar[str] = "module_id"
    parent: ClassVar[str] = "source"

    module_id: str = column("HSM cluster, or the key service of a region.", source="the collector", required=True)
    provider: str = column("`aws`, `azure`, `gcp`, `pkcs11`, `own`.", source="the collector", required=True)
    account: str = column("Account.", source="the scan", required=True)
    region: str = column("Region.", source="the scan", required=True)
    name: str | None = column("Name for people.", source="the collector")
    kind: str | None = column(
        "`key_service`, `hsm_cluster`, `token` or `library`: of a key service the provider runs the modules.",
        source="the collector",
    )
    product: str | None = column(
        "Product in the table of certificates: `aws-kms`, `aws-cloudhsm-hsm2m`, `softhsm`.",
        source="cloudhsmv2 HsmType; the provider's documentation",
    )
    embodiment: str | None = column(
        "`hardware`, `software` or `firmware`.", source="the provider's documentation; else CMVP certificate (derived)"
    )
    version: str | None = column("Version that the module reports, or `none`.", source="the module")
    state: str | None = column(
        "The provider's word, or `none` for a key service.", source="cloudhsmv2:DescribeClusters State"
    )
    approved_mode: bool | None = column("Runs in its FIPS mode.", source="cloudhsmv2 Mode")
    hsm_count: int | None = column("Active HSMs.", source="cloudhsmv2 Hsms")
    zone_count: int | None = column("Availability zones with an active HSM.", source="cloudhsmv2 Hsms")
    backup_retention_days: int | None = column(
        "Backups of the module are kept for.", unit="days", source="cloudhsmv2 BackupRetentionPolicy"
    )
    backups: int | None = column("Ready backups of the module.", source="cloudhsmv2:DescribeBackups")
    last_backup_at: datetime | None = column(
        "Newest ready backup; null as well when there is none (see `backups`).",
        unit="UTC",
        source="cloudhsmv2:DescribeBackups",
    )
    certificate_required: bool | None = column(
        "Keys of this module protect what the catalogue judges.", source="the collector"
    )
    certificates: int | None = column("Certificates of the product in the table.", source="certificates (derived)")
    certificate: int | None = column("Best certificate: number, or 0 when there is none.", source="derived")
    standard: str | None = column("`FIPS 140-2`, `FIPS 140-3` or `none`.", source="certificates (derived)")
    level: int | None = column("Overall level, 0 when there is no certificate.", source="certificates (derived)")
    certificate_status: str | None = column(
        "`active`, `historical`, `revoked`, `in_process` or `none`, as last read.", source="certificates (derived)"
    )
    interim: bool | None = column("The certificate is an interim validation.", source="certificates (derived)")
    sunset_at: datetime | None = column(
        "Last second of the certificate's sunset day.", unit="UTC", source="certificates (derived)"
    )
    reading_at: datetime | None = column("Day of the reading.", unit="UTC", source="certificates (derived)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFact(Fact):
    """One CMVP certificate of the catalogue's table, as it was last read."""

    table: ClassVar[str] = "certificates"
    key: ClassVar[str] = "certificate_id"
    parent: ClassVar[str] = "source"

    certificate_id: str = column("Product and certificate number.", source="controls/cmvp.yaml", required=True)
    product: str = column("Product that it covers.", source="controls/cmvp.yaml", required=True)
    number: int | None = column("Certificate number; 0: the product has none (yet).", source="CMVP")
    name: str | None = column("Module name.", source="CMVP")
    embodiment: str | None = column("`hardware`, `software` or `firmware`.", source="CMVP")
    versions: str | None = column("Hardware, firmware or software versions.", source="CMVP")
    standard: str | None = column("`FIPS 140-2`, `FIPS 140-3` or `none`.", source="CMVP")
    level: int | None = column("Overall level; 0: the product has no certificate.", source="CMVP")
    status: str | None = column("`active`, `historical`, `revoked`, `in_process` or `none`.", source="CMVP")
    interim: bool | None = column("Interim validation.", source="CMVP")
    validated_at: datetime | None = column("Validation.", unit="UTC", source="CMVP")
    sunset_at: datetime | None = column(
        "Last second of the sunset day, the last day on which it is active.", unit="UTC", source="CMVP"
    )
    reading_at: datetime | None = column("Day of the reading.", unit="UTC", source="controls/cmvp.yaml")
    reading_source: str | None = column("Where it was read.", source="controls/cmvp.yaml")
    note: str | None = column("What a reader should know beside it.", source="controls/cmvp.yaml")
