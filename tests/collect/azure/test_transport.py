"""The transport over the simulated Azure: one attempt, raw answers, and every failure as what it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.azure.accounts import SUBSCRIPTIONS, TOKEN
from scanner.collect.azure.endpoints import ENDPOINTS
from scanner.collect.azure.transport import AzureTransport, Hub, Timeouts, parsed
from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.azure.simulator import AzureSimulator
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.azure.running import a_source, environment
from tests.demo.azure.composing import CLINICAL, KEYS, VAULT

EVERYTHING = frozenset({*ENDPOINTS, TOKEN})
VAULT_ID = f"{KEYS}/vaults/kv-clinical"


@pytest.fixture
def transport(azure: AzureSimulator) -> Iterator[AzureTransport]:
    yield from opened(azure)


def opened(azure: AzureSimulator, **given: Any) -> Iterator[AzureTransport]:  # noqa: ANN401 - any field of AzureSource
    with environment(azure.environ):
        made = Hub(a_source(azure, **given), EVERYTHING, Timeouts(10, 10)).transport()
        try:
            yield made
        finally:
            made.close()


def failure(transport: AzureTransport, operation: str, **params: Json) -> CallError:
    with pytest.raises(CallError) as raised:
        transport.send(operation, params)
    return raised.value


def test_an_answer_is_the_json_of_the_wire(transport: AzureTransport) -> None:
    reply = transport.send("keyvault:Vaults_Get", {"vault_id": VAULT_ID})
    assert isinstance(reply.body, dict)
    assert reply.body["id"] == VAULT_ID
    assert "vaultUri" in str(reply.body["properties"])  # the API's spelling, not the SDK's
    assert reply.status == 200
    assert reply.request_id
    assert transport.endpoint == "https://management.azure.com"


def test_a_vault_is_asked_with_a_token_of_its_own(transport: AzureTransport, azure: AzureSimulator) -> None:
    before = len(azure.requests)
    reply = transport.send("keyvault:GetKeys", {"vault": VAULT})
    assert isinstance(reply.body, dict)
    assert "value" in reply.body
    assert transport.endpoint == VAULT
    # Neither a call without a token first, nor a second attempt.
    assert [one.operation for one in azure.requests[before:]].count("keyvault:GetKeys") == 1


def test_who_asks_is_told_without_the_token(transport: AzureTransport, azure: AzureSimulator) -> None:
    reply = transport.send(TOKEN, {})
    assert isinstance(reply.body, dict)
    assert reply.body["way"] == "EnvironmentCredential"
    assert reply.body["tenant"] == azure.environ["AZURE_TENANT_ID"]
    assert not [value for value in reply.body.values() if str(value).startswith("ey")]


def test_a_credential_that_has_no_part_in_the_tenant_gives_no_token(azure: AzureSimulator) -> None:
    for transport in opened(azure, tenant="99999999-0000-4000-8000-000000000009"):
        error = failure(transport, TOKEN)
    assert error.reason is GapReason.DENIED


def test_a_token_of_another_tenant_is_refused(azure: AzureSimulator) -> None:
    hub = Hub(a_source(azure, tenant="99999999-0000-4000-8000-000000000009"), EVERYTHING)
    hub.credential = Hub(a_source(azure), EVERYTHING).credential
    with environment(azure.environ):
        error = failure(hub.transport(), TOKEN)
    assert (error.reason, error.code) == (GapReason.DENIED, "OtherTenant")
    assert azure.environ["AZURE_TENANT_ID"] in error.detail


@pytest.mark.parametrize("body", ['{"a": NaN}', "[" * 100_000, "", "<html>"])
def test_what_is_no_json_is_malformed(body: str) -> None:
    with pytest.raises(CallError) as raised:
        parsed(body, 200, "r-1")
    assert (raised.value.reason, raised.value.request_id) == (GapReason.MALFORMED, "r-1")
    assert parsed('{"a": 1}', 200, "") == {"a": 1}


def test_what_is_not_declared_is_refused_before_anything_is_sent(
    transport: AzureTransport, azure: AzureSimulator
) -> None:
    before = len(azure.requests)
    for operation in ("keyvault:GetSecret", "keyvault:DeleteKey", ""):
        with pytest.raises(ForbiddenOperationError):
            transport.send(operation, {"vault": VAULT, "key": "envelope"})
    assert len(azure.requests) == before


def test_a_vault_elsewhere_gets_no_token(transport: AzureTransport, azure: AzureSimulator) -> None:
    before = len(azure.requests)
    error = failure(transport, "keyvault:GetKeys", vault="https://kv-clinical.vault.azure.net.evil.example/")
    assert (error.reason, error.code) == (GapReason.MALFORMED, "NotSent")
    assert len(azure.requests) == before
    assert azure.refused == []


@pytest.mark.parametrize(
    ("kind", "reason", "retry"),
    [
        ("deny", GapReason.DENIED, False),
        ("throttle", GapReason.THROTTLED, True),
        ("error", GapReason.FAILED, True),
        ("malformed", GapReason.MALFORMED, False),
        ("unsupported", GapReason.UNSUPPORTED, False),
        ("disconnect", GapReason.UNREACHABLE, True),
    ],
)
def test_a_failure_is_told_as_what_it_is(
    transport: AzureTransport,
    azure: AzureSimulator,
    kind: Kind,
    reason: GapReason,
    retry: bool,
) -> None:
    azure.faults.add(Fault(kind, SUBSCRIPTIONS))
    before = asked(azure)
    error = failure(transport, SUBSCRIPTIONS)
    assert (error.reason, error.retry) == (reason, retry)
    assert asked(azure) <= before + 1  # asking again is the runner's affair


def asked(azure: AzureSimulator) -> int:
    return [one.operation for one in azure.requests].count(SUBSCRIPTIONS)


def test_nobody_at_the_proxy_is_unreachable_or_without_a_token(azure: AzureSimulator) -> None:
    for transport in opened(azure, proxy="http://127.0.0.1:9"):
        assert failure(transport, SUBSCRIPTIONS).reason in {GapReason.UNREACHABLE, GapReason.DENIED}


def test_a_certificate_that_does_not_verify_is_told_and_not_asked_again(azure: AzureSimulator) -> None:
    hub = Hub(a_source(azure), EVERYTHING)
    with environment(azure.environ):
        hub.credential.get_token(hub.cloud.arm_scope)
        strict = Hub(a_source(azure, ca_bundle=""), EVERYTHING)
        strict.credential = hub.credential
        transport = strict.transport()
        error = failure(transport, SUBSCRIPTIONS)
        transport.close()
    assert (error.reason, error.code, error.retry) == (GapReason.UNREACHABLE, "SSLError", False)


def test_a_missing_bundle_says_so(azure: AzureSimulator, tmp_path: Path) -> None:
    hub = Hub(a_source(azure), EVERYTHING)
    with environment(azure.environ):
        hub.credential.get_token(hub.cloud.arm_scope)
        broken = Hub(a_source(azure, ca_bundle=str(tmp_path / "missing.pem")), EVERYTHING)
        broken.credential = hub.credential
        transport = broken.transport()
        error = failure(transport, SUBSCRIPTIONS)
        transport.close()
    assert error.reason is GapReason.FAILED
    assert "missing.pem" in error.detail


def test_the_usual_proxy_is_used_where_none_is_named(azure: AzureSimulator) -> None:
    hub = Hub(a_source(azure, proxy="", ca_bundle=""), EVERYTHING)
    assert (hub.proxies, hub.verify) == ({}, True)


def test_a_subscription_is_a_part_of_the_path(transport: AzureTransport) -> None:
    reply = transport.send("keyvault:Vaults_ListBySubscription", {"subscription": CLINICAL})
    assert isinstance(reply.body, dict)
    assert isinstance(reply.body["value"], list)
    error = failure(transport, "keyvault:Vaults_ListBySubscription", subscription="../x")
    assert error.reason is GapReason.MALFORMED
