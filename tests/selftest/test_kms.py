"""ST-KMS-01 to 11: a good key service passes all, and each mistake is caught by its test."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.observation import GapReason
from scanner.selftest.bench import Bench, PutBackError
from scanner.selftest.interface import (
    Call,
    CannotRunError,
    Context,
    DeniedError,
    KeyDescription,
    Outcome,
    RefusedError,
)
from scanner.selftest.kms import DATA_KEYS, kms_tests
from scanner.selftest.record import of_family
from tests.collect.fakes import Clock
from tests.selftest import vault
from tests.selftest.vault import AT, FIRST, SECOND, Log, Stranger, Vault, a_bench, cannot


def run(number: str, bench: Bench) -> Outcome:
    [test] = [one for one in kms_tests(bench) if one.id == f"ST-KMS-{number}"]
    return test.run()


def test_a_good_service_passes_every_test_in_the_declared_order() -> None:
    service = Vault()
    bench = a_bench(service)
    outcomes = {test.id: test.run() for test in kms_tests(bench)}
    assert list(outcomes) == [entry.id for entry in of_family("kms")]
    assert {number: one.detail for number, one in outcomes.items() if one.passed is not True} == {}
    assert service.states == {FIRST: "active", SECOND: "active"}
    assert [test.id for test in kms_tests(bench) if test.changes_state] == ["ST-KMS-07", "ST-KMS-08", "ST-KMS-09"]


def test_tampering_is_tried_at_every_byte_and_length() -> None:
    outcome = run("03", a_bench())
    assert outcome.cases == vault.BLOB + (vault.BLOB - 1) + 3 + 1
    assert f"{vault.BLOB} one-bit flips, {vault.BLOB - 1} truncations, 3 with bytes appended, 1 empty" in outcome.detail


BROKEN: tuple[tuple[type[Vault], str, str], ...] = (
    (vault.OpensNothing, "01", "does not unwrap what it has just wrapped"),
    (vault.GivesAnother, "01", "unwrapping gives another key"),
    (vault.TellsThePlainKey, "01", "the wrapped form contains the plain key"),
    (vault.ShortKeys, "01", "the data key has 16 bytes, not 32"),
    (vault.IgnoresContext, "02", "a wrong value, another tenant, a name in capitals, one pair missing, no context"),
    (vault.ReadsNamesInCapitals, "02", "unwraps with a name in capitals"),
    (vault.AcceptsAFlip, "03", f"accepts 1 of {vault.BLOB} one-bit flips"),
    (vault.AcceptsTruncation, "03", f"accepts 1 of {vault.BLOB - 1} truncations"),
    (vault.AcceptsMore, "03", "accepts 3 of 3 with bytes appended"),
    (vault.AcceptsNothing, "03", "accepts 1 of 1 empty"),
    (vault.AnyKeyWillDo, "04", "unwraps naming another key"),
    (vault.Repeats, "05", f"of {DATA_KEYS} data keys 255 repeat another, and 0 wrapped ones do"),
    (vault.RepeatsWrapped, "05", f"of {DATA_KEYS} data keys 0 repeat another, and 255 wrapped ones do"),
    (vault.RewrapsAnother, "06", "old data does not open: the data key was changed"),
    (vault.RewrapsNothing, "06", "the second key does not unwrap"),
    (vault.SecondCannotOpen, "06", "the second key does not unwrap"),
    (vault.OneMaterial, "06", "the old key unwraps it too"),
    (vault.KeepsItsMaterial, "07", "the key has the material of before"),
    (vault.LosesItsMaterial, "07", "what was wrapped before the rotation does not open to the same key"),
    (vault.BreaksNewMaterial, "07", "what is wrapped after the rotation does not open to the same key"),
    (vault.WorksDisabled, "08", "a key that is disabled still unwraps, makes data keys, wraps after 120 s; it was put"),
    (vault.WrapsDisabled, "08", "a key that is disabled still wraps after 120 s"),
    (vault.WorksPending, "09", "a key that is pending deletion still unwraps, makes data keys, wraps after 120 s"),
)


@pytest.mark.parametrize(("service", "number", "words"), BROKEN, ids=[f"{b.__name__}-{n}" for b, n, _ in BROKEN])
def test_each_mistake_is_caught(service: type[Vault], number: str, words: str) -> None:
    broken = service()
    outcome = run(number, a_bench(broken))
    assert outcome.passed is False
    assert words in outcome.detail
    assert broken.states[FIRST] == "active"


def test_a_rewrap_that_leaves_the_old_wrapping_is_told() -> None:
    class Same(vault.OneMaterial, vault.RewrapsNothing):
        """Both keys open the old wrapping."""

    assert "the wrapping is the old one" in run("06", a_bench(Same())).detail


def test_old_data_that_opens_to_something_else_is_told() -> None:
    class ShortAfterwards(vault.OneMaterial):
        def _open(self, key: str, wrapped: bytes, context: Context) -> bytearray:
            opened = super()._open(key, wrapped, context)
            return bytearray(7) if key == SECOND else opened

    assert "old data does not open" in run("06", a_bench(ShortAfterwards())).detail


def test_a_stranger_who_is_let_in_is_caught() -> None:
    service = Vault()
    outcome = run("10", a_bench(service, stranger=lambda: service))
    assert (outcome.passed, outcome.detail) == (
        False,
        "a principal that should have no rights unwraps, makes data keys, wraps",
    )


def test_an_audit_log_that_drops_events_is_caught() -> None:
    bench = a_bench(audit=Log("unwrap"), audit_wait=30)
    run("01", bench)
    outcome = run("11", bench)
    assert outcome.passed is False
    assert outcome.detail == "1 of 2 calls are not in it after 30 s: 1 unwrap"


def test_calls_of_an_earlier_run_are_looked_for_and_malformed_ones_are_not() -> None:
    asked = Call("unwrap", "r-1", "", AT)
    malformed = Call("unwrap", "r-2", "ValidationException", AT, logged=False)
    outcome = run("11", a_bench(earlier=lambda: (asked, malformed)))
    told = "all 1 calls are in it, by request id; 1 calls without a key or an answer are not looked for"
    assert (outcome.passed, outcome.cases, outcome.detail) == (True, 1, told)


def refuses_to_rewrap() -> Vault:
    class Refuses(Vault):
        def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
            raise DeniedError("AccessDenied", "no kms:ReEncryptFrom")

    return Refuses()


def no_rights() -> Vault:
    class OpensForNobody(Vault):
        def _open(self, key: str, wrapped: bytes, context: Context) -> bytearray:
            raise DeniedError("AccessDenied")

    return OpensForNobody()


def without_material() -> Vault:
    class Silent(Vault):
        def describe(self, key: str) -> Any:  # noqa: ANN401 - a description
            return KeyDescription(key, "active", "")

    return Silent()


def without_context() -> Vault:
    service = vault.IgnoresContext()
    service.binds_context = False
    return service


def refused_for_another_reason() -> Vault:
    class Elsewhere(Vault):
        def _usable(self, key: str) -> str:
            raise RefusedError("NotFound")

    return Elsewhere()


UNKNOWN: tuple[tuple[str, dict[str, Any], GapReason, str], ...] = (
    ("01", {"service": no_rights()}, GapReason.DENIED, "the caller may not do what the test needs: AccessDenied"),
    ("02", {"service": without_context()}, GapReason.UNSUPPORTED, "binds no context"),
    ("02", {"service": vault.OpensNothing()}, GapReason.FAILED, "refused what the test needs: InvalidCiphertext"),
    ("04", {"second_key": ""}, GapReason.NOT_ALLOWED, "add `second_key`"),
    ("06", {"second_key": ""}, GapReason.NOT_ALLOWED, "add `second_key`"),
    ("06", {"service": refuses_to_rewrap()}, GapReason.DENIED, "no kms:ReEncryptFrom"),
    ("07", {"canary": False}, GapReason.NOT_ALLOWED, "add `canary: true`"),
    ("07", {"service": without_material()}, GapReason.UNSUPPORTED, "does not tell which material"),
    ("08", {"canary": False}, GapReason.NOT_ALLOWED, "add `canary: true`"),
    ("09", {"lifecycle": None}, GapReason.NOT_ALLOWED, "add `canary: true`"),
    ("10", {"stranger": None}, GapReason.NOT_ALLOWED, "add `stranger_profile`"),
    ("10", {"stranger": refused_for_another_reason}, GapReason.FAILED, "not for want of rights: unwraps: NotFound"),
    ("10", {"stranger": cannot}, GapReason.UNSUPPORTED, "no line"),
    ("11", {"audit": None}, GapReason.UNSUPPORTED, "no way to read the audit log"),
    ("11", {}, GapReason.UNSUPPORTED, "no other self-test of this key made a call"),
)


@pytest.mark.parametrize(("number", "given", "reason", "words"), UNKNOWN)
def test_what_cannot_be_told_is_unknown_and_says_why(
    number: str, given: dict[str, Any], reason: GapReason, words: str
) -> None:
    with pytest.raises(CannotRunError) as caught:
        run(number, a_bench(**given))
    assert caught.value.reason is reason
    assert words in str(caught.value)


def test_a_stranger_is_never_counted_as_let_in_by_a_denial() -> None:
    assert run("10", a_bench(stranger=Stranger)).passed is True


def test_a_canary_that_cannot_be_suspended_is_unknown_and_left_as_it_was() -> None:
    class Denies(Vault):
        def disable(self, key: str) -> None:
            raise DeniedError("AccessDenied")

        def enable(self, key: str) -> None:
            raise DeniedError("AccessDenied")

    with pytest.raises(CannotRunError, match="the canary could not be made disabled: AccessDenied") as caught:
        run("08", a_bench(Denies()))
    assert not isinstance(caught.value, PutBackError)


@pytest.mark.parametrize(("number", "service"), [("08", vault.WorksDisabled), ("09", vault.WorksPending)])
def test_a_run_that_is_stopped_half_way_puts_the_canary_back(number: str, service: type[Vault]) -> None:
    states: list[str] = []

    class Watched(service):  # type: ignore[misc,valid-type]  # one of several
        def disable(self, key: str) -> None:
            super().disable(key)
            states.append(self.states[key])

        def schedule_deletion(self, key: str) -> None:
            super().schedule_deletion(key)
            states.append(self.states[key])

    watched = Watched()
    # The waits are one before each of three attempts, and then the first that takes a while.
    with pytest.raises(CannotRunError, match="stopped") as caught:
        run(number, a_bench(watched, Clock(stops_after=4)))
    assert not isinstance(caught.value, PutBackError)
    assert (len(states), watched.states[FIRST]) == (1, "active")


def test_a_canary_that_cannot_be_put_back_is_told_before_anything_else() -> None:
    class Sticks(Vault):
        def enable(self, key: str) -> None:
            raise RefusedError("Internal", "try later")

    with pytest.raises(PutBackError, match="THE CANARY vault:first COULD NOT BE PUT BACK") as caught:
        run("08", a_bench(Sticks()))
    assert "Internal try later" in str(caught.value)
