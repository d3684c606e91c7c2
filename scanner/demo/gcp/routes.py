"""Which request of the simulated Google Cloud is which method, and what answers it. Names are Google's method ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scanner.demo.gcp import crypto, lifecycle, shapes
from scanner.demo.gcp.refusals import RefusalError, no_such
from scanner.demo.gcp.state import State
from scanner.demo.gcp.world import Ring

Json = dict[str, Any]
Answer = Callable[[State, str, Json], Json]
"""Takes the state, the resource and the body of a request. Raises RefusalError."""

_PROJECT = r"projects/[^/]+"
_LOCATION = rf"{_PROJECT}/locations/[^/:]+"
_RING = rf"{_LOCATION}/keyRings/[^/:]+"
_KEY = rf"{_RING}/cryptoKeys/[^/:]+"
_VERSION = rf"{_KEY}/cryptoKeyVersions/[^/:]+"
_KEYS = "cloudkms:projects.locations.keyRings.cryptoKeys"
_AUTH = "https://www.googleapis.com/auth/"
ALL = f"{_AUTH}cloud-platform"
SCOPES: Mapping[str, frozenset[str]] = {
    "cloudkms": frozenset({ALL, f"{_AUTH}cloudkms"}),
    "cloudresourcemanager": frozenset({ALL, f"{_AUTH}cloud-platform.read-only"}),
    "iam": frozenset({ALL, f"{_AUTH}iam"}),
    "logging": frozenset({ALL, f"{_AUTH}cloud-platform.read-only"}),
}
"""Service to the scopes of which it takes any."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method."""

    operation: str
    verb: str
    path: re.Pattern[str]
    """Its first group is the resource."""
    answer: Answer
    items: str = ""
    """What it lists; empty: it lists nothing."""


def _get_policy(state: State, name: str, _: Json) -> Json:
    if name not in state.policies:
        raise no_such(name)
    return state.policies[name]


def _project(state: State, name: str, _: Json) -> Json:
    return shapes.project(state.project(name), state.now)


def _folder(state: State, name: str, _: Json) -> Json:
    found = next((one for one in state.world.above if one.name == name), None)
    if found is None:
        raise RefusalError("PERMISSION_DENIED", f"The caller does not have permission on {name}")
    return shapes.folder(found, state.now)


def _role(state: State, name: str, _body: Json) -> Json:
    owner, _, last = name.rpartition("/roles/")
    project = state.projects.get(owner.removeprefix("projects/"))
    found = next((one for one in project.roles if one.name == last), None) if project is not None else None
    if found is None:
        raise no_such(name)
    return shapes.lean(
        {
            "name": name,
            "title": last,
            "includedPermissions": list(found.permissions),
            "stage": "GA",
            "etag": shapes.etag({"name": name}),
            "deleted": found.deleted,
        }
    )


def _buckets(state: State, name: str, _: Json) -> Json:
    return {"buckets": list(shapes.buckets(state.project(name), state.now))}


def _sinks(state: State, name: str, _: Json) -> Json:
    return {"sinks": list(shapes.sinks(state.project(name)))}


def _locations(state: State, name: str, _: Json) -> Json:
    project = state.project(name)
    return {"locations": [shapes.location(project, one) for one in project.locations]}


def _rings_in(state: State, place: str) -> Iterator[tuple[str, Ring]]:
    project = state.project(place.partition("/locations/")[0])
    if place.rpartition("/")[2] not in project.locations:
        raise RefusalError("INVALID_ARGUMENT", f"{place} is no location of Cloud KMS.")
    for ring in project.rings:
        if project.ring_name(ring).startswith(f"{place}/"):
            yield project.ring_name(ring), ring


def _rings(state: State, place: str, _: Json) -> Json:
    return {"keyRings": [shapes.ring(name, one, state.now) for name, one in _rings_in(state, place)]}


def _jobs(state: State, ring: str, _: Json) -> Json:
    found = dict(_rings_in(state, ring.partition("/keyRings/")[0])).get(ring)
    if found is None:
        raise no_such(ring)
    return {"importJobs": [shapes.import_job(f"{ring}/importJobs/{one}", found, state.now) for one in found.jobs]}


def _connections(state: State, place: str, _: Json) -> Json:
    project = state.project(place.partition("/locations/")[0])
    here = [one for one in project.connections if one.location == place.rpartition("/")[2]]
    return {"ekmConnections": [shapes.connection(f"{place}/ekmConnections/{one.name}", one, state.now) for one in here]}


def _connectivity(state: State, name: str, _: Json) -> Json:
    project = state.project(name.partition("/locations/")[0])
    here = (one for one in project.connections if name.endswith(f"{one.location}/ekmConnections/{one.name}"))
    found = next(here, None)
    if found is None:
        raise no_such(name)
    if found.broken:
        raise RefusalError("FAILED_PRECONDITION", f"Could not connect to {found.host}.", "EKM_UNREACHABLE")
    return {}


def _keys(state: State, ring: str, _: Json) -> Json:
    if ring not in state.policies:
        raise no_such(ring)
    return {"cryptoKeys": [held.whole() for held in state.keys.values() if held.ring == ring]}


def _versions(state: State, key: str, _: Json) -> Json:
    return {"cryptoKeyVersions": list(state.key(key).versions.values())}


def _key(state: State, name: str, _: Json) -> Json:
    return state.key(name).whole()


def _version(state: State, name: str, _: Json) -> Json:
    held, number = state.version(name)
    return dict(held.versions[number])


def _public_key(state: State, name: str, _: Json) -> Json:
    return crypto.public_key(state, name)


def _route(operation: str, verb: str, path: str, answer: Answer, items: str = "") -> Route:
    return Route(operation, verb, re.compile(path), answer, items)


_V = f"{_KEYS}.cryptoKeyVersions"
ROUTES: tuple[Route, ...] = (
    _route("cloudkms:projects.locations.list", "GET", rf"/v1/({_PROJECT})/locations", _locations, "locations"),
    _route("cloudkms:projects.locations.keyRings.list", "GET", rf"/v1/({_LOCATION})/keyRings", _rings, "keyRings"),
    _route("cloudkms:projects.locations.keyRings.getIamPolicy", "GET", rf"/v1/({_RING}):getIamPolicy", _get_policy),
    _route(
        "cloudkms:projects.locations.keyRings.importJobs.list", "GET", rf"/v1/({_RING})/importJobs", _jobs, "importJobs"
    ),
    _route(
        "cloudkms:projects.locations.ekmConnections.list",
        "GET",
        rf"/v1/({_LOCATION})/ekmConnections",
        _connections,
        "ekmConnections",
    ),
    _route(
        "cloudkms:projects.locations.ekmConnections.verifyConnectivity",
        "GET",
        rf"/v1/({_LOCATION}/ekmConnections/[^/:]+):verifyConnectivity",
        _connectivity,
    ),
    _route(f"{_KEYS}.list", "GET", rf"/v1/({_RING})/cryptoKeys", _keys, "cryptoKeys"),
    _route(f"{_KEYS}.get", "GET", rf"/v1/({_KEY})", _key),
    _route(f"{_KEYS}.getIamPolicy", "GET", rf"/v1/({_KEY}):getIamPolicy", _get_policy),
    _route(f"{_KEYS}.encrypt", "POST", rf"/v1/({_KEY}(?:/cryptoKeyVersions/[^/:]+)?):encrypt", crypto.encrypt),
    _route(f"{_KEYS}.decrypt", "POST", rf"/v1/({_KEY}):decrypt", crypto.decrypt),
    _route(f"{_KEYS}.updatePrimaryVersion", "POST", rf"/v1/({_KEY}):updatePrimaryVersion", lifecycle.set_primary),
    _route(f"{_V}.list", "GET", rf"/v1/({_KEY})/cryptoKeyVersions", _versions, "cryptoKeyVersions"),
    _route(f"{_V}.get", "GET", rf"/v1/({_VERSION})", _version),
    _route(f"{_V}.create", "POST", rf"/v1/({_KEY})/cryptoKeyVersions", lifecycle.create),
    _route(f"{_V}.patch", "PATCH", rf"/v1/({_VERSION})", lifecycle.patch),
    _route(f"{_V}.destroy", "POST", rf"/v1/({_VERSION}):destroy", lifecycle.destroy),
    _route(f"{_V}.restore", "POST", rf"/v1/({_VERSION}):restore", lifecycle.restore),
    _route(f"{_V}.asymmetricSign", "POST", rf"/v1/({_VERSION}):asymmetricSign", crypto.sign),
    _route(f"{_V}.getPublicKey", "GET", rf"/v1/({_VERSION})/publicKey", _public_key),
    _route("cloudresourcemanager:projects.get", "GET", rf"/v3/({_PROJECT})", _project),
    _route("cloudresourcemanager:projects.getIamPolicy", "POST", rf"/v3/({_PROJECT}):getIamPolicy", _get_policy),
    _route("cloudresourcemanager:folders.get", "GET", r"/v3/(folders/[0-9]+)", _folder),
    _route("cloudresourcemanager:folders.getIamPolicy", "POST", r"/v3/(folders/[0-9]+):getIamPolicy", _get_policy),
    _route(
        "cloudresourcemanager:organizations.getIamPolicy",
        "POST",
        r"/v3/(organizations/[0-9]+):getIamPolicy",
        _get_policy,
    ),
    _route("iam:roles.get", "GET", r"/v1/((?:projects/[^/]+/|organizations/[0-9]+/)?roles/[A-Za-z0-9_.]+)", _role),
    _route(
        "logging:projects.locations.buckets.list", "GET", rf"/v2/({_PROJECT})/locations/-/buckets", _buckets, "buckets"
    ),
    _route("logging:projects.sinks.list", "GET", rf"/v2/({_PROJECT})/sinks", _sinks, "sinks"),
)


def find(verb: str, path: str) -> tuple[Route, str] | None:
    """Return the method of a request and the resource that it is about, or None."""
    for route in ROUTES:
        found = route.path.fullmatch(path) if route.verb == verb else None
        if found is not None:
            return route, found[1]
    return None
