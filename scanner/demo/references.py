"""What in the parts of a world names something that is not there, or something twice."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from scanner.demo.aws.bedrock_world import Thing
from scanner.demo.aws.people_world import Holder, People, User
from scanner.demo.aws.stores_world import Bucket
from scanner.yamlfile import Path_

Problem = tuple[Path_, str]


def twice(where: Path_, names: Sequence[Hashable], shown: Sequence[str] | None = None) -> Iterator[Problem]:
    """Yield what stands in a list a second time; ``shown`` is what the list calls its entries."""
    seen: set[Hashable] = set()
    for i, name in enumerate(names):
        if name in seen:
            yield (*where, i), f"{shown[i] if shown else name} is given twice"
        seen.add(name)


def dangling(where: Path_, part: Any, accounts: Collection[str], aliases: Collection[str]) -> Iterator[Problem]:  # noqa: ANN401 - any part of a world
    """Yield the accounts, keys, policies and groups that a part names and that are not there, and what is twice."""
    if isinstance(part, list):
        named = [one for one in part if hasattr(one, "name")]
        yield from twice(where, [_identity(one) for one in named], [str(one.name) for one in named])
        for i, one in enumerate(part):
            yield from dangling((*where, i), one, accounts, aliases)
    if not isinstance(part, BaseModel):
        return
    account, key = getattr(part, "account", ""), getattr(part, "key", "")
    if account and account not in accounts:
        yield (*where, "account"), f"there is no account {account}"
    if key and key not in aliases and not key.startswith(("alias/", "arn:")):
        yield (*where, "key"), f"there is no key {key}"
    if isinstance(part, People):
        yield from _ungiven(where, part)
    for name in type(part).model_fields:
        yield from dangling((*where, name), getattr(part, name), accounts, aliases)


def _identity(one: Any) -> Hashable:  # noqa: ANN401 - anything with a name
    if isinstance(one, Bucket):
        return one.name  # the names of buckets are those of the whole cloud
    kind = one.kind if isinstance(one, Thing) else ""
    return getattr(one, "account", ""), getattr(one, "region", ""), kind, one.name


def _ungiven(where: Path_, people: People) -> Iterator[Problem]:
    policies = {(policy.account, policy.name) for policy in people.policies}
    groups = {(group.account, group.name) for group in people.groups}
    holders: dict[str, Sequence[Holder]] = {"users": people.users, "groups": people.groups, "roles": people.roles}
    for section, listed in holders.items():
        for i, holder in enumerate(listed):
            for n, name in enumerate(holder.policies):
                if (holder.account, name) not in policies:
                    yield (*where, section, i, "policies", n), f"{holder.account} has no policy {name}"
            for n, name in enumerate(holder.groups if isinstance(holder, User) else []):
                if (holder.account, name) not in groups:
                    yield (*where, section, i, "groups", n), f"{holder.account} has no group {name}"
