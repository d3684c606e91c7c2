"""Whose a host is, in each cloud."""

from __future__ import annotations

import pytest
from azure.identity import AzureAuthorityHosts

from scanner.demo.azure.clouds import CLOUDS, plane_of


@pytest.mark.parametrize(
    ("host", "plane"),
    [
        ("login.microsoftonline.com", "login"),
        ("management.azure.com", "arm"),
        ("kv.vault.azure.net", "vault"),
        ("hsm.managedhsm.azure.net", "hsm"),
        ("login.microsoftonline.us", "login"),
        ("management.usgovcloudapi.net", "arm"),
        ("kv.vault.usgovcloudapi.net", "vault"),
        ("hsm.managedhsm.azure.cn", "hsm"),
        ("kv.vault.azure.net.example.com", None),
        ("a.b.vault.azure.net", None),
        (".vault.azure.net", None),
        ("vault.azure.net", None),
        ("graph.microsoft.com", None),
    ],
)
def test_whose_a_host_is(host: str, plane: str | None) -> None:
    assert plane_of(host) == plane


@pytest.mark.parametrize(
    ("name", "authority"),
    [
        ("public", AzureAuthorityHosts.AZURE_PUBLIC_CLOUD),
        ("usgovernment", AzureAuthorityHosts.AZURE_GOVERNMENT),
        ("china", AzureAuthorityHosts.AZURE_CHINA),
    ],
)
def test_the_authorities_are_those_of_the_sdk(name: str, authority: str) -> None:
    assert CLOUDS[name].login[0] == authority
