"""Start and stop the simulated Azure on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from scanner.demo.aws.faults import Faults
from scanner.demo.azure import material
from scanner.demo.azure.entra import CLIENT, SECRET
from scanner.demo.azure.layer import Layer
from scanner.demo.azure.server import Server, serving
from scanner.demo.azure.tls import authority
from scanner.demo.azure.wire import Recorded
from scanner.demo.azure.world import AzureWorld


@dataclass(frozen=True, slots=True)
class AzureSimulator:
    """A running simulator."""

    proxy_url: str
    ca_bundle_path: str
    layer: Layer
    server: Server

    @property
    def environ(self) -> Mapping[str, str]:
        """Return credentials that open nothing but the simulator, for `DefaultAzureCredential`."""
        return {
            "AZURE_TENANT_ID": self.layer.world.tenant,
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_CLIENT_SECRET": SECRET,
        }

    @property
    def faults(self) -> Faults:
        """What it does wrong on purpose. A fault's account is a subscription id, its region a vault's location."""
        return self.layer.faults

    def mend(self) -> None:
        """Behave again: only what the world denies stays denied."""
        self.layer.mend()

    @property
    def requests(self) -> list[Recorded]:
        """Every request that was answered, in order."""
        return self.layer.requests

    @property
    def refused(self) -> list[str]:
        """Hosts, or targets outside a tunnel, that the proxy refused."""
        return self.server.refused

    def wrap(self, container: str, key: str, plaintext: bytes, algorithm: str = "RSA-OAEP-256") -> tuple[str, bytes]:
        """Return the URI of the newest version of a key of the world, and ``plaintext`` wrapped under it."""
        safe = self.layer.safes[container.lower()]
        kept = safe.find(key)
        sealed = material.encrypt(safe.private(kept, kept.newest), algorithm, plaintext)
        return safe.kid(kept, kept.newest), sealed.value


@contextmanager
def azure_simulator(world: AzureWorld, now: datetime, *, page_size: int = 100) -> Iterator[AzureSimulator]:
    """Run a simulated Azure that holds ``world`` as it stands at ``now``.

    Whoever uses its proxy and trusts its authority reaches it under the names of Azure's hosts.
    """
    with TemporaryDirectory(prefix="keyaudit-azure-") as folder:
        vouched = authority(Path(folder))
        layer = Layer(world, now, page_size)
        with serving(vouched.context, layer, now) as server:
            yield AzureSimulator(server.url, str(vouched.certificate), layer, server)
