"""The list of collectors and their operations."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.collect.azure import services
from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.azure.simulator import AzureSimulator
from scanner.model.estate import AzureSource
from scanner.model.facts import columns_of
from scanner.model.tables import BY_NAME
from tests.collect.aws.running import Collected
from tests.collect.azure.running import a_source, collect
from tests.demo.azure.composing import CLINICAL

NAME = re.compile(r"[a-z]+:[A-Za-z]+(_[A-Za-z]+)?")


def test_every_operation_has_one_name_and_feeds_columns_that_there_are() -> None:
    operations = services.operations()
    names = [operation.name for operation in operations]
    assert len(names) == len(set(names))
    assert [name for name in names if not NAME.fullmatch(name)] == []
    for operation in operations:
        assert operation.purpose
        for column in operation.feeds:
            table, _, name = column.partition(".")
            assert name == "*" or name in {one.name for one in columns_of(BY_NAME[table])}, column
        assert set(operation.needs) <= set(names)


def test_the_first_unit_knows_its_source_and_deadline() -> None:
    unit = services.first_unit(AzureSource(name="main", concurrency=3), frozenset({"keyvault:GetKeys"}), 77.0)
    assert (unit.id, unit.source, unit.deadline, unit.concurrency) == ("azure/main/accounts", "azure:main", 77.0, 3)


def test_collectors_have_names_of_their_own() -> None:
    assert sorted(services.COLLECTORS) == ["azure.hsms", "azure.openai", "azure.stores", "azure.vault", "azure.vaults"]


def test_the_list_imports_no_sdk() -> None:
    script = (
        "import sys\nfrom scanner.collect.azure import services, permissions\nservices.operations()\n"
        "assert not [m for m in sys.modules if m.startswith(('azure', 'msal', 'requests'))]"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_whole_scan_sends_reads_alone_and_only_declared_ones(scanned: Collected, azure: AzureSimulator) -> None:
    assert scanned.answers()
    declared = {operation.name for operation in services.operations()}
    reads = [one for one in azure.requests if not one.operation.startswith("login:")]
    assert {one.method for one in reads} == {"GET"}
    assert {one.operation for one in reads} <= declared
    assert azure.refused == []  # nobody was asked who is none of Azure's


def test_a_resumed_scan_asks_nothing_again_but_what_failed(azure: AzureSimulator, tmp_path: Path) -> None:
    source = a_source(azure, subscriptions=(CLINICAL,))
    azure.faults.add(Fault("deny", "keyvault:GetKeyRotationPolicy"))
    first = collect(tmp_path, source, azure.environ)
    assert [gap for gap in first.gaps if gap.operation == "keyvault:GetKeyRotationPolicy"]
    azure.mend()
    before = len(azure.requests)
    collect(tmp_path, source, azure.environ)
    again = {one.operation for one in azure.requests[before:] if not one.operation.startswith("login:")}
    assert again == {gap.operation for gap in first.gaps}


@pytest.mark.parametrize("kind", ["wrong_types", "malformed", "unsupported", "disconnect"])
def test_no_broken_answer_is_taken_for_one(azure: AzureSimulator, tmp_path: Path, kind: Kind) -> None:
    broken = {"keyvault:GetKey", "keyvault:Vaults_Get", "authorization:RoleAssignments_ListForScope"}
    for operation in broken:
        azure.faults.add(Fault(kind, operation))
    collected = collect(tmp_path, a_source(azure, subscriptions=(CLINICAL,)), azure.environ)
    assert broken <= {gap.operation for gap in collected.gaps}
    assert not broken & set(collected.asked)
