"""Keys of Azure and of Google Cloud as jobs: connected for real, and what could not be told stands as a gap."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.demo.azure.simulator import AzureSimulator
from scanner.demo.gcp.simulator import GcpSimulator
from scanner.model.estate import AzureSource, Estate, GcpSelftest, GcpSource, Selftests
from scanner.model.observation import Gap, GapReason
from scanner.selftest.bench import SETTLE_HERE_SECONDS, SETTLE_SECONDS
from scanner.selftest.jobs import _settles_there
from tests.collect.azure.running import a_source as azure_source
from tests.collect.gcp.running import a_source as gcp_source
from tests.demo.gcp.reference import RING, reference
from tests.demo.gcp.reference import running as google
from tests.selftest.azure_world import CANARY, KEYS, a_test, logged_in, running
from tests.selftest.test_jobs import execute, told

GOOGLE = f"{RING}/cryptoKeys/keyaudit-canary"


@pytest.fixture(scope="module")
def azure_simulator() -> Iterator[AzureSimulator]:
    with running() as simulator:
        yield simulator


@pytest.fixture
def azure(azure_simulator: AzureSimulator) -> Iterator[AzureSimulator]:
    with logged_in(azure_simulator):
        yield azure_simulator


@pytest.fixture(scope="module")
def gcp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcpSimulator]:
    with google(reference(), tmp_path_factory.mktemp("gcp")) as simulator:
        yield simulator


def of_azure(azure: AzureSimulator, **test: Any) -> Estate:  # noqa: ANN401 - fields of AzureSelftest
    sources = (AzureSource(name="first"), azure_source(azure))
    return Estate(organization="Test Health", azure=sources, selftests=Selftests(azure=(a_test(**test),)))


def of_google(gcp: GcpSimulator, *, canary: bool = False) -> Estate:
    sources = (GcpSource(name="first", projects=("p",)), gcp_source(gcp.url))
    tests = (GcpSelftest(source="main", key=GOOGLE, canary=canary),)
    return Estate(organization="Test Health", gcp=sources, selftests=Selftests(gcp=tests))


def test_a_key_of_azure_is_tested_by_its_id(azure: AzureSimulator, tmp_path: Path) -> None:
    records = execute(
        tmp_path, of_azure(azure), "ST-KMS-01", "ST-KMS-02", "ST-KMS-07", "ST-KMS-10", "ST-KMS-11", only=["main"]
    )
    answers = [one for one in records if not isinstance(one, Gap)]
    gaps = [one for one in records if isinstance(one, Gap)]
    assert [(told(one)["test"], told(one)["outcome"], told(one)["target"]) for one in answers] == [
        ("ST-KMS-01", "pass", f"{KEYS}/{CANARY}"),
        ("ST-KMS-07", "pass", f"{KEYS}/{CANARY}"),
    ]
    assert told(answers[0])["provider"] == "azure"
    assert "by EnvironmentCredential" in told(answers[0])["principal"]
    assert "the service makes no data keys" in told(answers[0])["detail"]
    # What Azure cannot is a gap in the reader's sight, never a pass and never left out.
    assert [(one.operation, one.reason, one.subject) for one in gaps] == [
        (f"selftest:ST-KMS-{number}", GapReason.UNSUPPORTED, f"ST-KMS-{number} main/kv-test/{CANARY}")
        for number in ("02", "10", "11")
    ]
    assert "no additional authenticated data" in gaps[0].detail
    assert "log in by one credential" in gaps[1].detail
    assert "there is no way to read the audit log" in gaps[2].detail


def test_a_key_of_google_is_tested_by_its_name(
    gcp: GcpSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in gcp.environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    records = execute(
        tmp_path / "log", of_google(gcp, canary=True), "ST-KMS-02", "ST-KMS-08", "ST-KMS-11", only=["main"]
    )
    *answers, gap = records
    assert [(told(one)["test"], told(one)["outcome"], told(one)["target"]) for one in answers] == [
        ("ST-KMS-02", "pass", GOOGLE),
        ("ST-KMS-08", "pass", GOOGLE),
    ]
    assert told(answers[0])["principal"].endswith(".iam.gserviceaccount.com")
    assert isinstance(gap, Gap)
    assert (gap.operation, gap.reason) == ("selftest:ST-KMS-11", GapReason.UNSUPPORTED)
    assert "Cloud Audit Logs" in gap.detail


def test_a_key_that_is_no_canary_is_not_changed(
    azure: AzureSimulator, gcp: GcpSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in gcp.environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    estates = {"azure": of_azure(azure, canary=False), "gcp": of_google(gcp)}
    for name, estate in estates.items():
        for gap in execute(tmp_path / name, estate, "ST-KMS-07", "ST-KMS-08", "ST-KMS-09", only=["main"]):
            assert isinstance(gap, Gap)
            assert (gap.reason, "add `canary: true`" in gap.detail) == (GapReason.NOT_ALLOWED, True)


def test_without_the_sdk_of_azure_the_hint_is_given(
    azure: AzureSimulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *given: Any, **options: Any) -> Any:  # noqa: ANN401 - as the built-in
        if name.partition(".")[0] == "azure":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *given, **options)

    for name in [name for name in sys.modules if name.startswith("scanner.selftest.azure")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("scanner.selftest.azure")
    monkeypatch.setattr(builtins, "__import__", without)
    [gap] = execute(tmp_path, of_azure(azure), "ST-KMS-01", only=["main"])
    assert isinstance(gap, Gap)
    assert gap.reason is GapReason.UNSUPPORTED
    assert 'pip install "keyaudit[azure]"' in gap.detail


@pytest.mark.parametrize(
    ("url", "seconds"),
    [("", SETTLE_SECONDS), ("https://kms.example.com", SETTLE_SECONDS), ("http://127.0.0.1:80", SETTLE_HERE_SECONDS)],
)
def test_a_simulator_on_this_machine_has_nobody_to_tell(url: str, seconds: float) -> None:
    assert _settles_there(GcpSource(name="main", projects=("p",), endpoint_url=url)) == seconds
