"""What the answer key calls the things of a world, and what a scan calls them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scanner.demo import leaks
from scanner.demo.aws import people
from scanner.demo.aws.stores_world import Volumes

if TYPE_CHECKING:
    from scanner.demo.world import World

_CHANGING = re.compile(
    r"#[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$|;serial=[0-9a-f]+(?=$|;)|(?<=//127\.0\.0\.1):[0-9]+| [0-9a-f]{64}$"
)


def steady(subject: str) -> str:
    """Return what a scan calls a subject without what is another one in each demo.

    That is instants, serials of tokens, ports, and fingerprints of certificates.
    """
    return _CHANGING.sub("", subject)


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
    for token in world.tokens:
        yield f"tokens/{token.label}", f"pkcs11:token={token.label}"
        yield from (
            (f"tokens/{token.label}/{key.label}", f"pkcs11:token={token.label};object={key.label}")
            for key in token.keys
        )
    for database in world.postgres:
        yield from database.named()
    yield from ((f"hsm/{cluster.name}", cluster.id) for cluster in world.hsm.clusters)
    yield from world.azure.named()
    yield from world.gcp.named()
    yield from world.vendors.named()
    yield from leaks.named(world.leaks)
    yield from ((f"ehr/{server.name}", f"endpoint:{server.name}") for server in world.ehr.servers)
