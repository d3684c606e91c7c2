"""The clouds of Azure: which hosts are whose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Plane = Literal["login", "arm", "vault", "hsm"]


@dataclass(frozen=True, slots=True)
class Cloud:
    """The hosts of one cloud, and what its tokens are for."""

    login: tuple[str, ...]
    arm: str
    arm_audiences: frozenset[str]
    vault: str
    """Suffix of vaults, without the leading dot."""
    hsm: str
    """Suffix of managed HSMs, without the leading dot."""

    def plane(self, host: str) -> Plane | None:
        """Return what answers at a host, or None for a host that is nobody's here."""
        if host in self.login:
            return "login"
        if host == self.arm:
            return "arm"
        name, _, suffix = host.partition(".")
        if not name:
            return None
        return "vault" if suffix == self.vault else "hsm" if suffix == self.hsm else None


CLOUDS: Mapping[str, Cloud] = {
    "public": Cloud(
        ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"),
        "management.azure.com",
        frozenset({"https://management.azure.com", "https://management.core.windows.net"}),
        "vault.azure.net",
        "managedhsm.azure.net",
    ),
    "usgovernment": Cloud(
        ("login.microsoftonline.us", "login.usgovcloudapi.net"),
        "management.usgovcloudapi.net",
        frozenset({"https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net"}),
        "vault.usgovcloudapi.net",
        "managedhsm.usgovcloudapi.net",
    ),
    "china": Cloud(
        ("login.chinacloudapi.cn", "login.partner.microsoftonline.cn"),
        "management.chinacloudapi.cn",
        frozenset({"https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn"}),
        "vault.azure.cn",
        "managedhsm.azure.cn",
    ),
}
"""Name of a cloud, as the estate file spells it, to its hosts (azure-identity `AzureAuthorityHosts`)."""


def plane_of(host: str) -> Plane | None:
    """Return what answers at a host in any cloud, or None for a host that is not Azure's."""
    return next((plane for cloud in CLOUDS.values() if (plane := cloud.plane(host))), None)
