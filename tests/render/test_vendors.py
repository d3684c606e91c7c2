"""What is said of AI vendors, in words."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.matrix import Promise, Stored, VendorRow
from scanner.render.inventory import Said
from scanner.render.vendors import contract, custody, keeping, promised, shown, stored, vendor


def a_row(**given: Any) -> VendorRow:  # noqa: ANN401 - any field
    names = (
        *("name", "active", "retention_mode", "zero_retention", "records_audio", "expires", "retention_days"),
        *("model_improvement", "customer_key_possible", "customer_key", "key_ref"),
    )
    fields: dict[str, Any] = {**dict.fromkeys(names), "scope_id": "openai:a", "provider": "openai", "kind": "project"}
    return VendorRow(**{**fields, **given})


def a_promise(**given: Any) -> Promise:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "agreement_id": "baa",
        "vendor": "openai",
        "promise": "zero_retention",
        "days": None,
        "kept": 0,
        "broken": 0,
        "unknown": 0,
        "breaking": (),
    }
    return Promise(**{**fields, **given})


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (a_row(), [Said("not told")]),
        (
            a_row(retention_mode="none", zero_retention=False, exceptions=("support=aws_review",)),
            [Said("keeps, by the settings of support=aws_review", strong=True)],
        ),
        (a_row(retention_mode="contract"), [Said("what it keeps only the contract tells")]),
        (a_row(zero_retention=True), [Said("keeps nothing")]),
        (a_row(zero_retention=False, expires=False), [Said("keeps without limit", strong=True)]),
        (a_row(zero_retention=False, expires=True, retention_days=1), [Said("keeps for 1 day", strong=True)]),
        (a_row(zero_retention=False), [Said("keeps, for a time that is not told", strong=True)]),
        (
            a_row(kind="organization", expires=True, retention_days=30),
            [Said("indexes of conversations end after 30 days")],
        ),
        (a_row(zero_retention=True, records_audio=True), [Said("keeps nothing"), Said("records voices")]),
        (a_row(model_improvement=True), [Said("not told"), Said("models learn from it", strong=True)]),
        (a_row(model_improvement=False), [Said("not told"), Said("models do not learn from it")]),
    ],
)
def test_what_a_vendor_keeps(row: VendorRow, said: list[Said]) -> None:
    assert list(keeping(row)) == said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (a_row(), Said("not told")),
        (a_row(customer_key=True), Said("customer's key")),
        (a_row(customer_key=False), Said("vendor's key", strong=True)),
        (
            a_row(customer_key=False, customer_key_possible=True),
            Said("vendor's key; a customer's is possible", strong=True),
        ),
    ],
)
def test_under_whose_key_it_is(row: VendorRow, said: Said) -> None:
    assert custody(row) == said


@pytest.mark.parametrize(
    ("things", "said"),
    [
        ((), "not told"),
        ((Stored("file", False, 0),), "nothing"),
        ((Stored("file", True, 1), Stored("history_item", True, 2)), "1 file, 2 history items"),
        ((Stored("batch", True, None), Stored("secret", None, None)), "some batches, secrets: not known"),
    ],
)
def test_what_is_stored(things: tuple[Stored, ...], said: str) -> None:
    assert stored(a_row(stored=things)) == said


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (None, Said("the register does not tell")),
        ("none", Said("no contract", strong=True)),
        ("not_in_force", Said("no contract in force", strong=True)),
        ("covered", Said("a contract in force covers it")),
    ],
)
def test_the_contract(word: str | None, said: Said) -> None:
    assert contract(a_row(contract=word)) == said


@pytest.mark.parametrize(
    ("promise", "days", "said"),
    [
        ("zero_retention", None, "Nothing of what is asked and answered is kept"),
        ("nothing_stored", None, "Nothing is kept, so nothing is stored on purpose"),
        ("no_training", None, "Models do not learn from it"),
        ("prompts", 30, "Prompts are kept for 30 days at most"),
        ("audio", 1, "Recordings are kept for 1 day at most"),
    ],
)
def test_what_a_contract_says(promise: str, days: int | None, said: str) -> None:
    assert promised(a_promise(promise=promise, days=days)) == said


def test_what_the_settings_show_of_it() -> None:
    assert list(shown(a_promise(kept=3, broken=1, unknown=2))) == [
        Said("1 otherwise", strong=True),
        Said("2 not told", strong=True),
        Said("3 as promised"),
    ]
    assert list(shown(a_promise())) == []


def test_a_vendor_has_its_own_spelling_or_the_word_of_the_register() -> None:
    assert (vendor("openai"), vendor("hume")) == ("OpenAI", "hume")
