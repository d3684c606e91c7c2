"""Which hosts a token may go to."""

from __future__ import annotations

import pytest

from scanner.collect.azure.clouds import CLOUDS

PUBLIC = CLOUDS["public"]


@pytest.mark.parametrize(
    ("host", "scope"),
    [
        ("kv.vault.azure.net", "https://vault.azure.net/.default"),
        ("hsm.managedhsm.azure.net", "https://managedhsm.azure.net/.default"),
        ("westus.hsm1.managedhsm.azure.net", "https://managedhsm.azure.net/.default"),
        ("a.b.vault.azure.net", ""),
        ("vault.azure.net", ""),
        (".vault.azure.net", ""),
        ("kv.vault.azure.net.evil.example", ""),
        ("kv.vault.azure.cn", ""),
        ("management.azure.com", ""),
    ],
)
def test_a_token_is_for_the_plane_of_its_host(host: str, scope: str) -> None:
    assert PUBLIC.vault_scope(host) == scope


@pytest.mark.parametrize(
    "uri", ["https://kv.vault.azure.net", "https://kv.vault.azure.net/", "https://KV.vault.azure.net:443/"]
)
def test_an_address_of_a_vault_gives_its_host(uri: str) -> None:
    assert PUBLIC.vault_host(uri) == "kv.vault.azure.net"


@pytest.mark.parametrize(
    "uri",
    [
        *(
            "",
            "kv.vault.azure.net",
            "http://kv.vault.azure.net/",
            "https://kv.example/",
            "https://me@kv.vault.azure.net/",
        ),
        *("https://kv.vault.azure.net:8443/", "https://kv.vault.azure.net:x/", "https://kv.vault.azure.net/a"),
        *("https://kv.vault.azure.net/?a=b", "https://kv.vault.azure.net/#a", "https://[::1/"),
    ],
)
def test_any_other_address_gives_none(uri: str) -> None:
    assert PUBLIC.vault_host(uri) == ""


def test_each_cloud_has_hosts_of_its_own() -> None:
    assert CLOUDS["usgovernment"].arm_scope == "https://management.core.usgovcloudapi.net/.default"
    assert CLOUDS["china"].vault_host("https://kv.vault.azure.cn/") == "kv.vault.azure.cn"
    hosts = [
        host for cloud in CLOUDS.values() for host in (cloud.login, cloud.arm, cloud.vault_suffix, cloud.hsm_suffix)
    ]
    assert len(hosts) == len(set(hosts)) == 12
