"""The clouds of Azure: which hosts are asked, and what tokens are for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_LABEL = "[a-z0-9-]{1,63}"
"""A name of a vault or managed HSM in its address; that of a managed HSM may stand behind a region's."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Hosts of one cloud, as azure-core and Microsoft's own lists of endpoints name them."""

    login: str
    """Host of Microsoft Entra ID."""
    arm: str
    """Host of Azure Resource Manager."""
    arm_audience: str
    vault_suffix: str
    """How the host of every key vault ends."""
    hsm_suffix: str
    """How the host of every managed HSM ends."""

    @property
    def arm_scope(self) -> str:
        """What a token for Azure Resource Manager is asked for."""
        return f"https://{self.arm_audience}/.default"

    def vault_scope(self, host: str) -> str:
        """Return what a token for the data plane at a host is asked for, or empty text for any other host."""
        for suffix, name in ((self.vault_suffix, _LABEL), (self.hsm_suffix, rf"(?:{_LABEL}\.)?{_LABEL}")):
            if re.fullmatch(f"{name}{re.escape(suffix)}", host):
                return f"https://{suffix.removeprefix('.')}/.default"
        return ""

    def vault_host(self, uri: str) -> str:
        """Return the host of a vault's URI, or empty text when no token may go there.

        Azure Resource Manager tells the URI; a token goes to nobody else than a vault of the cloud.
        """
        try:
            parts = urlsplit(uri)
            port = parts.port
        except ValueError:
            return ""
        host = parts.hostname or ""
        plain = parts.scheme == "https" and port in (None, 443) and parts.path in ("", "/") and "@" not in parts.netloc
        return host if plain and not parts.query and not parts.fragment and self.vault_scope(host) else ""


CLOUDS: Mapping[str, Cloud] = {
    "public": Cloud(
        "login.microsoftonline.com",
        "management.azure.com",
        "management.azure.com",
        ".vault.azure.net",
        ".managedhsm.azure.net",
    ),
    "usgovernment": Cloud(
        "login.microsoftonline.us",
        "management.usgovcloudapi.net",
        "management.core.usgovcloudapi.net",
        ".vault.usgovcloudapi.net",
        ".managedhsm.usgovcloudapi.net",
    ),
    "china": Cloud(
        "login.chinacloudapi.cn",
        "management.chinacloudapi.cn",
        "management.chinacloudapi.cn",
        ".vault.azure.cn",
        ".managedhsm.azure.cn",
    ),
}
"""By the word of the estate file."""
