"""Who may do what with a key of Cloud KMS: its own IAM policy, with those of its key ring and its project.

Policies add up: what one level allows, no other level takes away. Left out are the policies of the folders and of the
organization above (`delegates_to_iam` says that others decide too) and deny policies, which only take away.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from scanner.model.facts import Fact
from scanner.model.ids import Digest, Json
from scanner.model.tables import KeyPermissionFact, KeyPolicyFact
from scanner.normalize.gcp import roles
from scanner.normalize.gcp.listings import both
from scanner.normalize.gcp.members import ANYBODY, Member, member
from scanner.normalize.reading import Object, given, text, texts
from scanner.normalize.records import Records

KEY = "cloudkms:projects.locations.keyRings.cryptoKeys.getIamPolicy"
RING = "cloudkms:projects.locations.keyRings.getIamPolicy"
PROJECT_POLICY = "cloudresourcemanager:projects.getIamPolicy"
PROJECT = "cloudresourcemanager:projects.get"


@dataclass(frozen=True, slots=True)
class Grant:
    """One member of one binding, as it applies to a key."""

    level: str
    """`key`, `key_ring` or `project`: where it is bound."""
    number: int
    """Of the binding in its policy, from 0."""
    role: str
    member: Member
    allowed: tuple[str, ...] | None
    """Permissions on keys; None: what the role allows is not known."""
    condition: str
    """Canonical JSON, or empty."""

    @property
    def administers(self) -> bool | None:
        """Tell whether it allows to administer the key."""
        return None if self.allowed is None else not roles.ADMINISTERS.isdisjoint(self.allowed)

    @property
    def uses(self) -> bool | None:
        """Tell whether it allows to use the key."""
        return None if self.allowed is None else not roles.USES.isdisjoint(self.allowed)


@dataclass(frozen=True, slots=True)
class Access:
    """Every grant that applies to a key, level by level."""

    grants: tuple[Grant, ...]
    own: bool
    """The policies of the key and of its ring were read and understood."""
    whole: bool
    """… and that of the project too."""
    evidence: tuple[Digest, ...]


class Reader:
    """Reads the policies of one unit. What key rings and the project allow is read once."""

    def __init__(self, unit: Records, project: str) -> None:
        self._unit = unit
        self._project = project
        body = unit.response(PROJECT, f"projects/{project}")
        name = text(body, "name") if isinstance(body, dict) else None
        self._number = name.removeprefix("projects/") if name else None
        self._read: dict[str, list[Grant] | None] = {}

    def of_key(self, key: str) -> Access:
        """Return what applies to a key."""
        ring, project = key.rpartition("/cryptoKeys/")[0], f"projects/{self._project}"
        levels = ((KEY, key, "key"), (RING, ring, "key_ring"), (PROJECT_POLICY, project, "project"))
        read = [self._policy(*level) for level in levels]
        grants = [grant for some in read for grant in some or ()]
        told = [self._unit.ids(operation, subject) for operation, subject, _ in levels]
        asked = [self._unit.ids(roles.ROLES, role) for role in sorted({grant.role for grant in grants})]
        return Access(
            grants=tuple(grants),
            own=read[0] is not None and read[1] is not None,
            whole=None not in read,
            evidence=both(*told, *asked, self._unit.ids(PROJECT, project)),
        )

    def _policy(self, operation: str, resource: str, level: str) -> list[Grant] | None:
        if resource not in self._read:
            answer = self._unit.response(operation, resource)
            # Nothing at all is no policy: one without bindings has an etag.
            found = list(self._grants(answer, level)) if isinstance(answer, dict) and answer else [None]
            understood = [grant for grant in found if grant is not None]
            self._read[resource] = understood if len(understood) == len(found) else None
        return self._read[resource]

    def _grants(self, policy: Object, level: str) -> Iterator[Grant | None]:
        """Yield the grants of a policy, and None for what is not understood."""
        bindings = policy.get("bindings", [])
        for number, binding in enumerate(bindings if isinstance(bindings, list) else [None]):
            role = text(binding, "role") if isinstance(binding, dict) else None
            names = texts({"members": [], **binding}, "members") if isinstance(binding, dict) else None
            if not isinstance(binding, dict) or role is None or names is None:
                yield None
                continue
            allowed = roles.allowed(self._unit, role, of_project=level == "project")
            condition = _canonical(binding["condition"]) if given(binding, "condition") else ""
            for name in names:
                who = member(name, self._project, self._number)
                yield Grant(level, number, role, who, allowed, condition)


def _canonical(condition: Json) -> str:
    return json.dumps(condition, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Subject:
    """The key that policies apply to."""

    key: str
    account: str
    name: str
    evidence: tuple[Digest, ...]


def rows(unit: Records, reader: Reader, subject: Subject) -> Iterator[Fact]:
    """Yield the row of what applies to a key, and one for each member of each binding."""
    access = reader.of_key(subject.key)
    living = [grant for grant in access.grants if not grant.member.gone]
    admins = _principals(living, whole=access.whole, administer=True)
    users = _principals(living, whole=access.whole, administer=False)
    public = _public(living, own=access.own)
    yield KeyPolicyFact(
        source=unit.source,
        evidence=both(access.evidence, subject.evidence),
        key_id=subject.key,
        account=subject.account,
        name=subject.name,
        managed_by="customer",
        public=public,
        public_actions=_public_actions(living, public),
        organization_wide=_any_kind(living, "organization", whole=access.whole),
        cross_accounts=_foreign(living, whole=access.whole),
        service_principals=tuple(sorted({g.member.name for g in living if g.member.is_service}))
        if access.whole
        else None,
        admin_principals=admins,
        use_principals=users,
        admin_and_use=None if admins is None or users is None else tuple(sorted({*admins} & {*users})),
        delegates_to_iam=True,
        uses_not_principal=False,
        uses_not_action=False,
        attestation_conditions=(),
    )
    yield from _permissions(unit, subject, access)


def _permissions(unit: Records, subject: Subject, access: Access) -> Iterator[Fact]:
    for number, grant in enumerate(access.grants):
        yield KeyPermissionFact(
            source=unit.source,
            evidence=access.evidence,
            permission_id=f"{subject.key}#{number:04}",
            key_id=subject.key,
            statement=f"{grant.role} of the {grant.level.replace('_', ' ')}, binding {grant.number}",
            effect="allow",
            principal=grant.member.name,
            principal_kind=grant.member.kind,
            principal_account=grant.member.account,
            cross_account=grant.member.foreign,
            actions=grant.allowed,
            administers=False if grant.member.gone else grant.administers,
            uses=False if grant.member.gone else grant.uses,
            # What a condition of IAM holds a caller to is a time, a resource, a place: never who it is.
            constrained=False,
            conditions=grant.condition or "{}",
        )
    row = unit.coverage(KeyPermissionFact, KEY, subject.key, subject.key, len(access.grants), complete=access.whole)
    yield replace(row, evidence=access.evidence)


def _principals(grants: list[Grant], *, whole: bool, administer: bool) -> tuple[str, ...] | None:
    """Return who may administer a key (or use it), sorted; None when somebody may who is not known."""
    said = [(grant, grant.administers if administer else grant.uses) for grant in grants]
    if not whole or any(may is None for _, may in said):
        return None
    return tuple(sorted({grant.member.name for grant, may in said if may}))


def _public(grants: list[Grant], *, own: bool) -> bool | None:
    """Tell whether anybody is allowed something.

    A project's policy takes no ``allUsers`` (Resource Manager v3, projects.setIamPolicy): those of the key and of its
    ring settle it.
    """
    open_ = [grant for grant in grants if grant.member.name in ANYBODY]
    sure = [bool(grant.allowed) and not grant.condition for grant in open_]
    # A condition may close it, and so may a role that allows nothing on keys.
    unclear = any(grant.allowed is None or (grant.allowed and grant.condition) for grant in open_)
    return True if any(sure) else None if unclear or not own else False


def _public_actions(grants: list[Grant], public: bool | None) -> tuple[str, ...] | None:
    if public is None:
        return None
    found = [grant.allowed for grant in grants if grant.member.name in ANYBODY]
    return None if None in found else tuple(sorted({one for some in found for one in some or ()}))


def _any_kind(grants: list[Grant], kind: str, *, whole: bool) -> bool | None:
    found = any(grant.member.kind == kind for grant in grants)
    return True if found else False if whole else None


def _foreign(grants: list[Grant], *, whole: bool) -> tuple[str, ...] | None:
    """Return the projects of other service accounts that are allowed something on keys."""
    concerned = [grant for grant in grants if grant.allowed is None or grant.allowed]
    if not whole or any(grant.member.foreign is None for grant in concerned):
        return None
    return tuple(sorted({str(grant.member.account) for grant in concerned if grant.member.foreign}))
