"""Azure under self-test, by azure-core against the simulator: every test passes that Azure can be given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.demo.aws.faults import Fault
from scanner.demo.azure.simulator import AzureSimulator
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.selftest.azure import Access, AzureKeys
from scanner.selftest.azure_line import GET
from scanner.selftest.bench import CONTEXT, Bench, PutBackError
from scanner.selftest.interface import CannotRunError, DeniedError, KeyDescription, Outcome, RefusedError
from scanner.selftest.kms import kms_tests
from scanner.selftest.noted import no_stranger, noted
from tests.collect.fakes import Clock
from tests.selftest.azure_world import (
    CANARY,
    HSM,
    HSM_KEYS,
    KEYS,
    OLD,
    OTHER,
    SECOND,
    VAULT,
    WALLED,
    Promises,
    Scripted,
    about,
    connected,
    logged_in,
    over,
    running,
)

RUNS = {f"ST-KMS-{number:02}" for number in (1, 3, 4, 5, 6, 7, 8, 9)}


@pytest.fixture(scope="module")
def simulator() -> Iterator[AzureSimulator]:
    with running() as azure:
        yield azure


@pytest.fixture
def azure(simulator: AzureSimulator) -> Iterator[AzureSimulator]:
    with logged_in(simulator):
        yield simulator


def bench(access: Access, clock: Clock, **given: Any) -> Bench:  # noqa: ANN401 - fields of Bench
    fields: dict[str, Any] = {
        "service": access.keys,
        "key": access.key,
        "second_key": access.second_key,
        "canary": True,
        "lifecycle": access.lifecycle,
        "stranger": no_stranger,
        "wait": clock.wait,
        "monotonic": lambda: clock.seconds,
    }
    return Bench(**{**fields, **given})


def run(made: Bench, *only: str) -> tuple[dict[str, Outcome], dict[str, CannotRunError]]:
    """Run every test, or some. Returns the outcomes, and why some could not be run."""
    outcomes, untold = {}, {}
    for test in noted("azure", kms_tests(made)):
        if only and test.id not in only:
            continue
        try:
            outcomes[test.id] = test.run()
        except CannotRunError as error:
            untold[test.id] = error
    return outcomes, untold


@pytest.mark.parametrize(
    ("given", "folder", "cases"),
    [({}, KEYS, 256 + 255 + 3 + 1), ({"vault": HSM, "managed_hsm": True}, HSM_KEYS, 40 + 39 + 3 + 1)],
    ids=["RSA in a vault", "AES in a managed HSM"],
)
def test_a_good_azure_passes_every_test_that_it_can_be_given(
    azure: AzureSimulator, given: dict[str, Any], folder: str, cases: int
) -> None:
    clock = Clock()
    with connected(azure, clock, **given) as access:
        assert (access.key, access.second_key) == (f"{folder}/{CANARY}", f"{folder}/{SECOND}")
        before = access.keys.describe(access.key)
        outcomes, untold = run(bench(access, clock))
        after = access.keys.describe(access.key)
    assert {number: one.detail for number, one in outcomes.items() if one.passed is not True} == {}
    assert outcomes.keys() == RUNS
    assert outcomes["ST-KMS-03"].cases == cases
    assert "this machine's random generator" in outcomes["ST-KMS-01"].detail
    assert "passed through here" in outcomes["ST-KMS-06"].detail
    assert {number: error.reason for number, error in untold.items()} == dict.fromkeys(
        ("ST-KMS-02", "ST-KMS-10", "ST-KMS-11"), GapReason.UNSUPPORTED
    )
    assert "takes no additional authenticated data" in str(untold["ST-KMS-02"])
    assert "no way to read the audit log of this service: self-tests do not read" in str(untold["ST-KMS-11"])
    assert (before.state, after.state, before.material_id != after.material_id) == ("active", "active", True)
    assert "application 11111111-c11e-4000-8000-000000000001" in access.principal


def test_what_is_no_canary_is_used_and_never_changed(azure: AzureSimulator) -> None:
    with connected(azure, canary=False) as access:
        access.keys.generate_data_key(access.key, CONTEXT).wipe()
        before = len(azure.requests)
        for change in (access.lifecycle.rotate, access.lifecycle.disable, access.lifecycle.schedule_deletion):
            with pytest.raises(ForbiddenOperationError):
                change(access.key)
        with pytest.raises(ForbiddenOperationError):
            access.keys.find(OTHER)
        # Whether it could be recovered was looked at, and no more.
        assert [(one.method, one.path) for one in azure.requests[before:]] == [("GET", f"/keys/{CANARY}")]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"key": "nobody"}, RefusedError, "KeyNotFound"),
        ({"second_key": "nobody"}, RefusedError, "KeyNotFound"),
        ({"key": "signing"}, CannotRunError, "signing is a key of type EC, which wraps no keys"),
        ({"key": "decrypts"}, CannotRunError, "decrypts does not allow wrapKey: name another"),
        ({"second_key": CANARY.upper()}, CannotRunError, "`second_key` is the same key"),
        ({"vault": "kv.test/x"}, CallError, "is no name of a vault"),
        ({"key": "../keys/production"}, CallError, "are none of keys"),
        ({"vault": WALLED}, CannotRunError, "ForbiddenByFirewall"),
    ],
)
def test_keys_that_cannot_be_tested_are_told(
    azure: AzureSimulator, given: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words), connected(azure, **given):
        pass


def test_a_disabled_key_is_told_by_the_test_that_needs_it_or_at_once_where_the_vault_hides_it(
    azure: AzureSimulator,
) -> None:
    clock = Clock()
    with connected(azure, clock, key="suspended") as access:
        assert access.keys.describe(access.key).state == "suspended"
        outcomes, untold = run(bench(access, clock, canary=False))
        assert outcomes == {}
        assert "refused what the test needs: KeyDisabled" in str(untold["ST-KMS-01"])
    keys = AzureKeys(Scripted(access.keys.line, RefusedError("KeyDisabled")).line)
    with pytest.raises(CannotRunError, match=f"{CANARY} is disabled: enable it"):
        keys.find(CANARY)


@pytest.mark.parametrize(("key", "state"), [("early", "pre_activation"), ("late", "deactivated"), (CANARY, "active")])
def test_the_state_of_a_key_is_that_of_its_dates(azure: AzureSimulator, key: str, state: str) -> None:
    with connected(azure, key=key, second_key="") as access:
        assert access.keys.describe(access.key).state == state


def test_rights_that_are_missing_are_told(azure: AzureSimulator) -> None:
    clock = Clock()
    with connected(azure, clock) as access:
        azure.faults.add(Fault("deny", "keyvault:unwrapKey"))
        outcomes, untold = run(bench(access, clock), *(RUNS - {"ST-KMS-05"}))  # which only wraps
        assert outcomes == {}
        assert set(untold) == RUNS - {"ST-KMS-05"}
        assert {error.reason for error in untold.values()} == {GapReason.DENIED}
        with pytest.raises(DeniedError, match="ForbiddenByRbac"):
            access.keys.unwrap(access.key, b"x" * 256, CONTEXT)
    azure.mend()
    azure.faults.add(Fault("deny", "keyvault:*"))
    with pytest.raises(DeniedError), connected(azure):
        pass


def test_a_throttled_vault_fails_no_test(azure: AzureSimulator) -> None:
    clock = Clock()
    with connected(azure, clock) as access:
        azure.faults.add(Fault("throttle", "keyvault:unwrapKey", times=3))
        tests = {test.id: test for test in kms_tests(bench(access, clock))}
        assert tests["ST-KMS-01"].run().passed is True
        azure.faults.add(Fault("throttle", "keyvault:unwrapKey"))
        with pytest.raises(CannotRunError, match="throttled"):
            tests["ST-KMS-03"].run()


def test_a_key_goes_by_its_address_where_vaults_may_not_be_listed(azure: AzureSimulator) -> None:
    azure.faults.add(Fault("deny", "keyvault:Vaults_ListBySubscription"))
    with connected(azure, vault=VAULT.upper(), second_key="") as access:
        assert (access.key, access.second_key) == (f"https://{VAULT}.vault.azure.net/keys/{CANARY}", "")
        assert access.keys.describe(access.key).state == "active"


def test_a_canary_that_could_not_be_recovered_is_not_deleted(azure: AzureSimulator) -> None:
    with connected(azure, vault=OLD, second_key="") as access:
        before = len(azure.requests)
        with pytest.raises(CannotRunError, match="has no soft delete") as caught:
            access.lifecycle.schedule_deletion(access.key)
        assert caught.value.reason is GapReason.NOT_ALLOWED
        assert "DELETE" not in {one.method for one in azure.requests[before:]}


def test_without_a_login_nothing_is_connected(azure: AzureSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    with pytest.raises(CannotRunError, match="denied"), connected(azure):
        pass


def test_undoing_what_was_not_done_does_no_harm_and_a_refusal_of_it_is_told(azure: AzureSimulator) -> None:
    with connected(azure) as access:
        access.lifecycle.cancel_deletion(access.key)
        assert access.keys.describe(access.key).state == "active"
        azure.faults.add(Fault("deny", "keyvault:RecoverDeletedKey"))
        with pytest.raises(DeniedError):
            access.lifecycle.cancel_deletion(access.key)


MALFORMED: list[tuple[dict[str, Json], str]] = [
    ({}, "has no object `key`"),
    ({"key": {"kty": "RSA", "key_ops": ["wrapKey", "unwrapKey"]}}, "is not about the key keyaudit-canary"),
    ({"key": {**about(OTHER, "1")["key"], "kty": "RSA", "key_ops": ["wrapKey", "unwrapKey"]}}, "is not about the key"),  # type: ignore[dict-item]
    ({"key": {"kty": "RSA", "key_ops": "wrapKey"}}, "does not allow unwrapKey and wrapKey"),
]


@pytest.mark.parametrize(("answer", "words"), MALFORMED)
def test_a_key_whose_answer_is_none_is_not_tested(azure: AzureSimulator, answer: dict[str, Json], words: str) -> None:
    with connected(azure) as access, pytest.raises(CannotRunError, match=words):
        AzureKeys(Scripted(access.keys.line, answer).line).find(CANARY)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"value": "eA"}, "is not about the key"),
        ({"value": "eA", "kid": about(OTHER, "1")["key"]["kid"]}, "is not about the key"),  # type: ignore[index, call-overload]
        ({"value": "eA", "kid": about(CANARY, "1")["key"]["kid"]}, "under another version"),  # type: ignore[index, call-overload]
        ({"value": ""}, "has no `value`"),
        ({"value": 7}, "has no `value`"),
        ({"value": "a"}, "has no `value`"),
        ({}, "has no `value`"),
    ],
)
def test_a_wrapping_that_is_none_is_no_answer(azure: AzureSimulator, answer: dict[str, Json], words: str) -> None:
    with connected(azure) as access:
        keys = over(access, Scripted(access.keys.line, answer).line).keys
        with pytest.raises(CannotRunError, match=words) as caught:
            keys.wrap(access.key, bytes(32), CONTEXT)
        assert caught.value.reason is GapReason.MALFORMED


def test_a_vault_that_refuses_to_tell_of_a_disabled_key_says_that_it_is_disabled(azure: AzureSimulator) -> None:
    with connected(azure) as access:
        version = access.keys.current(access.key)
        hiding = over(access, Scripted(access.keys.line, {}, RefusedError("KeyDisabled")).line)
        hiding.lifecycle.disable(access.key)
        assert hiding.keys.describe(access.key) == KeyDescription(access.key, "suspended", version)


def test_a_canary_that_is_back_and_disabled_is_enabled(azure: AzureSimulator) -> None:
    with connected(azure) as access:
        gone = RefusedError("KeyNotFound")
        back = Scripted(access.keys.line, {}, gone, gone, RefusedError("KeyDisabled"), {})
        over(access, back.line).lifecycle.cancel_deletion(access.key)
        assert [one.partition(":")[2] for one in back.asked] == [
            *("RecoverDeletedKey", "GetKey", "RecoverDeletedKey", "GetKey", "UpdateKey")
        ]


def test_recovering_has_an_end_even_when_the_run_is_stopped(azure: AzureSimulator) -> None:
    clock = Clock(stopped=True)
    with connected(azure, clock) as access:
        never = Scripted(access.keys.line, {}, RefusedError("KeyNotFound"))
        with pytest.raises(CannotRunError, match="is not recovered after 120 s"):
            over(access, never.line).lifecycle.cancel_deletion(access.key)
        assert clock.seconds == 120
        denied = Scripted(access.keys.line, {}, DeniedError("ForbiddenByRbac"))
        with pytest.raises(DeniedError):
            over(access, denied.line).lifecycle.cancel_deletion(access.key)


@pytest.mark.parametrize(
    ("change", "words"),
    [("rotate", "is not rotated"), ("disable", "is not disabled"), ("schedule_deletion", "is not deleted")],
)
def test_a_change_that_does_not_come_is_waited_for_in_bounds(azure: AzureSimulator, change: str, words: str) -> None:
    clock = Clock()
    with connected(azure, clock) as access:
        told = about(CANARY, access.keys.current(access.key), enabled=True, recoveryLevel="Recoverable")
        same: list[dict[str, Json] | Exception] = [told]
        if change == "schedule_deletion":
            same = [told, told, RefusedError("KeyNotFound")]
        still = over(access, Scripted(access.keys.line, *same).line)
        with pytest.raises(CannotRunError, match=f"{words} after 120 s") as caught:
            getattr(still.lifecycle, change)(access.key)
        assert (caught.value.reason, clock.seconds) == (GapReason.LIMIT, 120)
        clock.stop()
        with pytest.raises(CannotRunError, match="stopped"):
            getattr(over(access, Scripted(access.keys.line, *same).line).lifecycle, change)(access.key)


def test_a_canary_that_may_not_be_looked_at_after_the_change_is_not_called_unchanged(azure: AzureSimulator) -> None:
    with connected(azure) as access:
        azure.faults.add(Fault("deny", GET))
        with pytest.raises(CannotRunError, match="may be disabled: ForbiddenByRbac"):
            access.lifecycle.disable(access.key)
        azure.mend()
        access.lifecycle.enable(access.key)
        assert access.keys.describe(access.key).state == "active"


def opens_all(keys: AzureKeys) -> Callable[[str, bytes, Any], bytearray]:
    """Return an unwrapping that opens everything that is not too far from what was wrapped."""
    right = type(keys).unwrap

    def unwrap(key: str, wrapped: bytes, context: Any) -> bytearray:  # noqa: ANN401 - a context
        try:
            return right(keys, key, wrapped, context)
        except RefusedError:
            return bytearray(32)

    return unwrap


class SameKey(AzureKeys):
    """A vault whose wrapping hides nothing and whose data keys repeat."""

    def wrap(self, key: str, plaintext: bytes | bytearray, context: Any) -> bytes:  # noqa: ANN401 - a context
        return bytes(plaintext)

    def unwrap(self, key: str, wrapped: bytes, context: Any) -> bytearray:  # noqa: ANN401 - a context
        return bytearray(wrapped)


def test_a_vault_that_opens_whatever_it_is_given_is_caught(
    azure: AzureSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    with connected(azure, clock, vault=HSM, managed_hsm=True) as access:
        monkeypatch.setattr(access.keys, "unwrap", opens_all(access.keys))
        outcomes, _ = run(bench(access, clock, settle=0), *RUNS - {"ST-KMS-05"})
        wrong = {number for number, one in outcomes.items() if one.passed is False}
        assert wrong == {"ST-KMS-03", "ST-KMS-04", "ST-KMS-06", "ST-KMS-08", "ST-KMS-09"}
        assert access.keys.describe(access.key).state == "active"


def test_a_vault_that_wraps_nothing_is_caught(azure: AzureSimulator) -> None:
    clock = Clock()
    with connected(azure, clock) as access:
        plain = SameKey(access.keys.line)
        tests = {test.id: test for test in kms_tests(bench(access, clock, service=plain, canary=False))}
        outcome = tests["ST-KMS-01"].run()
        assert (outcome.passed, outcome.detail) == (False, "the wrapped form contains the plain key")


@pytest.mark.parametrize(
    ("operation", "test", "words"),
    [
        ("keyvault:RotateKey", "ST-KMS-07", "the key has the material of before|is not rotated"),
        ("keyvault:UpdateKey", "ST-KMS-08", "is not disabled"),
        ("keyvault:DeleteKey", "ST-KMS-09", "is not deleted"),
    ],
)
def test_a_change_that_is_only_promised_is_not_believed(
    azure: AzureSimulator, operation: str, test: str, words: str
) -> None:
    """The vault says yes, and does nothing."""
    clock = Clock()
    with connected(azure, clock) as access:
        line = access.keys.line
        lazy = Promises(client=line.client, host=line.host, outside=line.outside, sleep=line.sleep)
        lazy.promised = operation
        broken = over(access, lazy)
        tests = {one.id: one for one in kms_tests(bench(broken, clock))}
        with pytest.raises(CannotRunError) as caught:
            tests[test].run()
        assert re.search(words, str(caught.value))
        assert not isinstance(caught.value, PutBackError)


def test_a_canary_that_cannot_be_put_back_is_shouted_about(azure: AzureSimulator) -> None:
    clock = Clock()
    with connected(azure, clock) as access:
        tests = {one.id: one for one in noted("azure", kms_tests(bench(access, clock, settle=4)))}
        azure.faults.add(Fault("deny", "keyvault:RecoverDeletedKey"))
        with pytest.raises(PutBackError, match=f"THE CANARY {access.key} COULD NOT BE PUT BACK"):
            tests["ST-KMS-09"].run()
        azure.mend()
        access.lifecycle.cancel_deletion(access.key)
        assert access.keys.describe(access.key).state == "active"
