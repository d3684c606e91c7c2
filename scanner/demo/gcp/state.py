"""What the simulated Google Cloud holds: resources by name, as a world has them, and what became of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scanner.demo.aws.faults import Fault
from scanner.demo.gcp import shapes
from scanner.demo.gcp.refusals import RefusalError, no_such
from scanner.demo.gcp.world import GoogleCloud, Key, Project

Json = dict[str, Any]
USABLE = "ENABLED"


@dataclass(slots=True)
class HeldKey:
    """A key with its versions."""

    body: Json
    ring: str
    level: str
    versions: dict[int, Json]
    primary: int | None
    window_days: int
    """Between a scheduled destruction and the destruction."""
    secrets: dict[int, bytes] = field(default_factory=dict)
    """32 bytes of each version that has material."""

    def whole(self) -> Json:
        """Return the key as it is listed."""
        return {**self.body, "primary": self.versions[self.primary]} if self.primary else dict(self.body)


class State:
    """Resources of every project. Safe from several threads, as far as one call holds :attr:`lock`."""

    def __init__(self, world: GoogleCloud, now: datetime) -> None:
        self.world = world
        self.now = now
        self.lock = threading.RLock()
        self.projects = {project.id: project for project in world.projects}
        self.policies: dict[str, Json] = {}
        self.keys: dict[str, HeldKey] = {}
        for above in world.above:
            self.policies[above.name] = shapes.policy(above.policy, above.audit)
        for project in world.projects:
            self.policies[project.resource] = shapes.policy(project.policy, project.audit)
            for ring in project.rings:
                self.policies[project.ring_name(ring)] = shapes.policy(ring.policy)
            for name, ring, key in project.key_names():
                self.policies[name] = shapes.policy(key.policy)
                self.keys[name] = self._held(name, project.ring_name(ring), key)

    def _held(self, name: str, ring: str, key: Key) -> HeldKey:
        numbered = dict(enumerate(key.all_versions, 1))
        return HeldKey(
            body=shapes.key(name, ring, key, self.now),
            ring=ring,
            level=key.protection,
            versions={
                number: shapes.version(version_name(name, number), ring, key, one, self.now)
                for number, one in numbered.items()
            },
            primary=key.primary_number,
            window_days=key.destroy_after_days,
            secrets={number: os.urandom(32) for number in numbered},
        )

    def denials(self) -> Iterator[Fault]:
        """Yield what the world says may not be read."""
        for above in self.world.above:
            yield from _denied(above.denied, f"{above.name}\n")
        for project in self.world.projects:
            # A project's denials are about everything in it.
            yield from _denied(project.denied, project.resource)
            for name, _, key in project.key_names():
                yield from _denied(key.denied, f"{name}\n")

    def project(self, name: str) -> Project:
        """Return a project by its resource name. Raises RefusalError: Google does not tell whether there is one."""
        found = self.projects.get(name.removeprefix("projects/"))
        if found is None:
            raise RefusalError("PERMISSION_DENIED", f"The caller does not have permission on {name}")
        return found

    def key(self, name: str) -> HeldKey:
        """Return a key. Raises RefusalError."""
        if name not in self.keys:
            raise no_such(name)
        return self.keys[name]

    def version(self, name: str) -> tuple[HeldKey, int]:
        """Return the key of a version, and the version's number. Raises RefusalError."""
        key, _, number = name.partition("/cryptoKeyVersions/")
        held = self.key(key)
        if not number.isdecimal() or int(number) not in held.versions:
            raise no_such(name)
        return held, int(number)


def _denied(operations: list[str], subject: str) -> Iterator[Fault]:
    return (Fault("deny", operation, subject=subject) for operation in operations)


def version_name(key: str, number: int) -> str:
    """Return the resource name of a version."""
    return f"{key}/cryptoKeyVersions/{number}"
