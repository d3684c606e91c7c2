"""The line to Key Vault: which requests may leave, what is tried again, and what every call leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from azure.core.rest import HttpRequest

from scanner.collect.azure.transport import Hub
from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.azure.simulator import AzureSimulator
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.selftest.azure_line import (
    ATTEMPTS,
    CHANGES,
    GET,
    UNWRAP,
    UPDATE,
    USES,
    VERSION,
    WRAP,
    KeyGate,
    Line,
    client,
    enabling,
    patiently,
    refuses,
)
from scanner.selftest.azure_place import LOOKUPS
from scanner.selftest.interface import CannotRunError, DeniedError, RefusedError
from tests.collect.azure.running import a_source
from tests.collect.fakes import Clock
from tests.selftest.azure_world import CANARY, OTHER, SECOND, VAULT, logged_in, running

HOST = f"{VAULT}.vault.azure.net"
KEY = f"https://{HOST}/keys/{CANARY}"
GONE = f"https://{HOST}/deletedkeys/{CANARY}"
QUERY = f"?api-version={VERSION}"
NAMED = frozenset({CANARY})
ON, OFF = '{"attributes": {"enabled": true}}', '{"attributes": {"enabled": false}}'


@pytest.mark.parametrize(
    ("method", "url", "body", "used", "canary"),
    [
        ("GET", f"{KEY}{QUERY}", "", True, True),
        ("POST", f"{KEY}/0a1b/wrapkey{QUERY}", "{}", True, True),
        ("POST", f"{KEY}/0a1b/unwrapkey{QUERY}", "{}", True, True),
        ("POST", f"{KEY}/rotate{QUERY}", "", False, True),
        ("PATCH", f"{KEY}/0a1b{QUERY}", ON, False, True),
        ("PATCH", f"{KEY}/0a1b{QUERY}", OFF, False, True),
        ("DELETE", f"{KEY}{QUERY}", "", False, True),
        ("GET", f"{GONE}{QUERY}", "", False, True),
        ("POST", f"{GONE}/recover{QUERY}", "", False, True),
        # A purge, changes of other attributes, other keys, operations and hosts: never.
        ("DELETE", f"{GONE}{QUERY}", "", False, False),
        ("PATCH", f"{KEY}/0a1b{QUERY}", '{"attributes": {"enabled": true}, "release_policy": {}}', False, False),
        ("PATCH", f"{KEY}/0a1b{QUERY}", '{"key_ops": []}', False, False),
        ("PATCH", f"{KEY}{QUERY}", ON, False, False),
        ("PUT", f"{KEY}/rotationpolicy{QUERY}", "{}", False, False),
        ("POST", f"{KEY}/create{QUERY}", "{}", False, False),
        ("POST", f"{KEY}/0a1b/decrypt{QUERY}", "{}", False, False),
        ("POST", f"{KEY}/0a1b/release{QUERY}", "{}", False, False),
        ("POST", f"{KEY}/backup{QUERY}", "", False, False),
        ("POST", f"{KEY}2/0a1b/wrapkey{QUERY}", "{}", False, False),
        ("POST", f"https://{HOST}/keys/{OTHER}/0a1b/wrapkey{QUERY}", "{}", False, False),
        ("POST", f"{KEY}/../{OTHER}/wrapkey{QUERY}", "{}", False, False),
        ("GET", f"{KEY}?api-version=7.4", "", False, False),
        ("GET", f"http://{HOST}/keys/{CANARY}{QUERY}", "", False, False),
        ("GET", f"https://{HOST}:8443/keys/{CANARY}{QUERY}", "", False, False),
        ("GET", f"https://kv-other.vault.azure.net/keys/{CANARY}{QUERY}", "", False, False),
    ],
)
def test_the_gate_knows_keys_and_calls(method: str, url: str, body: str, used: bool, canary: bool) -> None:
    assert KeyGate(HOST, NAMED).allows(method, url, body) is used
    assert KeyGate(HOST, NAMED, NAMED).allows(method, url, body) is canary


@pytest.fixture(scope="module")
def simulator() -> Iterator[AzureSimulator]:
    with running() as azure:
        yield azure


@pytest.fixture
def azure(simulator: AzureSimulator) -> Iterator[AzureSimulator]:
    with logged_in(simulator):
        yield simulator


@pytest.fixture(scope="module")
def hub(simulator: AzureSimulator) -> Hub:
    return Hub(a_source(simulator), LOOKUPS)


@pytest.fixture
def line(azure: AzureSimulator, hub: Hub) -> Iterator[Line]:
    made = client(hub, KeyGate(HOST, NAMED | {SECOND}, NAMED), hub.cloud.vault_scope(HOST))
    yield Line(client=made, host=HOST, outside=Clock().outside())
    made.close()


def current(line: Line, key: str = CANARY) -> str:
    told: Any = line.call(GET, key)
    return str(told["key"]["kid"]).rpartition("/")[2]


def wraps(value: str = "bWFkZSB1cA") -> dict[str, Json]:
    return {"alg": "RSA-OAEP-256", "value": value}


@pytest.mark.parametrize("operation", [*USES, *CHANGES])
def test_another_key_never_leaves(azure: AzureSimulator, line: Line, operation: str) -> None:
    before = len(azure.requests)
    for key in {OTHER} | ({SECOND} if operation in CHANGES else set()):
        with pytest.raises(ForbiddenOperationError, match=f"{key}.* for a key that the estate does not name for it"):
            line.call(operation, key, "0a1b", enabling(True))
    assert (len(azure.requests), line.calls) == (before, [])


def test_another_request_through_the_same_pipeline_never_leaves(azure: AzureSimulator, line: Line) -> None:
    before = len(azure.requests)
    for method, url in (("GET", f"https://{HOST}/keys{QUERY}"), ("DELETE", f"{GONE}{QUERY}")):
        with pytest.raises(ForbiddenOperationError):
            line.client.send_request(HttpRequest(method, url))
    assert len(azure.requests) == before


def test_a_call_is_recorded_with_its_request_id_and_nothing_of_its_body(line: Line) -> None:
    answer = line.call(WRAP, CANARY, current(line), wraps())
    looked, call = line.calls
    assert isinstance(answer["value"], str)
    assert [looked.operation, call.operation] == [GET, WRAP]
    assert (call.code, call.logged, len(call.request_id)) == ("", True, 36)
    assert "bWFkZSB1cA" not in str(line.calls)
    assert answer["value"] not in str(line.calls)


@pytest.mark.parametrize(
    ("kind", "error", "reason", "attempts"),
    [
        ("deny", DeniedError, None, 1),
        ("throttle", CannotRunError, GapReason.THROTTLED, ATTEMPTS),
        ("error", CannotRunError, GapReason.FAILED, ATTEMPTS),
        ("disconnect", CannotRunError, GapReason.UNREACHABLE, ATTEMPTS),
        ("malformed", CannotRunError, GapReason.MALFORMED, 1),
        ("expired", CannotRunError, GapReason.DENIED, 1),
    ],
)
def test_only_an_answer_that_says_no_is_a_refusal(
    azure: AzureSimulator, line: Line, kind: Kind, error: type[Exception], reason: GapReason | None, attempts: int
) -> None:
    azure.faults.add(Fault(kind, GET))
    with pytest.raises(error) as caught:
        line.call(GET, CANARY)
    assert getattr(caught.value, "reason", None) is reason
    assert [call.logged for call in line.calls] == [kind == "deny"] * attempts


def test_a_refusal_has_the_inner_code_of_key_vault(line: Line) -> None:
    with pytest.raises(RefusedError) as caught:
        line.call(UNWRAP, CANARY, current(line), wraps())
    assert (caught.value.code, line.calls[-1].logged) == ("BadParameter", True)
    line.call(UPDATE, CANARY, current(line), enabling(False))
    with pytest.raises(RefusedError) as caught:
        line.call(WRAP, CANARY, current(line), wraps())
    assert (caught.value.code, isinstance(caught.value, DeniedError)) == ("KeyDisabled", False)
    line.call(UPDATE, CANARY, current(line), enabling(True))


def test_what_throttles_is_asked_again_as_key_vault_advises(azure: AzureSimulator, line: Line) -> None:
    azure.faults.add(Fault("throttle", GET, times=3))
    clock = Clock()
    replace(line, outside=clock.outside()).call(GET, CANARY)
    assert [call.code for call in line.calls] == ["Throttled", "Throttled", "Throttled", ""]
    assert clock.waits == [1, 2, 4]


def test_a_stopped_run_makes_no_call_again_unless_it_must(azure: AzureSimulator, line: Line) -> None:
    line.outside = Clock(stopped=True).outside()
    azure.faults.add(Fault("throttle", GET, times=1))
    with pytest.raises(CannotRunError, match="stopped"):
        line.call(GET, CANARY)
    azure.faults.add(Fault("throttle", GET, times=1))
    slept: list[float] = []
    line.sleep = slept.append
    line.call(GET, CANARY, always=True)
    assert slept == [1]


def test_a_file_of_authorities_that_is_not_there_is_told(azure: AzureSimulator, hub: Hub) -> None:
    elsewhere = Hub(a_source(azure, ca_bundle="/nowhere.pem"), LOOKUPS)
    elsewhere.credential = hub.credential
    made = client(elsewhere, KeyGate(HOST, NAMED), hub.cloud.vault_scope(HOST))
    with pytest.raises(CannotRunError, match=r"nowhere\.pem") as caught:
        Line(client=made, host=HOST, outside=Clock().outside()).call(GET, CANARY)
    made.close()
    assert caught.value.reason is GapReason.FAILED


@pytest.mark.parametrize(
    ("status", "code", "refused"),
    [
        (400, "BadParameter", True),
        (403, "KeyDisabled", True),
        (403, "Forbidden", True),
        (403, "ForbiddenByRbac", True),
        (403, "ForbiddenByFirewall", False),
        (403, "ForbiddenByConnection", False),
        (404, "KeyNotFound", True),
        (404, "NotFound", False),
        (401, "Unauthorized", False),
        (409, "ObjectIsBeingDeleted", False),
        (500, "InternalServerError", False),
        (0, "ReadTimeout", False),
    ],
)
def test_what_counts_as_a_refusal(status: int, code: str, refused: bool) -> None:
    assert refuses(CallError(GapReason.FAILED, code=code, status=status)) is refused


@pytest.mark.parametrize(
    ("status", "code", "denied"),
    [(403, "ForbiddenByRbac", True), (403, "Forbidden", True), (403, "KeyDisabled", False), (400, "Forbidden", False)],
)
def test_a_403_is_about_rights_unless_it_says_that_it_is_about_the_key(status: int, code: str, denied: bool) -> None:
    def once() -> dict[str, Json]:
        raise CallError(GapReason.DENIED, code=code, status=status)

    with pytest.raises(RefusedError) as caught:
        patiently(GET, once, Clock().outside())
    assert isinstance(caught.value, DeniedError) is denied


def test_a_key_that_is_being_deleted_is_waited_for() -> None:
    left = [CallError(GapReason.FAILED, code="ObjectIsBeingDeleted", status=409)] * 2

    def once() -> dict[str, Json]:
        if left:
            raise left.pop()
        return {"done": True}

    clock = Clock()
    assert patiently("keyvault:RecoverDeletedKey", once, clock.outside()) == {"done": True}
    assert clock.waits == [1, 2]
