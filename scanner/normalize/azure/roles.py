"""What may be done to a key of Azure, and what roles and access policies allow of it.

Actions and data actions are those that Azure documents for Microsoft.KeyVault (learn.microsoft.com, "Azure permissions
for Security", and the built-in roles of Managed HSM). Updating and backing up a key is in neither list: Microsoft's own
role of a user, Key Vault Crypto User, may do both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from scanner.model.ids import Json
from scanner.normalize.reading import Object, text, texts

_KEYS = "Microsoft.KeyVault/vaults/keys"
_HSM = "Microsoft.KeyVault/managedHsm"
_USE = ("encrypt", "decrypt", "wrap", "unwrap", "sign", "verify", "release")

USES = frozenset(
    {
        *(f"{_KEYS}/{use}/action" for use in _USE),
        *(f"{_HSM}/keys/{use}/action" for use in _USE),
    }
)
"""Data actions that use a key cryptographically, or release its material to an attested environment."""
ADMINISTERS = frozenset(
    {
        f"{_KEYS}/create/action",
        f"{_KEYS}/import/action",
        f"{_KEYS}/delete",
        f"{_KEYS}/purge/action",
        f"{_KEYS}/recover/action",
        f"{_KEYS}/restore/action",
        f"{_KEYS}/rotate/action",
        "Microsoft.KeyVault/vaults/keyrotationpolicies/write",
        f"{_HSM}/keys/create",
        f"{_HSM}/keys/import/action",
        f"{_HSM}/keys/delete",
        f"{_HSM}/keys/write/action",
        f"{_HSM}/keys/rotate/action",
        f"{_HSM}/keys/restore/action",
        f"{_HSM}/keys/deletedKeys/delete",
        f"{_HSM}/keys/deletedKeys/recover/action",
        f"{_HSM}/roleAssignments/write/action",
        f"{_HSM}/roleAssignments/delete/action",
        f"{_HSM}/roleDefinitions/write/action",
        f"{_HSM}/securitydomain/upload/action",
        f"{_HSM}/securitydomain/download/action",
        f"{_HSM}/restore/start/action",
    }
)
"""Data actions that administer a key, or give others the right to."""
MANAGES = frozenset(
    {
        "Microsoft.Authorization/roleAssignments/write",
        "Microsoft.KeyVault/vaults/write",
        "Microsoft.KeyVault/vaults/delete",
        "Microsoft.KeyVault/vaults/accessPolicies/write",
        f"{_KEYS}/write",
    }
)
"""Actions of Azure Resource Manager by which somebody gives himself rights over keys, or makes or removes them."""

POLICY_USES = frozenset({"encrypt", "decrypt", "wrapkey", "unwrapkey", "sign", "verify", "release"})
POLICY_ADMINISTERS = frozenset(
    {"create", "import", "delete", "purge", "recover", "restore", "rotate", "setrotationpolicy"}
)
POLICY_OTHERS = frozenset({"get", "list", "update", "backup", "getrotationpolicy"})
"""The same of the permissions of an access policy, in lower case."""

CUSTOM = "CustomRole"


@dataclass(frozen=True, slots=True)
class Role:
    """What a role allows of keys."""

    name: str
    actions: tuple[str, ...]
    """Those of this module that it allows, sorted."""
    uses_not_action: bool
    """Somebody wrote data actions of keys as all but some."""

    @property
    def uses(self) -> bool:
        """Whether it may use keys."""
        return not USES.isdisjoint(self.actions)

    @property
    def administers(self) -> bool:
        """Whether it may administer keys."""
        return not (ADMINISTERS | MANAGES).isdisjoint(self.actions)

    def of_management(self) -> Role:
        """Return what is left of it where access policies decide on data actions."""
        return replace(self, actions=tuple(one for one in self.actions if one in MANAGES), uses_not_action=False)


def read_role(body: Object | None) -> Role | None:
    """Return what a role definition's ``properties`` allow of keys, or None when they are not understood."""
    name, permissions = text(body, "roleName"), body.get("permissions") if body is not None else None
    if name is None or not isinstance(permissions, list):
        return None
    allowed: set[str] = set()
    excepts = False
    for permission in permissions:
        read = _permission(permission)
        if read is None:
            return None
        allowed |= read.allowed
        excepts = excepts or read.excepts
    return Role(name, tuple(sorted(allowed)), excepts and text(body, "type") == CUSTOM)


@dataclass(frozen=True, slots=True)
class _Permission:
    allowed: frozenset[str]
    excepts: bool


def _permission(permission: Json) -> _Permission | None:
    if not isinstance(permission, dict):
        return None
    lists = {name: _patterns(permission, name) for name in ("actions", "notActions", "dataActions", "notDataActions")}
    if None in lists.values():
        return None
    known = {name: listed or () for name, listed in lists.items()}
    managed = _allowed(MANAGES, known["actions"], known["notActions"])
    touched = _allowed(USES | ADMINISTERS, known["dataActions"], known["notDataActions"])
    return _Permission(frozenset(managed | touched), bool(touched and known["notDataActions"]))


def _patterns(permission: Mapping[str, Json], name: str) -> tuple[str, ...] | None:
    return texts(dict(permission), name) if permission.get(name) is not None else ()


def _allowed(actions: Iterable[str], given: Iterable[str], excepted: Iterable[str]) -> set[str]:
    return {one for one in actions if _any(one, given) and not _any(one, excepted)}


def _any(action: str, patterns: Iterable[str]) -> bool:
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns)


@cache
def _pattern(written: str) -> re.Pattern[str]:
    """Return a pattern of actions, in which ``*`` stands for any characters, of any case."""
    return re.compile(".*".join(re.escape(part) for part in written.split("*")), re.IGNORECASE)
