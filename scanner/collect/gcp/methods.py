"""The REST methods of Google Cloud that are used: verb, host, path. Nothing else can leave this machine.

Names are the ids of Google's discovery documents (``cloudkms.projects.locations.list``) with the service in front.
Paths are those of the REST references of Cloud KMS v1, Resource Manager v3, IAM v1 and Cloud Logging v2.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason

PROJECT = r"projects/(?:[a-z0-9.-]+:)?[a-z0-9][a-z0-9-]*"
LOCATION = rf"{PROJECT}/locations/[a-z0-9-]+"
_ID = r"[A-Za-z0-9_-]{1,63}"
RING = rf"{LOCATION}/keyRings/{_ID}"
KEY = rf"{RING}/cryptoKeys/{_ID}"
VERSION = rf"{KEY}/cryptoKeyVersions/[0-9]+"
CONNECTION = rf"{LOCATION}/ekmConnections/{_ID}"
FOLDER = r"folders/[0-9]+"
ORGANIZATION = r"organizations/[0-9]+"
ROLE = r"(?:projects/[a-z0-9.:-]+/|organizations/[0-9]+/)?roles/[A-Za-z0-9_.]+"

_NAMED = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Method:
    """One REST method."""

    service: str
    """Host name below ``googleapis.com``."""
    path: str
    """With the names of the parameters that stand in it: ``v1/{parent}/keyRings``."""
    shapes: Mapping[str, str]
    """Parameter of the path to the regular expression of what may stand there."""
    query: tuple[str, ...] = ()
    """Parameters that go into the query."""
    fixed: Mapping[str, str] | None = None
    """Query that goes with every call."""
    body: Mapping[str, Json] | None = None
    """What is posted; None: the verb is GET."""

    @property
    def verb(self) -> str:
        """``GET``, or ``POST`` for the reads that Google made one."""
        return "GET" if self.body is None else "POST"

    @property
    def pattern(self) -> re.Pattern[str]:
        """What the path of a call looks like, from its first slash on."""
        parts = _NAMED.split(self.path)
        # Every other part is the name of a parameter.
        whole = "".join(self.shapes[part] if i % 2 else re.escape(part) for i, part in enumerate(parts))
        return re.compile(f"/{whole}")

    def address(self, params: Mapping[str, Json]) -> str:
        """Return path and query of a call. Raises CallError for parameters that are none of it."""
        inside = set(_NAMED.findall(self.path))
        if not inside <= params.keys() <= inside | set(self.query):
            raise CallError(GapReason.FAILED, code="BadParameters", detail=f"not what {self.path} takes")
        for name in inside:
            if not re.fullmatch(self.shapes[name], str(params[name])):
                detail = f"{params[name]!r} is no name that can stand in a URL of Google Cloud"
                raise CallError(GapReason.MALFORMED, code="BadName", detail=detail)
        path = _NAMED.sub(lambda found: quote(str(params[found[1]]), safe="/:"), self.path)
        query = {**(self.fixed or {}), **{name: str(params[name]) for name in self.query if name in params}}
        return f"/{path}?{urlencode(query)}" if query else f"/{path}"


def _kms(path: str, name: str, shape: str, *, pages: bool = True, **fixed: str) -> Method:
    asked = ("pageSize", "pageToken") if pages else ()
    return Method("cloudkms", path, {name: shape}, asked, {key.replace("_", "."): v for key, v in fixed.items()})


_POLICY = {"options_requestedPolicyVersion": "3"}
"""Conditions are left out of policies of older versions."""


def _policy_of(shape: str) -> Method:
    asked: dict[str, Json] = {"options": {"requestedPolicyVersion": 3}}
    return Method("cloudresourcemanager", "v3/{resource}:getIamPolicy", {"resource": shape}, body=asked)


METHODS: Mapping[str, Method] = {
    "cloudkms:projects.locations.list": _kms("v1/{name}/locations", "name", PROJECT),
    "cloudkms:projects.locations.keyRings.list": _kms("v1/{parent}/keyRings", "parent", LOCATION),
    "cloudkms:projects.locations.keyRings.getIamPolicy": _kms(
        "v1/{resource}:getIamPolicy", "resource", RING, pages=False, **_POLICY
    ),
    "cloudkms:projects.locations.keyRings.cryptoKeys.list": _kms(
        "v1/{parent}/cryptoKeys", "parent", RING, versionView="FULL"
    ),
    "cloudkms:projects.locations.keyRings.cryptoKeys.getIamPolicy": _kms(
        "v1/{resource}:getIamPolicy", "resource", KEY, pages=False, **_POLICY
    ),
    "cloudkms:projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.list": _kms(
        "v1/{parent}/cryptoKeyVersions", "parent", KEY, view="FULL"
    ),
    "cloudkms:projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.getPublicKey": _kms(
        "v1/{name}/publicKey", "name", VERSION, pages=False
    ),
    "cloudkms:projects.locations.keyRings.importJobs.list": _kms("v1/{parent}/importJobs", "parent", RING),
    "cloudkms:projects.locations.ekmConnections.list": _kms("v1/{parent}/ekmConnections", "parent", LOCATION),
    "cloudkms:projects.locations.ekmConnections.verifyConnectivity": _kms(
        "v1/{name}:verifyConnectivity", "name", CONNECTION, pages=False
    ),
    "cloudresourcemanager:projects.get": Method("cloudresourcemanager", "v3/{name}", {"name": PROJECT}),
    "cloudresourcemanager:projects.getIamPolicy": _policy_of(PROJECT),
    "cloudresourcemanager:folders.get": Method("cloudresourcemanager", "v3/{name}", {"name": FOLDER}),
    "cloudresourcemanager:folders.getIamPolicy": _policy_of(FOLDER),
    "cloudresourcemanager:organizations.getIamPolicy": _policy_of(ORGANIZATION),
    "iam:roles.get": Method("iam", "v1/{name}", {"name": ROLE}),
    "logging:projects.locations.buckets.list": Method(
        "logging", "v2/{parent}/locations/-/buckets", {"parent": PROJECT}, ("pageSize", "pageToken")
    ),
    "logging:projects.sinks.list": Method(
        "logging", "v2/{parent}/sinks", {"parent": PROJECT}, ("pageSize", "pageToken")
    ),
}


def permits(methods: Collection[str], verb: str, path: str) -> bool:
    """Tell whether one of ``methods`` sends ``verb`` to ``path`` (without the query)."""
    return any(METHODS[name].verb == verb and METHODS[name].pattern.fullmatch(path) for name in methods)
