"""A small Azure for self-tests: a vault with RSA keys, a managed HSM with AES keys, and lines to it that are broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from scanner.demo.azure.simulator import AzureSimulator, azure_simulator
from scanner.demo.azure.world import AzureWorld
from scanner.model.estate import AzureSelftest
from scanner.model.ids import Json
from scanner.selftest.azure import Access, AzureLifecycle, connect
from scanner.selftest.azure_line import Line
from tests.collect.azure.running import a_source, environment
from tests.collect.fakes import NOW, Clock
from tests.demo.azure.composing import CLINICAL

VAULT, HSM, OLD, WALLED = "kv-test", "hsm-test", "kv-old", "kv-walled"
CANARY, SECOND, OTHER = "keyaudit-canary", "keyaudit-second", "production"
_BOTH: dict[str, Any] = {"subscription": "clinical", "group": "rg-keys"}
_GROUP = f"/subscriptions/{CLINICAL}/resourceGroups/rg-keys/providers/Microsoft.KeyVault"
KEYS = f"{_GROUP}/vaults/{VAULT}/keys"
HSM_KEYS = f"{_GROUP}/managedHSMs/{HSM}/keys"


@cache
def world() -> AzureWorld:
    """Return it."""
    named: list[dict[str, Any]] = [{"name": CANARY}, {"name": SECOND}, {"name": OTHER}]
    others: list[dict[str, Any]] = [
        {"name": "suspended", "enabled": False},
        {"name": "decrypts", "ops": ["encrypt", "decrypt", "unwrapKey"]},
        {"name": "signing", "kty": "EC", "ops": ["sign", "verify"]},
        {"name": "early", "active_in_days": 30},
        {"name": "late", "expires_in_days": -3},
    ]
    aes: list[dict[str, Any]] = [{**one, "kty": "oct-HSM"} for one in named]
    return AzureWorld.model_validate(
        {
            "subscriptions": [
                {"id": "0a2e0000-4e5e-4000-8000-000000000002", "name": "research"},
                {"id": CLINICAL, "name": "clinical"},
            ],
            "vaults": [
                {**_BOTH, "name": "kv-another"},
                {**_BOTH, "name": VAULT, "keys": [*named, *others]},
                {**_BOTH, "name": OLD, "soft_delete": False, "keys": [{"name": CANARY}]},
                {**_BOTH, "name": WALLED, "blocked": "firewall", "keys": [{"name": CANARY}]},
            ],
            "managed_hsms": [{**_BOTH, "name": HSM, "keys": aes}],
        }
    )


@contextmanager
def running() -> Iterator[AzureSimulator]:
    """Run it, with one vault and subscription on a page, so that lists have pages."""
    with azure_simulator(world(), NOW, page_size=1) as azure:
        yield azure


@contextmanager
def logged_in(azure: AzureSimulator) -> Iterator[None]:
    """Have the caller's credential in the environment, and what a test broke mended after it."""
    with environment(azure.environ):
        yield
    azure.mend()


def a_test(**given: Any) -> AzureSelftest:  # noqa: ANN401 - fields of AzureSelftest
    """Return the canary and the second key of the vault, unless ``given`` says otherwise."""
    fields: dict[str, Any] = {
        "source": "main",
        "vault": VAULT,
        "key": CANARY,
        "second_key": SECOND,
        "canary": True,
    }
    return AzureSelftest(**{**fields, **given})


@contextmanager
def connected(azure: AzureSimulator, clock: Clock | None = None, **given: Any) -> Iterator[Access]:  # noqa: ANN401
    """Connect them; nobody really waits."""
    clock = clock or Clock()
    access = connect(a_source(azure), a_test(**given), clock.outside())
    access.keys.line.sleep = clock.wait
    try:
        yield access
    finally:
        access.close()


class Promises(Line):
    """The line to the simulator, which says yes to one operation and does nothing."""

    promised = ""

    def call(
        self,
        operation: str,
        key: str,
        version: str = "",
        body: Mapping[str, Json] | None = None,
        *,
        always: bool = False,
    ) -> dict[str, Json]:
        if operation == self.promised:
            return {}
        return super().call(operation, key, version, body, always=always)


class Scripted:
    """A line that answers nothing but an error, or what it is told to."""

    def __init__(self, like: Line, *answers: dict[str, Json] | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []
        told = self._told

        class Only(Line):
            def call(self, operation: str, *_: Any, **__: Any) -> dict[str, Json]:  # noqa: ANN401 - as a line's
                return told(operation)

        self.line = Only(client=like.client, host=like.host, outside=like.outside, sleep=like.sleep)

    def _told(self, operation: str) -> dict[str, Json]:
        self.asked.append(operation)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def over(access: Access, line: Line) -> Access:
    """Return the same keys over another line."""
    access.keys.line = line
    return Access(
        keys=access.keys,
        principal="",
        key=access.key,
        second_key=access.second_key,
        lifecycle=AzureLifecycle(access.keys),
        close=access.close,
    )


def about(key: str, version: str, **attributes: Json) -> dict[str, Json]:
    return {"key": {"kid": f"https://{VAULT}.vault.azure.net/keys/{key}/{version}"}, "attributes": attributes}
