"""What the answer key calls the things of a world, and what a scan calls them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scanner.demo.aws import people
from scanner.demo.aws.stores_world import Volumes

if TYPE_CHECKING:
    from scanner.demo.world import World

_INSTANT = re.compile(r"#[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$")


def steady(subject: str) -> str:
    """Return what a scan calls a subject without the instant that it may end in: that depends on the demo's clock."""
    return _INSTANT.sub("", subject)


def subjects(world: World) -> dict[str, str]:
    """Return the identifiers of a scan by the names of the answer key; of two with one name, the first of the file.

    A key goes by its alias and a key store by its name; all else by its section and its name, ``buckets/audio``.
    """
    found: dict[str, str] = {}
    for name, identity in _named(world):
        found.setdefault(name, identity)
    return found


def _named(world: World) -> Iterator[tuple[str, str]]:
    yield from ((key.alias, key.arn) for key in world.keys)
    yield from ((store.name, store.id) for store in world.stores)
    for kind in type(world.data).model_fields:
        for one in getattr(world.data, kind):
            name = f"{one.account}/{one.region}" if isinstance(one, Volumes) else one.name
            yield f"{kind}/{name}", one.arn
    yield from ((f"trails/{trail.name}", trail.arn) for trail in world.audit.trails)
    yield from ((f"users/{user.name}", user.arn) for user in world.people.users)
    yield from ((f"policies/{policy.name}", policy.arn) for policy in world.people.policies)
    yield from ((f"roots/{account.id}", f"arn:aws:iam::{account.id}:root") for account in world.accounts)
    for found in world.people.findings:
        yield f"findings/{found.analyzer}/{found.key or found.bucket}", people.finding_id(found)
    for region in world.bedrock.regions:
        yield f"bedrock/{region.account}/{region.region}", region.service_id
        yield from ((f"{thing.kind}s/{thing.name}", region.arn(thing)) for thing in region.things)
    yield from ((f"hsm/{cluster.name}", cluster.id) for cluster in world.hsm.clusters)
