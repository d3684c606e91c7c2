"""The part of the estate file about AI vendors."""

from __future__ import annotations

import pytest

from scanner.errors import ConfigError
from scanner.estate.load import parse_estate
from scanner.model.estate import SecretRef, VendorSource

HEAD = "keyaudit: 1\norganization: Test Health\nsources:\n  vendors:\n"


def parsed(source: str) -> VendorSource:
    (one,) = parse_estate(f"{HEAD}    - {source}\n".encode(), "estate.yaml").estate.vendors
    return one


def test_a_source_names_its_keys_by_reference() -> None:
    assert parsed("{name: realtime, vendor: openai, admin_key: {env: ADMIN}}") == VendorSource(
        name="realtime", vendor="openai", admin_key=SecretRef("env", "ADMIN")
    )


def test_everything_can_be_said() -> None:
    given = (
        "{name: voice, vendor: elevenlabs, admin_key: {file: a}, project_key: {keyring: b}, keep_emails: true, "
        'endpoint_url: "https://api.eu.residency.elevenlabs.io/", concurrency: 2, time_limit: 60}'
    )
    assert parsed(given) == VendorSource(
        name="voice",
        vendor="elevenlabs",
        admin_key=SecretRef("file", "a"),
        project_key=SecretRef("keyring", "b"),
        endpoint_url="https://api.eu.residency.elevenlabs.io",
        keep_emails=True,
        concurrency=2,
        time_limit=60,
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{name: a, vendor: cohere, admin_key: {env: A}}", "vendor"),
        ("{name: a, vendor: openai}", "admin_key"),
        ("{name: a, vendor: openai, admin_key: word}", "by reference"),
        ("{name: a, vendor: openai, admin_key: {env: A}, keys: 1}", "keys"),
        ('{name: a, vendor: openai, admin_key: {env: A}, endpoint_url: "http://api.example.com"}', "plain http"),
        ("{name: a, vendor: openai, admin_key: {env: A}, concurrency: 0}", "concurrency"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(source: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parsed(source)
    assert caught.value.place is not None
    assert caught.value.place.line == 5
