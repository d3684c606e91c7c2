"""Whether a service exists in a region at all: what the SDK's list of regions and the name service say together.

A name that does not resolve is no proof: a resolver can be down or know only the names of a company. The SDK's list is
none either: it is as old as the SDK. Both together are, and so is a sister service of the same region that answers.
"""

from __future__ import annotations

import functools
import re
import socket
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from scanner.collect.interface import CallError
from scanner.model.observation import GapReason

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError

NOT_OFFERED = "ServiceNotInRegion"
"""Error code: the SDK does not list the service in the region, and its endpoint has no name there."""
NO_ENDPOINT = "NoSuchEndpoint"
"""Error code: the endpoint has no name there, and the SDK does not list where the service is."""

_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
"""What a resolver says of a name that is not there. ``EAI_AGAIN`` says that it does not know."""


class Client(Protocol):
    """Where a client of botocore asks: its ``meta``."""

    @property
    def endpoint_url(self) -> str:
        """Base URL."""
        ...

    @property
    def region_name(self) -> str:
        """Region."""
        ...


def missing_endpoint(error: BotoCoreError, service: str, client: Client) -> CallError | None:
    """Return what a failed call says of a service that is not in a region, or None when it does not say that.

    Only for the provider's own endpoints: what one lacks that the estate file, the environment or the AWS configuration
    names is not the provider's doing.
    """
    from botocore.exceptions import EndpointConnectionError

    region, host = client.region_name, urlsplit(client.endpoint_url).hostname or ""
    # In a region that is newer than the SDK, or none at all, nothing is known of what it offers.
    own = [p["dnsSuffix"] for p in _partitions() if region in p["regions"]]
    if not any(host.endswith(f".{region}.{suffix}") for suffix in own):
        return None
    listed = offered(service, region)
    if listed or not isinstance(error, EndpointConnectionError) or not _has_no_name(error):
        return None
    said = "does not tell where" if listed is None else f"does not list {region} where"
    detail = f"{error}: the name does not resolve, and the SDK {said} {service} is"
    return CallError(GapReason.UNSUPPORTED, code=NO_ENDPOINT if listed is None else NOT_OFFERED, detail=detail)


def _has_no_name(error: BaseException) -> bool:
    return any(isinstance(one, socket.gaierror) and one.errno in _NO_SUCH_NAME for one in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what led to an error, as far as botocore and urllib3 tell."""
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        one = queue.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            queue += [one.__cause__, getattr(one, "kwargs", {}).get("error")]


def offered(service: str, region: str) -> bool | None:
    """Tell whether the installed botocore lists a service in a region; None: it lists neither yes nor no."""
    partitions = _partitions()
    if not any(service in partition["services"] for partition in partitions):
        return None
    for partition in partitions:
        if re.fullmatch(partition["regionRegex"], region):
            if region not in partition["regions"]:
                return None  # a region that is newer than the SDK
            return region in partition["services"].get(service, {}).get("endpoints", {})
    return None


@functools.cache
def _partitions() -> tuple[Mapping[str, Any], ...]:
    from botocore.loaders import Loader

    # The data of the installed botocore alone, as for its service models: not what lies in ~/.aws/models.
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return tuple(loader.load_data("endpoints")["partitions"])
