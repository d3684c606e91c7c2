"""Azure and Google Cloud answer with secrets wherever they give what somebody typed: no byte of any output has one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.demo.azure.layer import Layer
from scanner.demo.azure.simulator import azure_simulator
from scanner.demo.azure.wire import Answer, Request
from scanner.demo.embedded import environment
from scanner.demo.gcp.simulator import GcpSimulator, gcp_simulator
from scanner.demo.world import load_world
from tests.proof.canaries import CONTROL, EVERYTHING, PERSONAL, SECRETS, Canary, Search
from tests.proof.conftest import TEXTS
from tests.proof.outputs import contents
from tests.proof.pipeline import short_run
from tests.proof.planting import Planter

ESTATE = """\
keyaudit: 1
organization: {control}
sources:
  azure: [{{name: clinical, proxy: "{proxy}", ca_bundle: "{ca}"}}]
  gcp: [{{name: analytics, projects: [example-analytics, example-lab], endpoint_url: "{gcp}"}}]
selftest: {{}}
"""
ASKED = [
    *("keyvault:Vaults_ListBySubscription", "keyvault:Vaults_Get", "keyvault:GetKeys", "keyvault:GetKey"),
    *("keyvault:GetKeyVersions", "cognitiveservices:Accounts_List", "monitor:DiagnosticSettings_List"),
    *("authorization:RoleDefinitions_GetById", "storage:StorageAccounts_List", "keyvault:Secrets_List"),
    *("cloudkms:projects.locations.keyRings.cryptoKeys.list", "logging:projects.sinks.list"),
]
"""Operations whose answers had something planted."""


@dataclass(frozen=True, slots=True)
class Left:
    """What the run left, and what was planted."""

    folder: Path
    served: frozenset[str]
    secrets: tuple[str, ...]


class OfClouds(Planter):
    """Plants into tags and labels too, and leaves names whole: a listing of names that are none ends there."""

    def _object(self, operation: str, path: str, value: dict[str, Any]) -> dict[str, Any]:
        made = super()._object(operation, path, value)
        if {"id", "name", "kid"} & value.keys():
            self._count(operation, "tags")
            tags = "labels" if operation.startswith("cloudkms:") else "tags"
            made[tags] = {**made.get(tags, {}), "note": self._of(operation, path), "all": self.everything}
        return made

    def _every(self, operation: str, path: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
        return value if operation.startswith("cloudkms:") else super()._every(operation, path, value)


@contextmanager
def planting(planter: Planter) -> Iterator[None]:
    """Plant into the answers of both simulators, logins left out, until the block ends."""
    azure, gcp = Layer.answer, GcpSimulator._body

    def of_azure(layer: Layer, request: Request) -> Answer:
        told = azure(layer, request)
        if request.plane == "login":
            return told
        body = planter.spoil(layer.requests[-1].operation, "", json.dumps(told.body).encode())
        return Answer(told.status, json.loads(body), {**told.headers, "x-ms-note": planter.header})

    def of_gcp(simulator: GcpSimulator, route: Any, *given: Any) -> bytes:  # noqa: ANN401 - as there
        return planter.spoil(route.operation, "", gcp(simulator, route, *given))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Layer, "answer", of_azure)
        patch.setattr(GcpSimulator, "_body", of_gcp)
        yield


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """A scan of both clouds with every format and a package of it."""
    folder = tmp_path_factory.mktemp("clouds")
    world, now = load_world(), datetime.now(UTC)
    planter = OfClouds(TEXTS, EVERYTHING, SECRETS[6].text)
    with (
        planting(planter),
        azure_simulator(world.azure, now) as azure,
        gcp_simulator(world.gcp, now) as gcp,
        environment({**azure.environ, **gcp.environ(folder)}),
    ):
        secrets = (azure.environ["AZURE_CLIENT_SECRET"], gcp.tokens.credentials()["private_key"][40:90])
        estate = ESTATE.format(control=CONTROL, proxy=azure.proxy_url, ca=azure.ca_bundle_path, gcp=gcp.url)
        left = short_run(estate, folder)
    return Left(left, frozenset(name.partition(" ")[0] for name in planter.served), secrets)


def every_byte(left: Left) -> Iterator[tuple[str, bytes]]:
    for path in sorted(left.folder.rglob("*")):
        if path.is_file():
            yield from contents(path)


def test_nothing_secret_is_in_any_byte_of_any_output(left: Left) -> None:
    own = [Canary(f"own {i}", secret, (secret,)) for i, secret in enumerate(left.secrets)]
    search = Search([*SECRETS, *PERSONAL, *own])
    assert [f"{where}: {hit}" for where, data in every_byte(left) for hit in search(data)] == []


def test_the_search_finds_what_may_be_seen(left: Left) -> None:
    search = Search([Canary("organization", CONTROL, (CONTROL,))])
    found = {where.partition("!")[0] for where, data in every_byte(left) for _ in search(data)}
    assert len(found) >= 6


@pytest.mark.parametrize("operation", ASKED)
def test_the_canaries_were_really_answered(left: Left, operation: str) -> None:
    assert operation in left.served, sorted(left.served)
