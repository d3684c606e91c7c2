"""Where a vault is in Azure: its ARM id, by which facts call its keys."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scanner.collect.ask import Outside
from scanner.collect.azure.accounts import PAGING, SUBSCRIPTIONS
from scanner.collect.azure.shapes import items
from scanner.collect.azure.transport import TOKEN, AzureTransport
from scanner.collect.azure.vault import HSMS, VAULTS
from scanner.model.estate import AzureSelftest, AzureSource
from scanner.model.ids import Json
from scanner.selftest.azure_line import patiently
from scanner.selftest.interface import CannotRunError, RefusedError

LOOKUPS = frozenset({TOKEN, SUBSCRIPTIONS, VAULTS, HSMS})
"""Read-only operations of a scan that self-tests use as well."""
MOST_PAGES = 1000


def find(transport: AzureTransport, source: AzureSource, test: AzureSelftest, outside: Outside) -> str:
    """Return the ARM id of the vault that a self-test names; empty where the caller may not list it.

    Self-tests need no more than the vault itself, so that this is no reason not to run: keys then go by their address.
    """
    listing = HSMS if test.managed_hsm else VAULTS
    try:
        for subscription in source.subscriptions or tuple(_subscriptions(transport, outside)):
            for entry in _pages(transport, listing, {"subscription": subscription}, outside):
                identity = str(entry.get("id"))
                if identity.rpartition("/")[2].lower() == test.vault.lower():
                    return identity
    except (RefusedError, CannotRunError):
        return ""
    return ""


def _subscriptions(transport: AzureTransport, outside: Outside) -> Iterator[str]:
    for entry in _pages(transport, SUBSCRIPTIONS, {}, outside):
        yield str(entry.get("subscriptionId"))


def _pages(
    transport: AzureTransport, operation: str, params: dict[str, Json], outside: Outside
) -> Iterator[dict[str, Json]]:
    following: dict[str, Json] = {}
    for _ in range(MOST_PAGES):
        body = patiently(operation, partial(_answer, transport, operation, {**params, **following}), outside)
        yield from items(body)
        token = body.get(PAGING.answer)
        if not token:
            return
        following = {PAGING.parameter: token}


def _answer(transport: AzureTransport, operation: str, params: dict[str, Json]) -> dict[str, Json]:
    return body_of(transport.send(operation, params).body)


def body_of(body: Json) -> dict[str, Json]:
    """Return an answer that is an object, or an empty one."""
    return body if isinstance(body, dict) else {}
