"""PostgreSQL as a kind of source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.kinds.postgres import KIND
from scanner.model.estate import SecretRef
from scanner.model.layout import KeyTable, Layout, TableName
from tests.kinds.given import AWS, OTHERS, context, observation

ASKED = frozenset({"postgres:Session"})


def test_it_is_read_where_a_control_needs_it() -> None:
    (made,) = KIND.units(OTHERS, context(wanted=ASKED))
    assert (made.id, made.deadline) == ("postgres/voice/server", 160.0)
    assert list(KIND.units(OTHERS, context())) == []
    assert list(KIND.units(OTHERS, context(wanted=ASKED, only=frozenset({"other"})))) == []
    assert KIND.of_estate(OTHERS)
    assert not KIND.of_estate(AWS)


@pytest.mark.parametrize(
    ("salt", "column", "asked"),
    [(True, "key_sha256", {"DSN", "SALT"}), (True, "", {"DSN"}), (False, "key_sha256", {"DSN"})],
)
def test_the_salt_is_looked_up_where_a_registry_has_fingerprints(salt: bool, column: str, asked: set[str]) -> None:
    keys = KeyTable(
        table=TableName("a", "b"), id="id", tenant="t", wrapped="w", key="k", created="c", fingerprint=column
    )
    source = replace(OTHERS.postgres[0], layout=Layout(keys=keys, tables=()))
    estate = replace(OTHERS, postgres=(source,), salt=SecretRef("env", "SALT") if salt else None)
    seen: list[str] = []

    def resolve(ref: SecretRef) -> str:
        seen.append(ref.name)
        return "hunter2"

    assert len(list(KIND.units(estate, context(wanted=ASKED, resolve=resolve)))) == 1
    assert set(seen) == asked


def test_its_permissions_are_in_its_own_language() -> None:
    assert "GRANT" in KIND.permissions(KIND.operations())


def test_an_answer_tells_who_asks() -> None:
    assert KIND.identity(observation("postgres:Session", {"role": "keyaudit"})) == "keyaudit"
    assert KIND.identity(observation("other:Call", {"role": "keyaudit"})) == ""
    assert KIND.identity(observation("postgres:Session", None)) == ""
