"""What the simulated vaults and managed HSMs hold at one instant, and how calls change it."""

from __future__ import annotations

import json
import re
import threading
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from scanner.demo.azure import material
from scanner.demo.azure.wire import Json, Refused
from scanner.demo.azure.world import AzureWorld
from scanner.demo.azure.world_parts import NAMESPACE, Key, ManagedHsm, Vault

UNITS = {"Y": 365, "M": 30, "W": 7, "D": 1}
RELEASE = {"version": "1.0.0", "anyOf": [{"authority": "https://sharedeus2.eus2.attest.azure.net/", "allOf": []}]}
"""A release policy: any environment that the authority attests."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a key."""

    id: str
    made: datetime
    updated: datetime
    enabled: bool = True
    active: datetime | None = None
    expires: datetime | None = None


@dataclass(slots=True)
class Kept:
    """A key with its versions, the newest last."""

    key: Key
    versions: list[Version]
    deleted: datetime | None = None

    @property
    def newest(self) -> Version:
        """Return the current version."""
        return self.versions[-1]


@dataclass(slots=True)
class Safe:
    """A vault or a managed HSM."""

    container: Vault | ManagedHsm
    world: AzureWorld
    now: datetime
    keys: dict[str, Kept] = field(default_factory=dict)
    """By name in lower case."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        for key in self.container.keys:
            self.keys[key.name.lower()] = self._kept(key)

    def _kept(self, key: Key) -> Kept:
        made = [self.now - timedelta(days=days) for days in sorted({key.age_days, *key.rotated_days_ago}, reverse=True)]
        identity = f"{self.container.name}/{key.name}"
        versions = [Version(uuid.uuid5(NAMESPACE, f"{identity}/{n}").hex, at, at) for n, at in enumerate(made)]
        versions[-1] = replace(
            versions[-1],
            enabled=key.enabled,
            active=_in(self.now, key.active_in_days),
            expires=_in(self.now, key.expires_in_days),
        )
        ago = key.deleted_days_ago
        return Kept(key, versions, None if ago is None else self.now - timedelta(days=ago))

    @property
    def host(self) -> str:
        """Return the host of the data plane."""
        cloud = self.world.endpoints
        suffix = cloud.vault if isinstance(self.container, Vault) else cloud.hsm
        return f"{self.container.name.lower()}.{suffix}"

    @property
    def kind(self) -> str:
        """Return what it is called in paths."""
        return "vaults" if isinstance(self.container, Vault) else "managedHSMs"

    @property
    def id(self) -> str:
        """Return its resource id."""
        group = f"/subscriptions/{self.world.subscription(self.container.subscription)}/resourceGroups"
        return f"{group}/{self.container.group}/providers/Microsoft.KeyVault/{self.kind}/{self.container.name}"

    def find(self, name: str, *, deleted: bool = False) -> Kept:
        """Return a key. Raises Refused when there is none of that name, or not in that state."""
        kept = self.keys.get(name.lower())
        if kept is None or (kept.deleted is not None) is not deleted:
            kind = "deleted key" if deleted else "key"
            text = f"A {kind} with (name/id) {name} was not found in this key vault. If you recently deleted this key \
you may be able to recover it using the correct recovery command. For help resolving this issue, please see \
https://go.microsoft.com/fwlink/?linkid=2125182"
            raise Refused(404, "KeyNotFound", text)
        return kept

    def version(self, kept: Kept, identity: str) -> Version:
        """Return a version of a key, the newest without an id. Raises Refused when there is none."""
        found = [one for one in kept.versions if one.id == identity.lower()] if identity else [kept.newest]
        if not found:
            raise Refused(404, "KeyNotFound", f"A key with (name/id) {kept.key.name}/{identity} was not found.")
        return found[0]

    def private(self, kept: Kept, version: Version) -> material.Private:
        """Return the material of a version."""
        return material.of(kept.key, f"{self.host}/{kept.key.name}/{version.id}")

    def change(self, kept: Kept, version: Version, changed: Version) -> None:
        """Put a changed version in the place of the old one."""
        with self.lock:
            kept.versions[kept.versions.index(version)] = changed

    def rotate(self, kept: Kept) -> Version:
        """Make a new version. It expires as the rotation policy says."""
        rotation = kept.key.rotation
        days = length(rotation.expiry) if rotation is not None and rotation.expiry else None
        with self.lock:
            made = Version(uuid.uuid4().hex, self.now, self.now, expires=_in(self.now, days))
            kept.versions.append(made)
            return made

    def kid(self, kept: Kept, version: Version | None = None, *, deleted: bool = False) -> str:
        """Return the URI of a key or of one of its versions."""
        folder = "deletedkeys" if deleted else "keys"
        return f"https://{self.host}/{folder}/{kept.key.name}" + (f"/{version.id}" if version else "")

    def attributes(self, kept: Kept, version: Version) -> Json:
        """Return the attributes of a version, in the data plane's shape."""
        told: Json = {"enabled": version.enabled}
        if version.active is not None:
            told["nbf"] = seconds(version.active)
        if version.expires is not None:
            told["exp"] = seconds(version.expires)
        told |= {"created": seconds(version.made), "updated": seconds(version.updated)}
        told |= {"recoveryLevel": self.recovery, "recoverableDays": self.container.soft_delete_days}
        told |= {"exportable": kept.key.exportable, "hsmPlatform": kept.key.hsm_platform}
        return told

    @property
    def recovery(self) -> str:
        """Return the recovery level, from soft delete and purge protection."""
        if not self.container.soft_delete:
            return "Purgeable"
        level = "Recoverable" if self.container.soft_delete_days == 90 else "CustomizedRecoverable"
        return level if self.container.purge_protection else f"{level}+Purgeable"

    def bundle(self, kept: Kept, version: Version) -> Json:
        """Return a version with its public members, in the data plane's shape."""
        key = kept.key
        web: Json = {"kid": self.kid(kept, version), "kty": key.kty, "key_ops": list(key.ops)}
        if key.kty.startswith("EC"):
            web["crv"] = key.curve
        if key.kty == "oct-HSM":
            web["key_size"] = key.bits
        web |= material.public(self.private(kept, version))
        told: Json = {"key": web, "attributes": self.attributes(kept, version), "tags": dict(key.tags)}
        return told | self.extras(kept)

    def extras(self, kept: Kept) -> Json:
        """Return the members that only some keys have."""
        told: Json = {"managed": True} if kept.key.cert else {}
        if kept.key.released:
            data = material.encode(json.dumps(RELEASE).encode())
            told["release_policy"] = {
                "contentType": "application/json; charset=utf-8",
                "data": data,
                "immutable": False,
            }
        return told

    def deletion(self, kept: Kept, deleted: datetime) -> Json:
        """Return what is told of a deleted key beside the key."""
        purge = deleted + timedelta(days=self.container.soft_delete_days)
        recovery = self.kid(kept, deleted=True)
        return {"recoveryId": recovery, "deletedDate": seconds(deleted), "scheduledPurgeDate": seconds(purge)}

    def policy(self, kept: Kept) -> Json:
        """Return the rotation policy in the data plane's shape. A key that was given none has the service's own."""
        told: Json = {"id": f"{self.kid(kept)}/rotationpolicy"}
        rotation = kept.key.rotation
        if rotation is None:
            notify = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}
            return {**told, "lifetimeActions": [notify], "attributes": {}}
        actions: list[Json] = []
        if rotation.after_create:
            actions.append({"trigger": {"timeAfterCreate": rotation.after_create}, "action": {"type": "Rotate"}})
        if rotation.before_expiry:
            actions.append({"trigger": {"timeBeforeExpiry": rotation.before_expiry}, "action": {"type": "Rotate"}})
        if rotation.notify_before:
            actions.append({"trigger": {"timeBeforeExpiry": rotation.notify_before}, "action": {"type": "Notify"}})
        made = seconds(kept.versions[0].made)
        attributes: Json = {"created": made, "updated": made}
        if rotation.expiry:
            attributes["expiryTime"] = rotation.expiry
        return {**told, "lifetimeActions": actions, "attributes": attributes}


def _in(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now + timedelta(days=days)


def length(duration: str) -> int:
    """Return the days of an ISO 8601 duration, with years of 365 days and months of 30."""
    return sum(int(count) * UNITS[unit] for count, unit in re.findall(r"([0-9]+)([YMWD])", duration))


def seconds(at: datetime) -> int:
    """Return an instant as Key Vault writes it."""
    return int(at.timestamp())


def stamp(at: datetime) -> str:
    """Return an instant as Resource Manager writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
