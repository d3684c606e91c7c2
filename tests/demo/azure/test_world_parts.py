"""What keys of the world say of themselves, and what their parts refuse."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from scanner.demo.azure.world_parts import Key, ManagedHsm, Principal, Rotation, Vault


@pytest.mark.parametrize(
    ("given", "bits", "platform"),
    [
        ({}, 2048, "0"),
        ({"size": 4096}, 4096, "0"),
        ({"kty": "RSA-HSM"}, 2048, "2"),
        ({"kty": "RSA-HSM", "platform": "1"}, 2048, "1"),
        ({"kty": "oct-HSM"}, 256, "2"),
        ({"kty": "oct-HSM", "size": 128}, 128, "2"),
    ],
)
def test_length_and_platform_follow_from_the_type(given: dict[str, Any], bits: int, platform: str) -> None:
    key = Key.model_validate({"name": "k", **given})
    assert (key.bits, key.hsm_platform) == (bits, platform)


HERE = {"name": "kv-a", "subscription": "s", "group": "g"}


@pytest.mark.parametrize(
    ("kind", "given", "why"),
    [
        (Key, {"name": ""}, "at least 1 character"),
        (Key, {"name": "k", "denied": ["list everything"]}, "should match pattern"),
        (Rotation, {"after_create": "90 days"}, "should match pattern"),
        (Vault, {**HERE, "name": "9-starts-with-a-digit"}, "should match pattern"),
        (Vault, {**HERE, "soft_delete_days": 3}, "greater than or equal to 7"),
        (Vault, {**HERE, "keys": [{"name": "k", "kty": "RSA-HSM"}]}, "kv-a/k: a standard vault has no HSM keys"),
        (Vault, {**HERE, "keys": [{"name": "k", "kty": "oct-HSM"}]}, "kv-a/k: only a managed HSM has symmetric"),
        (ManagedHsm, {**HERE, "keys": [{"name": "k"}]}, "kv-a/k: a managed HSM has HSM keys only"),
    ],
)
def test_what_azure_would_not_hold_is_refused(
    kind: type[Key | Rotation | Vault | ManagedHsm], given: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        kind.model_validate(given)


def test_an_object_id_comes_from_the_name() -> None:
    assert Principal(name="a").id == Principal(name="a", kind="User").id != Principal(name="b").id
