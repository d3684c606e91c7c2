"""Which columns an operation feeds, kinds of rows included."""

from __future__ import annotations

import pytest

from scanner.model.operation import Operation

SECRETS = Operation(
    name="a:List",
    permissions=(),
    feeds=("data_stores.*", "data_stores.name", "keys.name"),
    kinds=("data_stores.secret", "data_stores.note"),
)


@pytest.mark.parametrize(
    ("columns", "fed"),
    [
        ([], False),
        (["data_stores.name"], True),
        (["data_stores.size"], False),
        (["data_stores@secret.name"], True),
        (["data_stores@note.*"], True),
        (["data_stores@bucket.name"], False),
        (["data_stores@bucket.name", "data_stores@secret.name"], True),
        (["data_stores@secret.size"], False),
        (["keys@any.name"], True),
    ],
)
def test_what_it_feeds(columns: list[str], fed: bool) -> None:
    assert SECRETS.feeds_any(columns) is fed
