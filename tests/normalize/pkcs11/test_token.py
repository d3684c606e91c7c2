"""Answers of a token to rows: of a real one, and of what a token could say."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from scanner.collect.pkcs11 import token as collector
from scanner.collect.pkcs11.operations import ATTRIBUTES, MECHANISMS, OBJECTS, OPERATIONS, SLOT, TOKEN
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.facts import Fact
from scanner.model.ids import Json, SourceId
from scanner.model.modules import ModuleFact
from scanner.model.observation import Gap, Observation, Record
from scanner.model.tables import CoverageFact, KeyFact
from scanner.model.tokens import TokenFact
from scanner.normalize.pkcs11.token import normalize
from tests.collect.fakes import Clock
from tests.hsm import REFERENCE, a_source, softhsm
from tests.normalize.builders import missed, observed

R = TypeVar("R", bound=Record)
F = TypeVar("F", bound=Fact)
URI = "pkcs11:token=root;object=a"
MODULE_ID = "pkcs11:token=root;serial=1"


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[arg-type,misc] # year, month, day and so on


def of_root(record: Observation | Gap) -> Record:
    return replace(record, source=SourceId("pkcs11:root"), account="root", region="", collector="pkcs11.token")


def rows(records: Sequence[Record], kind: type[F]) -> list[F]:
    return [fact for fact in normalize(records) if isinstance(fact, kind)]


def listed(*keys: tuple[str, int], kind: str = "secret-key") -> dict[str, Json]:
    objects: list[Json] = [{"uri": uri, "kind": kind, "label": uri[-1], "id": "01", "count": n} for uri, n in keys]
    return {"objects": objects, "count": sum(n for _, n in keys)}


def one_key(**attributes: Json) -> list[Record]:
    """Return what a token with one key told."""
    body: dict[str, Json] = {f"CKA_{name}": value for name, value in attributes.items()}
    return [
        of_root(observed(OBJECTS, listed((URI, 1)))),
        of_root(observed(ATTRIBUTES, {"objects": [body]}, subject=URI)),
    ]


def the_key(**attributes: Json) -> KeyFact:
    (row,) = rows(one_key(**attributes), KeyFact)
    return row


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    folder = tmp_path_factory.mktemp("log")
    log = EvidenceLog(folder)
    wanted = frozenset(one.name for one in OPERATIONS)
    with softhsm() as values:
        unit = collector.unit(a_source(), lambda ref: values[ref.name], wanted, 1000.0)
        run_units([unit], Run(log, wanted, Clock().outside(), Tally()))
        log.close()
    return [record for path in segments(Path(folder)) for record in read_segment(path)]


def test_the_real_token_is_what_it_is(real: list[Record]) -> None:
    (token,) = rows(real, TokenFact)
    assert (token.account, token.manufacturer, token.model) == ("root", "SoftHSM project", "SoftHSM v2")
    assert token.module_id == f"pkcs11:token=root;serial={token.serial}"
    assert (token.hardware_slot, token.login_required, token.user_pin_set) == (False, True, True)
    assert not any((token.user_pin_locked, token.user_pin_tried, token.user_pin_to_be_changed))
    assert not any((token.officer_pin_locked, token.officer_pin_to_be_changed))
    assert token.public_keys_visible == 1
    assert {"AES_KEY_WRAP"} <= set(token.mechanisms or ())
    assert {"DES_CBC", "DES3_CBC", "MD5", "RSA_PKCS", "SHA1_RSA_PKCS"} <= set(token.weak_mechanisms or ())
    (module,) = rows(real, ModuleFact)
    assert (module.module_id, module.kind, module.product) == (token.module_id, "token", "softhsm")
    assert (module.embodiment, module.version, module.certificate_required) == ("software", token.firmware, True)


def test_the_real_keys_are_rows_and_all_are_there(real: list[Record]) -> None:
    keys = {row.name: row for row in rows(real, KeyFact)}
    assert set(keys) == {key.label for key in REFERENCE.keys}
    root = keys["root-2026"]
    assert root.key_id == "pkcs11:token=root;object=root-2026"
    assert (root.key_type, root.algorithm, root.length_bits) == ("symmetric_key_wrapping", "AES", 256)
    assert (root.origin, root.exportable, root.ever_exportable, root.readable) == ("provider", False, False, False)
    assert (root.material_since, root.expires) == (at(2026, 7, 4), True)
    assert root.expires_at == at(2028, 7, 3, 23, 59, 59)
    assert (keys["legacy-export"].exportable, keys["legacy-export"].ever_exportable) == (True, True)
    assert (keys["imported-kek"].origin, keys["imported-kek"].ever_exportable) == ("imported", True)
    signing = keys["release-signing"]
    assert (signing.key_type, signing.length_bits, signing.strength_bits) == ("private_signature", 2048, 112)
    assert (keys["undated-kek"].material_since, keys["undated-kek"].expires) == (None, False)
    assert {row.coverage_id.partition(" ")[0]: (row.complete, row.row_count) for row in rows(real, CoverageFact)} == {
        "keys": (True, len(REFERENCE.keys)),
        "tokens": (True, 1),
        "modules": (True, 1),
    }


def test_rows_name_the_answers_that_they_come_from(real: list[Record]) -> None:
    known = {record.id: record for record in real}
    facts = list(normalize(real))
    assert all(fact.evidence and set(fact.evidence) <= set(known) for fact in facts)
    (root,) = [fact for fact in facts if isinstance(fact, KeyFact) and fact.name == "root-2026"]
    assert {known[one].operation for one in root.evidence} == {OBJECTS, ATTRIBUTES}


def test_the_order_of_arrival_does_not_matter(real: list[Record]) -> None:
    shuffled = list(real)
    random.Random(7).shuffle(shuffled)  # noqa: S311 - no secret
    assert list(normalize(shuffled)) == list(normalize(real))


def test_an_empty_unit_has_no_rows() -> None:
    assert list(normalize([])) == []


def test_what_no_token_can_tell_is_not_guessed() -> None:
    key = the_key()
    assert (key.provider, key.account, key.region, key.managed_by) == ("pkcs11", "root", "", "customer")
    assert (key.state, key.provider_state, key.rotation_supported, key.rotation_enabled) == (
        "active",
        "none",
        False,
        False,
    )
    assert (key.tags, key.tag_keys, key.aliases, key.deletion_scheduled) == ((), (), ("a",), False)
    unknown = (key.created_at, key.material_since, key.origin, key.exportable, key.ever_exportable, key.readable)
    more = (key.expires, key.expires_at, key.algorithm, key.usage, key.usage_count, key.provider_spec, key.ever_used)
    assert {*unknown, *more} == {None}


@pytest.mark.parametrize(
    ("sensitive", "extractable", "readable"),
    [
        (True, True, False),
        (True, None, False),
        (None, False, False),
        (False, False, False),
        (False, True, True),
        (False, None, None),
        (None, True, None),
    ],
)
def test_a_value_is_given_out_when_it_is_extractable_and_not_sensitive(
    sensitive: bool | None, extractable: bool | None, readable: bool | None
) -> None:
    assert the_key(SENSITIVE=sensitive, EXTRACTABLE=extractable).readable is readable


@pytest.mark.parametrize(
    ("never", "always", "ever"),
    [(True, True, False), (False, None, True), (None, False, True), (True, None, None), (None, True, None)],
)
def test_what_was_once_open_stays_ever_exportable(never: bool | None, always: bool | None, ever: bool | None) -> None:
    assert the_key(NEVER_EXTRACTABLE=never, ALWAYS_SENSITIVE=always).ever_exportable is ever


@pytest.mark.parametrize(
    ("start", "end", "since", "expires", "at"),
    [
        ("20260105", "20280229", at(2026, 1, 5), True, at(2028, 2, 29, 23, 59, 59)),
        ("", "", None, False, None),
        (None, None, None, None, None),
        ("00000000", "00000000", None, None, None),
        ("20260230", "2026", None, None, None),
    ],
)
def test_dates(
    start: str | None, end: str | None, since: datetime | None, expires: bool | None, at: datetime | None
) -> None:
    key = the_key(START_DATE=start, END_DATE=end)
    assert (key.material_since, key.expires, key.expires_at) == (since, expires, at)


@pytest.mark.parametrize(
    ("attributes", "spec"),
    [
        ({"KEY_TYPE": "CKK_AES", "VALUE_LEN": 32}, "CKK_AES 256"),
        ({"KEY_TYPE": "CKK_RSA", "MODULUS": 3072}, "CKK_RSA 3072"),
        ({"KEY_TYPE": "CKK_EC"}, "CKK_EC"),
        ({}, None),
    ],
)
def test_the_token_s_own_word_for_a_key(attributes: dict[str, Json], spec: str | None) -> None:
    assert the_key(**attributes).provider_spec == spec


@pytest.mark.parametrize(
    ("kind", "attributes", "shown"),
    [
        ("secret-key", {}, "none"),
        ("private", {"public_fingerprint": "ab12"}, "ab12"),
        ("private", {}, None),
        ("private", {"public_fingerprint": 7}, None),
    ],
)
def test_the_public_half(kind: str, attributes: dict[str, Json], shown: str | None) -> None:
    records = [
        of_root(observed(OBJECTS, listed((URI, 1), kind=kind))),
        of_root(observed(ATTRIBUTES, {"objects": [attributes]}, subject=URI)),
    ]
    assert [row.public_fingerprint for row in rows(records, KeyFact)] == [shown]


def test_keys_that_share_a_name_are_rows_of_their_own() -> None:
    bodies: list[Json] = [{"CKA_EXTRACTABLE": True}, {"CKA_EXTRACTABLE": False}]
    records = [
        of_root(observed(OBJECTS, listed((URI, 2)))),
        of_root(observed(ATTRIBUTES, {"objects": bodies}, subject=URI)),
    ]
    found = [(row.key_id, row.exportable) for row in rows(records, KeyFact)]
    assert found == [(URI, True), (f"{URI};keyaudit-copy=2", False)]


@pytest.mark.parametrize(
    "answer",
    [
        of_root(missed(ATTRIBUTES, subject=URI)),
        of_root(observed(ATTRIBUTES, {"objects": "none"}, subject=URI)),
        of_root(observed(ATTRIBUTES, {"objects": ["odd"]}, subject=URI)),
        of_root(observed(ATTRIBUTES, "odd", subject=URI)),
    ],
    ids=["gap", "not a list", "not an object", "no answer"],
)
def test_a_key_that_was_listed_and_not_read_is_a_key(answer: Record) -> None:
    found = rows([of_root(observed(OBJECTS, listed((URI, 2)))), answer], KeyFact)
    assert [(row.key_id, row.exportable) for row in found] == [(URI, None), (f"{URI};keyaudit-copy=2", None)]


def test_what_a_listing_does_not_say_is_one_key_without_a_name() -> None:
    (row,) = rows([of_root(observed(OBJECTS, {"objects": [{"uri": URI}]}))], KeyFact)
    assert (row.key_id, row.name, row.aliases, row.usage) == (URI, None, None, None)


TOLD: dict[str, Json] = {"uri": MODULE_ID, "serial": "1", "manufacturer": "Acme", "model": "HSM-9", "firmware": "1.2"}


def test_without_a_login_the_keys_that_everybody_sees_are_rows_and_not_all() -> None:
    records = [
        of_root(observed(TOKEN, TOLD)),
        of_root(observed(OBJECTS, listed((URI, 1)), subject=MODULE_ID)),
        of_root(missed(OBJECTS)),
    ]
    assert [row.key_id for row in rows(records, KeyFact)] == [URI]
    (coverage,) = [row for row in rows(records, CoverageFact) if row.listed_table == "keys"]
    assert (coverage.complete, coverage.row_count) == (False, 1)


@pytest.mark.parametrize(
    ("objects", "required"),
    [
        (of_root(observed(OBJECTS, listed((URI, 1)))), True),
        (of_root(observed(OBJECTS, listed())), False),
        (of_root(missed(OBJECTS)), None),
    ],
    ids=["keys", "none", "not known"],
)
def test_a_module_needs_a_certificate_when_it_holds_keys(objects: Record, required: bool | None) -> None:
    (module,) = rows([of_root(observed(TOKEN, TOLD)), objects], ModuleFact)
    assert module.certificate_required is required
    assert (module.product, module.embodiment) == ("Acme / HSM-9", None)


def test_a_token_that_says_nothing_of_itself_is_no_product() -> None:
    (module,) = rows([of_root(observed(TOKEN, {"uri": MODULE_ID}))], ModuleFact)
    assert (module.product, module.embodiment, module.version) == (None, None, None)


def test_keys_that_nobody_asked_for_are_not_counted() -> None:
    found = rows([of_root(observed(TOKEN, TOLD))], CoverageFact)
    assert {(row.listed_table, row.complete) for row in found} == {("tokens", True), ("modules", True)}


def test_a_token_that_did_not_answer_is_not_listed() -> None:
    found = rows([of_root(missed(TOKEN))], CoverageFact)
    assert {(row.listed_table, row.complete, row.row_count) for row in found} == {
        ("tokens", False, 0),
        ("modules", False, 0),
    }
    assert rows([of_root(missed(TOKEN))], TokenFact) == []


FLAGS = {
    "LOGIN_REQUIRED": "login_required",
    "USER_PIN_INITIALIZED": "user_pin_set",
    "USER_PIN_TO_BE_CHANGED": "user_pin_to_be_changed",
    "USER_PIN_LOCKED": "user_pin_locked",
    "USER_PIN_COUNT_LOW": "user_pin_tried",
    "SO_PIN_TO_BE_CHANGED": "officer_pin_to_be_changed",
    "SO_PIN_LOCKED": "officer_pin_locked",
}


@pytest.mark.parametrize(("name", "column"), FLAGS.items())
def test_each_flag_is_a_column(name: str, column: str) -> None:
    cases: tuple[tuple[Json, bool | None], ...] = (([name], True), ([], False), (None, None))
    for flags, value in cases:
        (token,) = rows([of_root(observed(TOKEN, {**TOLD, "flags": flags}))], TokenFact)
        assert getattr(token, column) is value


def test_what_was_not_asked_of_a_token_is_not_known() -> None:
    (token,) = rows([of_root(observed(TOKEN, TOLD))], TokenFact)
    assert (token.hardware_slot, token.mechanisms, token.weak_mechanisms, token.public_keys_visible) == (None,) * 4


def test_what_a_token_can_compute() -> None:
    told = [of_root(observed(TOKEN, TOLD)), of_root(observed(SLOT, {"hardware": True}))]
    body: dict[str, Json] = {"mechanisms": ["RSA_PKCS", "AES_CBC"], "pkcs1_key_transport": []}
    (token,) = rows([*told, of_root(observed(MECHANISMS, body))], TokenFact)
    assert (token.hardware_slot, token.mechanisms, token.weak_mechanisms) == (True, ("AES_CBC", "RSA_PKCS"), ())
    # Whether the old padding transports keys was not told.
    (token,) = rows([*told, of_root(observed(MECHANISMS, {"mechanisms": ["RSA_PKCS"]}))], TokenFact)
    assert (token.mechanisms, token.weak_mechanisms) == (("RSA_PKCS",), None)
