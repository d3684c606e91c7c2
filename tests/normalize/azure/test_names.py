"""Ids and addresses."""

from __future__ import annotations

import pytest

from scanner.model.observation import Record
from scanner.normalize.azure.names import is_within, key_of, key_uri, last, subject_of
from tests.normalize.azure.builders import missed, observed


@pytest.mark.parametrize(
    ("kid", "named"),
    [
        ("https://kv.vault.azure.net/keys/envelope", ("envelope", "")),
        ("https://kv.vault.azure.net/keys/envelope/1a2b", ("envelope", "1a2b")),
        ("https://kv.vault.azure.net:443/keys/envelope/", ("envelope", "")),
        ("https://kv.vault.azure.net/secrets/envelope", None),
        ("https://kv.vault.azure.net/keys/a/b/c", None),
        ("", None),
    ],
)
def test_an_address_names_a_key(kid: str, named: tuple[str, str] | None) -> None:
    assert key_of(kid) == named


@pytest.mark.parametrize(
    ("vault", "name", "version", "uri"),
    [
        ("https://kv.vault.azure.net/", "k", "1a", "https://kv.vault.azure.net/keys/k/1a"),
        ("https://kv.vault.azure.net", "k", "", "https://kv.vault.azure.net/keys/k"),
        ("https://kv.vault.azure.net", "k", None, "https://kv.vault.azure.net/keys/k"),
        (None, "k", None, None),
        ("https://kv.vault.azure.net", "", None, None),
    ],
)
def test_an_address_from_its_parts(vault: str | None, name: str | None, version: str | None, uri: str | None) -> None:
    assert key_uri(vault, name, version) == uri


def test_what_lies_within_what() -> None:
    assert is_within("/subscriptions/A/resourceGroups/b", "/Subscriptions/a")
    assert is_within("/subscriptions/a", "/subscriptions/a/")
    assert not is_within("/subscriptions/ab", "/subscriptions/a")


def test_the_last_part_and_the_subject() -> None:
    assert last("/a/b/") == "b"
    records: list[Record] = [observed("x", {}), observed("y", {}, subject="s"), missed("x", subject="t")]
    assert subject_of(records, "x") == "t"
    assert subject_of(records, "z") == ""
