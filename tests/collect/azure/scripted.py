"""Run Azure collectors over answers that a test scripts."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scanner.collect.azure import accounts, services
from scanner.collect.azure.accounts import SUBSCRIPTIONS, TOKEN, Service, Way
from scanner.collect.interface import CallError, Reply
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.evidence.log import EvidenceLog
from scanner.model.estate import AzureSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.aws.running import Collected
from tests.collect.azure.running import EVERYTHING
from tests.collect.fakes import Clock

SUBSCRIPTION = "0a2e0000-c111-4000-8000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-keys/providers"
VAULT_ID, HSM_ID = f"{GROUP}/Microsoft.KeyVault/vaults/kv", f"{GROUP}/Microsoft.KeyVault/managedHSMs/hsm"
WHO: dict[str, Json] = {"way": "AzureCliCredential", "tenant": "t", "object": "o"}
Answers = Mapping[str, Any]
"""Operation to its answer: a body, an error, or a function of the parameters that gives one."""


def listed(*items: Any) -> dict[str, Json]:  # noqa: ANN401 - JSON
    """Return a listing of one page."""
    return {"value": list(items)}


class Scripted:
    """A provider that answers as a test says; what it was not told is an empty listing."""

    def __init__(self, answers: Answers) -> None:
        self.endpoint = "https://management.azure.com"
        self.asked: list[tuple[str, dict[str, Json]]] = []
        self._answers: dict[str, Any] = {
            TOKEN: WHO,
            SUBSCRIPTIONS: listed({"subscriptionId": SUBSCRIPTION, "state": "Enabled"}),
            **answers,
        }
        self._lock = threading.Lock()

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Answer."""
        with self._lock:
            self.asked.append((operation, dict(params)))
        answer = self._answers.get(operation, listed())
        if isinstance(answer, CallError):
            raise answer
        return Reply(200, "r", answer(params) if callable(answer) else answer)

    def close(self) -> None:
        """Nothing to give up."""

    def operations(self) -> list[str]:
        """Return what was asked, in order."""
        return [operation for operation, _ in self.asked]


def run(
    folder: Path,
    answers: Answers,
    *chosen: Service,
    source: AzureSource | None = None,
    wanted: frozenset[str] = EVERYTHING,
) -> tuple[Collected, Scripted]:
    """Run a source over scripted answers, with some collectors (none: all)."""
    provider, tally = Scripted(answers), Tally()
    way = Way(source or AzureSource(name="main", concurrency=2), lambda: provider, chosen or services.SERVICES, 3600.0)
    log = EvidenceLog(folder, sync_seconds=60)
    try:
        run_units([way.unit(accounts.SERVICE, "")], Run(log, wanted, Clock().outside(), tally))
    finally:
        log.close()
    return Collected(folder, tally.snapshot()), provider


def code(reason: GapReason, error_code: str) -> CallError:
    """Return an error of the provider."""
    return CallError(reason, code=error_code, detail="said", status=400)
