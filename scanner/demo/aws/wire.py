"""Which operation an AWS request is, whatever protocol it speaks: read from botocore's own service models."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.loaders
from botocore.exceptions import UnknownServiceError

TARGETS = {
    "TrentService": "kms",
    "AWSOrganizationsV20161128": "organizations",
    "DynamoDB_20120810": "dynamodb",
    "BaldrApiService": "cloudhsmv2",
    "secretsmanager": "secretsmanager",
    "Logs_20140328": "logs",
    "CloudTrail_20131101": "cloudtrail",
    "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101": "cloudtrail",
}
"""Prefix of ``X-Amz-Target`` to the name of the service."""

SIGNING = {"bedrock": ("bedrock", "bedrock-agent"), "access-analyzer": ("accessanalyzer",), "cloudhsm": ("cloudhsmv2",)}
"""Name that requests are signed for to the services that use it, where these differ."""

_CBOR = re.compile(r"/service/[^/]+/operation/([^/]+)")


@dataclass(frozen=True, slots=True)
class Understood:
    """A request's service, operation and parameters."""

    service: str
    name: str
    params: dict[str, Any]


def understand(
    signed_for: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> Understood:
    """Return what a request asks. ``signed_for`` is the service in its signature; an unknown request has no name."""
    prefix, _, name = headers.get("x-amz-target", "").rpartition(".")
    if name:
        return Understood(TARGETS.get(prefix, signed_for), name, _json(body))
    match = _CBOR.search(path)
    if match:
        return Understood(SIGNING.get(signed_for, (signed_for,))[0], match[1], {})
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        return Understood(signed_for, form.pop("Action", ""), form)
    given = {key: values[0] for key, values in parse_qs(query, keep_blank_values=True).items()}
    for service in SIGNING.get(signed_for, (signed_for,)):
        for route in routes(service):
            found = route.match(method, path, given)
            if found is not None:
                return Understood(service, route.name, {**found, **given, **_json(body)})
    return Understood(signed_for, "", {})


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class Route:
    """The method, path and query of one operation of a REST protocol."""

    name: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, str | None]
    """Members of the query that the request must have; None for any value."""

    def match(self, method: str, path: str, query: Mapping[str, str]) -> dict[str, str] | None:
        """Return the parameters in the path, or None when the request is another operation."""
        found = self.path.fullmatch(path)
        if method != self.method or found is None:
            return None
        if any(name not in query or value not in {None, query[name]} for name, value in self.query.items()):
            return None
        return {name: unquote(value) for name, value in found.groupdict().items() if value}


@functools.cache
def routes(service: str) -> tuple[Route, ...]:
    """Return the routes of a REST service, the most particular first; none of a service that botocore lacks."""
    try:
        model = botocore.loaders.Loader().load_service_model(service, "service-2")
    except UnknownServiceError:
        return ()
    # Of two operations with one address (s3:GetBucketLifecycle and GetBucketLifecycleConfiguration), nobody uses the
    # deprecated one.
    found = [
        (operation.get("deprecated", False), _route(name, operation["http"]))
        for name, operation in model["operations"].items()
    ]
    found.sort(key=lambda one: (-len(one[1].query), -len(one[1].path.pattern), one[0], one[1].name))
    return tuple(route for _, route in found)


def _route(name: str, http: Mapping[str, str]) -> Route:
    path, _, query = http["requestUri"].partition("?")
    wanted = {key: value or None for key, value in _pairs(query)}
    pattern = re.sub(r"\\\{(\w+)(\\\+)?\\\}", _placeholder, re.escape(path))
    return Route(name, http["method"], re.compile(pattern + "/?"), wanted)


def _placeholder(match: re.Match[str]) -> str:
    return f"(?P<{match[1]}>.+)" if match[2] else f"(?P<{match[1]}>[^/]+)"


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, query.split("&")):
        key, _, value = part.partition("=")
        yield key, value
