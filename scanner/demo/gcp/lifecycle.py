"""How versions of the simulated Cloud KMS come to be, rest, and go."""

from __future__ import annotations

import os
from typing import Any

from scanner.demo.gcp import shapes
from scanner.demo.gcp.refusals import RefusalError
from scanner.demo.gcp.state import USABLE, State, version_name

Json = dict[str, Any]
_CODES = {1: "ENABLED", 2: "DISABLED"}
"""Google's own libraries write enumerations as numbers."""


def create(state: State, key: str, body: Json) -> Json:
    """Make a new version: with new material, and not the primary one. Raises RefusalError."""
    del body
    held = state.key(key)
    number = max(held.versions) + 1
    last = held.versions[number - 1]
    moment = shapes.ago(state.now, 0)
    held.versions[number] = {
        **{name: last[name] for name in ("protectionLevel", "algorithm")},
        "name": version_name(key, number),
        "state": USABLE,
        "createTime": moment,
        "generateTime": moment,
    }
    held.secrets[number] = os.urandom(32)
    return dict(held.versions[number])


def set_primary(state: State, key: str, body: Json) -> Json:
    """Make an enabled version the primary one. Raises RefusalError."""
    held = state.key(key)
    wanted = str(body.get("cryptoKeyVersionId", ""))
    number = int(wanted) if wanted.isdecimal() else 0
    if number not in held.versions or held.versions[number]["state"] != USABLE:
        raise RefusalError("FAILED_PRECONDITION", f"{version_name(key, number)} is not an enabled version.")
    held.primary = number
    return held.whole()


def patch(state: State, name: str, body: Json) -> Json:
    """Enable or disable a version. Raises RefusalError."""
    held, number = state.version(name)
    asked = body.get("state")
    wanted = _CODES.get(asked) if isinstance(asked, int) else asked
    if wanted not in _CODES.values() or held.versions[number]["state"] not in _CODES.values():
        raise RefusalError("FAILED_PRECONDITION", f"{name} cannot go from {held.versions[number]['state']} to {asked}.")
    held.versions[number]["state"] = wanted
    return dict(held.versions[number])


def destroy(state: State, name: str, body: Json) -> Json:
    """Schedule the destruction of a version's material. Raises RefusalError."""
    del body
    held, number = state.version(name)
    if held.versions[number]["state"] not in _CODES.values():
        raise RefusalError("FAILED_PRECONDITION", f"{name} is {held.versions[number]['state']}.")
    held.versions[number] |= {"state": "DESTROY_SCHEDULED", "destroyTime": shapes.ago(state.now, -held.window_days)}
    return dict(held.versions[number])


def restore(state: State, name: str, body: Json) -> Json:
    """Take a scheduled destruction back: the version is disabled then. Raises RefusalError."""
    del body
    held, number = state.version(name)
    if held.versions[number]["state"] != "DESTROY_SCHEDULED":
        raise RefusalError("FAILED_PRECONDITION", f"{name} is {held.versions[number]['state']}, not DESTROY_SCHEDULED.")
    held.versions[number] = {**held.versions[number], "state": "DISABLED"}
    held.versions[number].pop("destroyTime")
    return dict(held.versions[number])
