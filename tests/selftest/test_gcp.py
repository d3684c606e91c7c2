"""Google Cloud KMS under self-test, by Google's own client against the simulator: every test passes, the gate holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.demo.aws.faults import Fault
from scanner.demo.gcp.simulator import GcpSimulator, gcp_simulator
from scanner.model.estate import GcpSelftest
from scanner.model.observation import GapReason
from scanner.selftest import gcp as module
from scanner.selftest.bench import CONTEXT, Bench
from scanner.selftest.gcp import Access, bound, connect
from scanner.selftest.interface import CannotRunError, DeniedError, RefusedError
from scanner.selftest.kms import kms_tests
from tests.collect.fakes import Clock
from tests.collect.gcp.running import a_source
from tests.demo.gcp.reference import NOW, RING, reference

CANARY, SECOND = f"{RING}/cryptoKeys/keyaudit-canary", f"{RING}/cryptoKeys/keyaudit-second"
OTHER, SIGNING = f"{RING}/cryptoKeys/tenants", f"{RING}/cryptoKeys/signing"


@pytest.fixture(scope="module")
def simulator() -> Iterator[GcpSimulator]:
    with gcp_simulator(reference(), NOW) as gcp:
        yield gcp


@pytest.fixture
def gcp(simulator: GcpSimulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[GcpSimulator]:
    for name, value in simulator.environ(tmp_path).items():
        monkeypatch.setenv(name, value)
    simulator.faults.clear()
    yield simulator
    simulator.faults.clear()


@contextmanager
def connected(gcp: GcpSimulator, clock: Clock | None = None, **given: Any) -> Iterator[Access]:  # noqa: ANN401 - fields of GcpSelftest
    """Connect the canary and the second key, unless ``given`` says otherwise."""
    fields: dict[str, Any] = {"source": "main", "key": CANARY, "second_key": SECOND, "canary": True}
    test = GcpSelftest(**{**fields, **given})
    access = connect(a_source(gcp.url), test, (clock or Clock()).outside())
    access.keys.line.sleep = lambda _: None
    try:
        yield access
    finally:
        access.close()


def bench(access: Access, clock: Clock) -> Bench:
    return Bench(
        service=access.keys,
        key=access.key,
        second_key=access.second_key,
        canary=True,
        lifecycle=access.lifecycle,
        wait=clock.wait,
        monotonic=lambda: clock.seconds,
    )


def test_a_good_cloud_kms_passes_every_test_that_it_can_be_given(gcp: GcpSimulator) -> None:
    clock = Clock()
    with connected(gcp, clock) as access:
        outcomes, untold = {}, {}
        for test in kms_tests(bench(access, clock)):
            try:
                outcomes[test.id] = test.run()
            except CannotRunError as error:
                untold[test.id] = str(error)
        assert {number: one.detail for number, one in outcomes.items() if one.passed is not True} == {}
        assert untold.keys() == {"ST-KMS-10", "ST-KMS-11"}
        assert untold["ST-KMS-11"] == "there is no way to read the audit log of this service"
        assert len(outcomes) == 9
        told = access.keys.describe(CANARY)
        assert (told.state, told.material_id) == ("active", f"{CANARY}/cryptoKeyVersions/2")
        assert access.principal == "keyaudit@example-voice.iam.gserviceaccount.com"


def test_what_is_no_canary_is_used_and_never_changed(gcp: GcpSimulator) -> None:
    with connected(gcp, canary=False) as access:
        access.keys.generate_data_key(CANARY, CONTEXT).wipe()
        before = len(gcp.requests)
        for change in (access.lifecycle.rotate, access.lifecycle.disable, access.lifecycle.schedule_deletion):
            with pytest.raises(ForbiddenOperationError):
                change(CANARY)
        with pytest.raises(ForbiddenOperationError):
            access.keys.generate_data_key(OTHER, CONTEXT)
        assert {one.resource for one in gcp.requests[before:]} == {CANARY}
        assert {one.verb for one in gcp.requests[before:]} == {"GET"}


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"key": f"{RING}/cryptoKeys/nobody"}, RefusedError, "NOT_FOUND"),
        ({"key": SIGNING}, CannotRunError, "is no symmetric encryption key"),
        ({"second_key": CANARY}, CannotRunError, "`second_key` is the same key"),
    ],
)
def test_keys_that_cannot_be_tested_are_told(
    gcp: GcpSimulator, given: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words), connected(gcp, **given):
        pass


def test_a_context_is_bound_whatever_its_order() -> None:
    assert bound({"b": "2", "a": "1"}) == bound({"a": "1", "b": "2"}) == b'{"a":"1","b":"2"}'
    assert bound({}) == b""


def test_rights_that_are_missing_are_told(gcp: GcpSimulator) -> None:
    with connected(gcp) as access:
        gcp.faults.add(Fault("deny", "cloudkms:projects.locations.keyRings.cryptoKeys.encrypt"))
        with pytest.raises(DeniedError, match="PERMISSION_DENIED"):
            access.keys.generate_data_key(CANARY, CONTEXT)
        assert access.keys.calls[-1].code == "PERMISSION_DENIED"
    gcp.faults.add(Fault("deny", "cloudkms:*"))
    with pytest.raises(DeniedError), connected(gcp):
        pass


class Spoiled:
    """Google's client, with one thing in its answers that is not right."""

    def __init__(self, client: Any, **wrong: Any) -> None:  # noqa: ANN401 - Google's client
        self.client = client
        self.wrong = wrong

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - methods of the client
        def call(**given: Any) -> Any:  # noqa: ANN401 - as above
            answer = getattr(self.client, name)(**given)
            for field, value in self.wrong.items():
                if hasattr(answer, field):
                    setattr(answer, field, value)
            return answer

        return call


@pytest.mark.parametrize(
    "wrong",
    [
        {"verified_plaintext_crc32c": False},
        {"verified_additional_authenticated_data_crc32c": False},
        {"ciphertext_crc32c": 7},
        {"ciphertext": b"", "ciphertext_crc32c": 0},
        {"plaintext_crc32c": 7},
    ],
    ids=str,
)
def test_a_wrong_checksum_is_no_answer(gcp: GcpSimulator, wrong: dict[str, Any]) -> None:
    with connected(gcp) as access:
        wrapped = access.keys.wrap(CANARY, bytes(32), CONTEXT)
        spoiled: Any = Spoiled(access.keys.line.client, **wrong)
        keys = module.GcpKeys(replace(access.keys.line, client=spoiled))
        attempts: dict[bool, Callable[[], object]] = {
            True: lambda: keys.unwrap(CANARY, wrapped, CONTEXT),
            False: lambda: keys.wrap(CANARY, bytes(32), CONTEXT),
        }
        with pytest.raises(CannotRunError, match="wrong or missing") as caught:
            attempts["plaintext_crc32c" in wrong]()
        assert caught.value.reason is GapReason.MALFORMED


def test_waiting_for_a_change_has_an_end(gcp: GcpSimulator) -> None:
    clock = Clock()
    with connected(gcp, clock) as access:
        access.lifecycle._await(CANARY, "changed", lambda: clock.seconds > 10)
        assert clock.seconds == 12
        with pytest.raises(CannotRunError, match="is not changed after 120 s"):
            access.lifecycle._await(CANARY, "changed", lambda: False)
        clock.stop()
        with pytest.raises(CannotRunError, match="stopped"):
            access.lifecycle._await(CANARY, "changed", lambda: False)
        gcp.faults.add(Fault("deny", "cloudkms:*"))
        with pytest.raises(CannotRunError, match="may be changed") as caught:
            access.lifecycle._await(CANARY, "changed", lambda: bool(access.keys.describe(CANARY)))
        assert caught.value.reason is GapReason.DENIED


def test_undoing_what_was_not_done_does_no_harm_and_a_refusal_of_it_is_told(gcp: GcpSimulator) -> None:
    with connected(gcp) as access:
        access.lifecycle.cancel_deletion(CANARY)
        assert access.keys.describe(CANARY).state == "active"
        name = "cloudkms:projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.restore"
        gcp.faults.add(Fault("deny", name))
        with pytest.raises(DeniedError):
            access.lifecycle.cancel_deletion(CANARY)


def test_without_a_login_nothing_is_connected(gcp: GcpSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")
    with pytest.raises(CallError, match="denied"), connected(gcp):
        pass
