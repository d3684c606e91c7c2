"""ST-DAT-01 to 07 on a real PostgreSQL: they pass where all is well, and catch each mistake."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from scanner.model.observation import GapReason
from scanner.selftest import datapath
from scanner.selftest.datapath import DataPath, data_path_tests
from scanner.selftest.interface import CannotRunError, Context, DeniedError, Edge, Outcome
from scanner.selftest.values import Value
from tests.selftest.audited import AUDIO, FORM, NOTE, TENANTS, Audited
from tests.selftest.local import FIRST, IgnoresContext, LocalKeys, Refuses

IDS = [f"ST-DAT-0{n}" for n in range(1, 8)]
STORE, REGISTRY = "postgres:main:audited.calls", "postgres:main:audited.keys"


def run(number: str, path: DataPath) -> Outcome:
    [test] = [one for one in data_path_tests(path) if one.id == number]
    return test.run()


@pytest.fixture
def audited(dsn: str, connection: psycopg.Connection[Any]) -> Audited:
    return Audited(dsn, connection)


def test_a_good_database_passes_and_the_format_of_columns_does_not_commit(audited: Audited) -> None:
    path = audited.path()
    outcomes = {one.id: one.run() for one in data_path_tests(path)}
    assert list(outcomes) == IDS
    assert {number: one.passed for number, one in outcomes.items()} == {
        **dict.fromkeys(IDS, True),
        "ST-DAT-07": False,
    }
    assert path.store_id == STORE
    assert outcomes["ST-DAT-01"].figures == {"population": 6, "sampled": 18}
    assert outcomes["ST-DAT-03"].figures == {"nonces": 18, "repeated": 0, "most_values_per_key": 6}
    assert outcomes["ST-DAT-04"].figures == {"opened": 5}
    assert outcomes["ST-DAT-05"].cases == 2 * (5 + 5 + 2)
    assert outcomes["ST-DAT-06"].cases > 3 * (12 + 16 + 12)
    assert "note does not commit" in outcomes["ST-DAT-07"].detail
    assert not any(one.changes_state for one in data_path_tests(path))


def test_what_opened_is_proven_up_to_the_key(audited: Audited) -> None:
    keys = [f"{REGISTRY}/dek-{tenant}" for tenant in TENANTS]
    assert set(run("ST-DAT-04", audited.path()).edges) == {
        *(Edge(child=STORE, child_kind="store", parent=key, parent_kind="data_key") for key in keys),
        *(Edge(child=key, child_kind="data_key", parent=FIRST, parent_kind="key") for key in keys),
        Edge(child=STORE, child_kind="store", parent=FIRST, parent_kind="key"),
    }


def sql(statement: str) -> Callable[[Audited], None]:
    return lambda audited: audited.execute(statement)


FIRST_OF_A = "WHERE id = (SELECT min(id) FROM audited.calls WHERE tenant = 'canary-a')"


def shares_a_key(audited: Audited) -> None:
    audited.execute("DELETE FROM audited.calls WHERE tenant = 'canary-b'")
    audited.add_row(100, "canary-b", "dek-canary-a")


def meant_for_another_tenant(audited: Audited) -> None:
    """Swap the wrapped data keys of two tenants in the registry."""
    audited.execute(
        "UPDATE audited.keys k SET wrapped = o.wrapped FROM audited.keys o "
        "WHERE k.tenant LIKE 'canary-%%' AND o.tenant LIKE 'canary-%%' AND k.tenant <> o.tenant"
    )


BROKEN: list[tuple[str, str, Callable[[Audited], None], str]] = [
    ("ST-DAT-01", NOTE, sql(f"UPDATE audited.calls SET nonce = nonce || 'x' {FIRST_OF_A}"), "nonce has 104 bits"),
    ("ST-DAT-01", NOTE, sql(f"UPDATE audited.calls SET nonce = NULL {FIRST_OF_A}"), "the nonce is NULL"),
    ("ST-DAT-01", NOTE, sql(f"UPDATE audited.calls SET note = 'short' {FIRST_OF_A}"), "shorter than a tag"),
    ("ST-DAT-01", FORM, sql(f"UPDATE audited.calls SET form = 'short' {FIRST_OF_A}"), "shorter than a nonce and a tag"),
    ("ST-DAT-01", FORM, sql(f"UPDATE audited.calls SET dek = NULL {FIRST_OF_A}"), "names no data key"),
    ("ST-DAT-01", FORM, sql(f"UPDATE audited.calls SET dek = 'lost' {FIRST_OF_A}"), "lost is not in the registry"),
    ("ST-DAT-01", AUDIO, sql(f"UPDATE audited.calls SET audio = '\\x03' {FIRST_OF_A}"), "the version is 3"),
    ("ST-DAT-01", FORM, sql("DELETE FROM audited.keys"), "not in the registry, and 3 more"),
    ("ST-DAT-02", NOTE, sql(f"UPDATE audited.calls SET note = '{{\"a\": 1}}' {FIRST_OF_A}"), "row 0 looks like JSON"),
    ("ST-DAT-02", FORM, sql(f"UPDATE audited.calls SET form = 'fLaC and so on' {FIRST_OF_A}"), "a FLAC header"),
    ("ST-DAT-02", AUDIO, sql(f"UPDATE audited.calls SET audio = 'RIFF1234WAVE' {FIRST_OF_A}"), "a RIFF header"),
    (
        "ST-DAT-03",
        NOTE,
        sql(f"UPDATE audited.calls SET nonce = (SELECT nonce FROM audited.calls {FIRST_OF_A})"),
        "3 values under data key dek-canary-a have one nonce; 3 values under data key dek-canary-b have",
    ),
    (
        "ST-DAT-03",
        AUDIO,
        sql(f"UPDATE audited.calls SET audio = (SELECT audio FROM audited.calls {FIRST_OF_A})"),
        "6 values under data key of their own have one nonce",
    ),
    ("ST-DAT-04", NOTE, meant_for_another_tenant, "refused with InvalidCiphertextException"),
    ("ST-DAT-04", NOTE, sql("UPDATE audited.keys SET kek = 'gone'"), "refused with NotFoundException"),
    ("ST-DAT-04", NOTE, sql("DELETE FROM audited.keys"), "dek-canary-a is not in the registry"),
    ("ST-DAT-04", NOTE, sql(f"UPDATE audited.calls SET note = note || 'x' {FIRST_OF_A}"), "does not open"),
    ("ST-DAT-04", AUDIO, sql(f"UPDATE audited.calls SET audio = audio || 'x' {FIRST_OF_A}"), "bytes follow"),
    ("ST-DAT-05", NOTE, shares_a_key, "opens with the data key of tenant canary-b"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "column", "breaks", "detail"), BROKEN)
def test_a_broken_database_fails(
    audited: Audited, number: str, column: str, breaks: Callable[[Audited], None], detail: str
) -> None:
    assert run(number, audited.path(column)).passed is True
    breaks(audited)
    outcome = run(number, audited.path(column))
    assert outcome.passed is False
    assert detail in outcome.detail


def test_a_data_key_of_another_length_does_not_open(audited: Audited) -> None:
    short = audited.service.wrap(FIRST, bytes(16), {"tenant": "canary-a"})
    audited.execute("UPDATE audited.keys SET wrapped = %s WHERE tenant = 'canary-a'", short)
    assert "32 bytes, not 16" in run("ST-DAT-04", audited.path(NOTE)).detail


def test_too_many_values_under_a_key_are_told(audited: Audited) -> None:
    outcome = run("ST-DAT-03", audited.path(alert_values=6))
    assert outcome.passed is False
    assert "encrypts 6 values: alert level 6, SP 800-38D 8.3 allows 4294967296" in outcome.detail
    assert run("ST-DAT-03", audited.path(alert_values=7)).passed
    assert datapath.ALERT_VALUES == 2**31


def test_values_that_cannot_be_taken_apart_have_no_nonce_to_compare(audited: Audited) -> None:
    audited.execute("UPDATE audited.calls SET nonce = NULL")
    assert run("ST-DAT-03", audited.path(NOTE)).cases == 0


def test_a_service_that_ignores_the_context_is_caught(dsn: str, connection: psycopg.Connection[Any]) -> None:
    audited = Audited(dsn, connection, IgnoresContext())
    for column in (NOTE, AUDIO):
        outcome = run("ST-DAT-05", audited.path(column))
        assert outcome.passed is False
        assert "opens with the context of tenant canary-b" in outcome.detail


def test_values_that_are_not_bound_to_their_tenant_are_caught(audited: Audited) -> None:
    audited.execute("DELETE FROM audited.calls")
    for number, tenant in enumerate(TENANTS):
        audited.add_row(number, tenant, f"dek-{tenant}", bound="note|{id}")
    outcome = run("ST-DAT-05", audited.path(NOTE, aad="note|{id}"))
    assert outcome.passed is False
    assert "note of row 0, tenant canary-a, opens with the binding of tenant canary-b" in outcome.detail


def test_a_wrapping_without_context_is_said_to_bind_nothing(audited: Audited) -> None:
    for key, plain in audited.plain.items():
        audited.execute(
            "UPDATE audited.keys SET wrapped = %s WHERE id = %s", audited.service.wrap(FIRST, plain, {}), key
        )
    outcome = run("ST-DAT-05", audited.path(NOTE, context=False))
    assert outcome.passed
    assert outcome.cases == 2 * 4
    assert outcome.detail.endswith("no data key's wrapping is bound to its tenant, so no other context was tried")


def test_messages_that_do_not_say_whose_they_are_are_caught(audited: Audited) -> None:
    for number in (0, 1):
        audited.execute("UPDATE audited.calls SET audio = %s WHERE id = %s", audited.message({}), number)
    outcome = run("ST-DAT-05", audited.path(AUDIO))
    assert (outcome.passed, outcome.cases) == (False, 4)
    assert "audio of row 0, tenant canary-a, opens with the row of tenant canary-b" in outcome.detail


def test_an_opening_that_overlooks_changes_is_caught(audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    """The double opens whatever it is given, as a cipher without authentication does."""
    for column, opening in ((NOTE, "open"), (AUDIO, "open_message")):
        monkeypatch.setattr(Value, opening, lambda *_, **__: b"something")
        outcome = run("ST-DAT-06", audited.path(column))
        assert outcome.passed is False
        assert outcome.figures["accepted"] == outcome.cases
        assert f"{column} of row 0 opens with a changed {'nonce' if column == NOTE else 'header'}" in outcome.detail


def test_a_message_that_does_not_commit_is_told(audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("ST-DAT-07", audited.path(AUDIO)).figures == {"commits": True}
    monkeypatch.setattr(Value, "open_message", lambda *_, **__: b"something")
    assert run("ST-DAT-07", audited.path(AUDIO)).passed is False


@pytest.mark.parametrize(
    ("number", "given", "before", "reason"),
    [
        ("ST-DAT-01", {"tenants": ()}, "", "names no canary tenants: add `canary_tenants: "),
        ("ST-DAT-01", {}, "UPDATE audited.calls SET note = NULL", "audited.calls has no note of a canary tenant"),
        ("ST-DAT-01", {}, "DROP TABLE audited.calls", '42P01 relation "audited.calls" does not exist'),
        ("ST-DAT-01", {}, "UPDATE audited.keys SET wrapped = NULL", "not whole in the registry"),
        ("ST-DAT-01", {}, "UPDATE audited.keys SET tenant = NULL", "the context of data key dek-canary-a: column"),
        ("ST-DAT-05", {"tenants": TENANTS[:1]}, "", "made-up rows of two tenants"),
        ("ST-DAT-05", {"aad": ""}, "", "the layout gives no `aad:` of note"),
        ("ST-DAT-06", {"aad": ""}, "UPDATE audited.keys SET kek = 'gone'", "NotFoundException"),
        ("ST-DAT-06", {"aad": "{dek}{id}"}, "", "two columns side by side"),
        ("ST-DAT-07", {"aad": "{tenant}"}, "", "note of row 0 does not open as it is"),
    ],
)  # fmt: skip
def test_what_cannot_be_tried_says_what_to_do(
    audited: Audited, number: str, given: dict[str, Any], before: str, reason: str
) -> None:
    if before:
        audited.execute(before)
    with pytest.raises(CannotRunError, match=re.escape(reason)):
        run(number, audited.path(NOTE, **given))


def test_values_without_aad_open_and_cannot_be_tried_further(audited: Audited) -> None:
    audited.execute("DELETE FROM audited.calls")
    audited.add_row(0, "canary-a", "dek-canary-a", bound="")
    path = audited.path(NOTE, aad="")
    assert run("ST-DAT-04", path).passed
    with pytest.raises(CannotRunError, match="no `aad:` of note: that part cannot be tried"):
        run("ST-DAT-06", path)


def test_a_message_that_no_key_service_opens_cannot_be_tried(audited: Audited) -> None:
    for number in range(9):
        audited.execute("UPDATE audited.calls SET audio = %s WHERE id = %s", audited.message({}, "raw"), number)
    with pytest.raises(CannotRunError, match="audio of row 0 names no key of a key service"):
        run("ST-DAT-04", audited.path(AUDIO))


def test_a_refusal_of_the_service_fails_one_test_and_leaves_the_others_open(
    dsn: str,
    connection: psycopg.Connection[Any],
) -> None:
    audited = Audited(dsn, connection, Refuses("unwrap"))
    assert "refused with AccessDeniedException" in run("ST-DAT-04", audited.path(NOTE)).detail
    with pytest.raises(CannotRunError, match="ST-DAT-04 must pass first"):
        run("ST-DAT-06", audited.path(NOTE))


class Denies(LocalKeys):
    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        raise DeniedError("AccessDeniedException")


@pytest.mark.parametrize("number", ["ST-DAT-04", "ST-DAT-05", "ST-DAT-06", "ST-DAT-07"])
def test_missing_rights_show_nothing_of_the_data(dsn: str, connection: psycopg.Connection[Any], number: str) -> None:
    with pytest.raises(CannotRunError, match="AccessDeniedException") as caught:
        run(number, Audited(dsn, connection, Denies()).path(NOTE))
    assert caught.value.reason is GapReason.DENIED


def test_text_where_bytes_should_be_is_found(audited: Audited) -> None:
    audited.execute("UPDATE audited.calls SET plain = 'a remark that nobody encrypted'")
    path = audited.path(NOTE, ciphertext="plain")
    assert "looks like UTF-8 text" in run("ST-DAT-02", path).detail


def test_plain_keys_do_not_outlive_their_use(audited: Audited) -> None:
    seen: list[bytearray] = []
    unwrap = audited.service.unwrap

    def remember(key: str, wrapped: bytes, context: Any) -> bytearray:  # noqa: ANN401
        seen.append(unwrap(key, wrapped, context))
        return seen[-1]

    audited.service.unwrap = remember  # type: ignore[method-assign]
    for one in data_path_tests(audited.path(NOTE)):
        one.run()
    assert len(seen) >= 5
    assert not any(any(plain) for plain in seen[:2])
