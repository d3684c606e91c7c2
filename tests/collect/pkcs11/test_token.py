"""The collector of one token, at work under the runner."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pkcs11
import pytest
from pkcs11.constants import Attribute

from scanner.collect.interface import Answer, Asking, CallError, Check, Transport, Unit
from scanner.collect.pkcs11 import token
from scanner.collect.pkcs11.operations import ATTRIBUTES, MECHANISMS, OBJECTS, OPERATIONS, TOKEN
from scanner.collect.pkcs11.transport import Pkcs11Transport
from scanner.collect.runner import Run, run_units
from scanner.collect.tally import Tally
from scanner.evidence.log import EvidenceLog, read_segment, segments
from scanner.model.estate import Pkcs11Source
from scanner.model.ids import Json
from scanner.model.observation import Gap, GapReason, Observation, Record
from tests.collect.fakes import Clock
from tests.collect.pkcs11.fakes import PIN, FakeKey, FakeLibrary, FakeToken, one_token
from tests.hsm import REFERENCE, a_source, softhsm

ALL = frozenset(one.name for one in OPERATIONS)
START = Attribute.START_DATE


def collected(folder: Path, unit: Unit, wanted: frozenset[str] = ALL) -> list[Record]:
    log = EvidenceLog(folder)
    try:
        run_units([unit], Run(log, wanted, Clock().outside(), Tally()))
    finally:
        log.close()
    return [record for path in segments(folder) for record in read_segment(path)]


def real_unit(values: Mapping[str, str], source: Pkcs11Source | None = None, wanted: frozenset[str] = ALL) -> Unit:
    return token.unit(source or a_source(), lambda ref: values[ref.name], wanted, 1000.0)


def a_unit(library: FakeLibrary, pin: str | None = PIN) -> Unit:
    source = a_source(module="acme.so", pin=None)
    made = token.unit(source, lambda _: "", ALL, 1000.0)
    return replace(made, transport=lambda: Pkcs11Transport(source, pin, library))


def gaps(records: list[Record]) -> list[tuple[str, str | None, str]]:
    last = max(record.run for record in records)
    found = [record for record in records if isinstance(record, Gap) and record.run == last]
    return sorted((gap.operation, gap.subject, gap.error_code) for gap in found)


def test_a_real_token_is_read_whole(tmp_path: Path) -> None:
    with softhsm() as values:
        records = collected(tmp_path, real_unit(values))
    assert gaps(records) == []
    (told,) = [r for r in records if r.operation == TOKEN]
    assert (told.source, told.account, told.principal, told.collector) == (
        "pkcs11:root",
        "root",
        "CKU_USER",
        token.NAME,
    )
    assert isinstance(told, Observation)
    assert isinstance(told.response, dict)
    assert {r.subject for r in records if r.operation == OBJECTS} == {None, told.response["uri"]}
    subjects = sorted(str(r.subject) for r in records if r.operation == ATTRIBUTES)
    assert subjects == sorted(f"pkcs11:token=root;object={key.label}" for key in REFERENCE.keys)
    # The PIN is in no record, whatever it is about.
    assert values[REFERENCE.pin_variable] not in repr(records)


def test_a_second_run_asks_nothing_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def connect() -> Transport:
        asked.append("connected")
        return token.connect(a_source(), None)

    with softhsm() as values:
        first = collected(tmp_path, real_unit(values))
        assert collected(tmp_path, replace(real_unit(values), transport=connect)) == first
    assert asked == []


def test_the_token_is_looked_at_before_anybody_logs_in(tmp_path: Path) -> None:
    fake = FakeToken(keys=[FakeKey()])
    collected(tmp_path, a_unit(one_token(fake)))
    assert [pin for pin, _ in fake.opened] == [None, PIN]


def test_a_narrow_scan_needs_no_pin(tmp_path: Path) -> None:
    def resolve(_: object) -> str:
        raise AssertionError("no PIN is needed")

    unit = token.unit(a_source(), resolve, frozenset({TOKEN, MECHANISMS}), 1000.0)
    with softhsm():
        records = collected(tmp_path, unit, frozenset({TOKEN, MECHANISMS}))
    assert {record.operation for record in records} == {TOKEN, MECHANISMS}
    assert unit.principal == ""


def test_a_wrong_pin_is_given_once_and_what_everybody_sees_is_read(tmp_path: Path) -> None:
    fake = FakeToken(
        keys=[FakeKey("open", private=False), FakeKey("closed")], open_errors=[None, pkcs11.PinIncorrect()]
    )
    records = collected(tmp_path, a_unit(one_token(fake), "not-the-pin"))
    assert gaps(records) == [(OBJECTS, None, "PinIncorrect")]
    assert [r.subject for r in records if r.operation == ATTRIBUTES] == ["pkcs11:token=root;object=open"]
    assert [pin for pin, _ in fake.opened] == [None, "not-the-pin", None]
    # A second run of the scan in this process does not give it again.
    again = FakeToken(keys=[FakeKey("open", private=False)])
    records = collected(tmp_path, a_unit(one_token(again), "not-the-pin"))
    assert gaps(records) == [(OBJECTS, None, "PinIncorrect")]
    assert "not-the-pin" not in [pin for pin, _ in again.opened]


def test_without_a_pin_the_gap_says_what_to_add(tmp_path: Path) -> None:
    records = collected(tmp_path, a_unit(one_token(FakeToken(keys=[FakeKey("open", private=False)])), None))
    (gap,) = [record for record in records if isinstance(record, Gap)]
    assert (gap.operation, gap.subject, gap.reason) == (OBJECTS, None, GapReason.NOT_ALLOWED)
    assert "add `pin:`" in gap.detail


def test_a_token_that_is_not_there_leaves_a_gap_for_everything(tmp_path: Path) -> None:
    records = collected(tmp_path, a_unit(FakeLibrary()))
    assert all(isinstance(record, Gap) for record in records)
    assert {record.operation for record in records} == ALL - {ATTRIBUTES}
    assert {record.subject for record in records if record.operation == OBJECTS} == {None, "pkcs11:token=root"}


def test_an_attribute_that_is_not_given_is_a_gap_about_the_key(tmp_path: Path) -> None:
    keys = [FakeKey("a", values={START: pkcs11.GeneralError()}) for _ in range(2)]
    records = collected(tmp_path, a_unit(one_token(FakeToken(keys=keys))))
    assert gaps(records) == [(ATTRIBUTES, "pkcs11:token=root;object=a", "GeneralError")]
    (gap,) = [record for record in records if isinstance(record, Gap)]
    assert gap.detail == "CKA_START_DATE of the key could not be read: GeneralError"


def test_a_label_that_looks_like_a_secret_is_kept_nowhere(tmp_path: Path) -> None:
    records = collected(tmp_path, a_unit(one_token(FakeToken(keys=[FakeKey("password=hunter22hunter22")]))))
    assert gaps(records) == []
    assert "hunter22" not in repr(records)
    assert [r.subject for r in records if r.operation == ATTRIBUTES] == [
        "pkcs11:token=root;object=password%3D%5Bredacted%5D"
    ]


class Odd:
    """Gives answers that no token gives, past the checks: what a changed evidence file could hold."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.noted: list[str] = []

    def call(self, operation: str, params: Mapping[str, Json], **_: object) -> Answer | None:
        body = self.answers.get(operation)
        return None if body is None else Answer(body, "", last=True)

    def note(self, operation: str, error: CallError, *, subject: str | None) -> None:
        self.noted.append(f"{operation} {error.code}")

    def each(self, work: Callable[[str], None], subjects: Iterator[str]) -> None:
        for subject in subjects:
            work(subject)


@pytest.mark.parametrize(
    ("objects", "attributes"),
    [
        ("none", []),
        ([1], []),
        ([{"uri": "x"}], "none"),
        ([{"uri": "x"}], [1, {}, {"unread": 1}]),
        ([{"uri": "x"}], None),
    ],
)
def test_what_is_not_understood_is_left(objects: Json, attributes: Json) -> None:
    told = None if attributes is None else {"objects": attributes}
    asking = Odd({OBJECTS: {"objects": objects}, ATTRIBUTES: told})
    assert list(token.collect(cast("Asking", asking), a_source())) == []
    assert asking.noted == []


@pytest.mark.parametrize(
    ("check", "body", "problem"),
    [
        (token._text("uri"), {"uri": 1}, "`uri` is not text"),
        (token._text("uri"), {"uri": "x"}, ""),
        (token._list("objects"), {}, "`objects` is not a list"),
        (token._list("objects"), {"objects": []}, ""),
    ],
)
def test_answers_have_a_shape(check: Check, body: dict[str, Json], problem: str) -> None:
    assert check(body) == problem


def test_without_the_extra_the_gap_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "scanner.collect.pkcs11.transport")
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(CallError) as error:
        token.connect(a_source(), None)
    assert (error.value.reason, error.value.code) == (GapReason.UNSUPPORTED, "MissingExtra")
    assert 'pip install "keyaudit[hsm]"' in error.value.detail


def test_with_the_extra_there_is_a_transport() -> None:
    made = token.connect(a_source(), None)
    assert made.endpoint.startswith("pkcs11:?module-path=")
    made.close()
