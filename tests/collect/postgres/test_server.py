"""The collector on real servers: what is asked, what becomes a gap, and that the evidence holds no value."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.interface import CallError
from scanner.collect.postgres import server
from scanner.collect.postgres.operations import (
    COLUMNS,
    DATA_KEYS,
    LAYOUT,
    OF_LAYOUT,
    OPERATIONS,
    PRIVILEGES,
    ROLES,
    RULES,
    SAMPLES,
    SESSION,
    SETTINGS,
    USAGE,
)
from scanner.estate.layout import parse_layout
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.aws.running import Collected
from tests.collect.aws.scripted import Scripted
from tests.collect.fakes import Bench
from tests.collect.postgres.voice import LAYOUT_TEXT, NOTES, PASSWORD, REGISTRY, SOUND, a_source, collected
from tests.postgres import Server


def run(folder: Path, good: Server, wanted: frozenset[str] | None = None, **given: Any) -> Collected:  # noqa: ANN401 - fields of the source
    dsn = good.dsn("keyaudit", PASSWORD, "voice", "sslmode=require")
    return collected(folder, a_source(**given), dsn, OPERATIONS, wanted)


def test_everything_is_read_with_the_rights_that_are_printed(tmp_path: Path, good: Server) -> None:
    found = run(tmp_path, good)
    assert found.gaps == []
    assert found.asked == {
        **dict.fromkeys((SESSION, SETTINGS, RULES, ROLES, LAYOUT, DATA_KEYS), 1),
        COLUMNS: 3,
        PRIVILEGES: 3,
        USAGE: 4,
        SAMPLES: 2,
    }
    assert {a.subject for a in found.answers(USAGE)} == {
        f"{NOTES}#body",
        f"{NOTES}#summary",
        f"{SOUND}#clip",
        f"{SOUND}#caption",
    }
    assert {(a.source, a.source_name, a.collector) for a in found.answers()} == {
        ("postgres:voice", "voice", "postgres.server")
    }


def test_no_value_no_password_and_no_key_is_in_the_evidence(tmp_path: Path, good: Server) -> None:
    run(tmp_path, good)
    text = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert '"postgres:Samples"' in text
    for secret in ("Jane", "buprenorphine", "plain words", PASSWORD, "w" * 20, (b"w" * 20).hex(), (b"n" * 12).hex()):
        assert secret not in text


def test_without_a_layout_only_the_server_is_read(tmp_path: Path, good: Server) -> None:
    found = run(tmp_path, good, layout=None, sample_rows=None)
    assert set(found.asked) == {SESSION, SETTINGS, RULES, ROLES}
    assert {(gap.operation, gap.reason) for gap in found.gaps} == {(op, GapReason.NOT_ALLOWED) for op in OF_LAYOUT}
    assert all("add `envelope: FILE` to the source voice" in gap.detail for gap in found.gaps)


def test_what_no_control_needs_is_neither_asked_nor_missed(tmp_path: Path, good: Server) -> None:
    found = run(tmp_path, good, frozenset({SESSION, RULES}), layout=None, sample_rows=None)
    assert (set(found.asked), found.gaps) == ({SESSION, RULES}, [])


@pytest.mark.parametrize(("rows", "gaps"), [(None, ["add `sample: {rows: 200}` to the source voice"]), (0, [])])
def test_no_row_is_read_that_nobody_allowed(tmp_path: Path, good: Server, rows: int | None, gaps: list[str]) -> None:
    found = run(tmp_path, good, sample_rows=rows)
    assert SAMPLES not in found.asked
    assert [gap.detail for gap in found.gaps] == gaps


def test_a_role_without_rights_leaves_gaps_with_advice(tmp_path: Path, good: Server) -> None:
    found = collected(tmp_path, a_source(), good.dsn("guest", "guest", "voice"), OPERATIONS)
    assert {(gap.operation, gap.reason.value, gap.error_code) for gap in found.gaps} == {
        (SETTINGS, "denied", "Withheld"),
        (RULES, "denied", "42501"),
        (DATA_KEYS, "denied", "42501"),
        (USAGE, "denied", "42501"),
        (SAMPLES, "denied", "42501"),
    }
    assert all("keyaudit permissions postgres" in gap.detail for gap in found.gaps)
    # What everybody may know is known all the same.
    assert found.asked[PRIVILEGES] == 3


def test_a_layout_that_names_what_is_not_there_is_wrong(tmp_path: Path, good: Server) -> None:
    text = LAYOUT_TEXT.replace("ciphertext: body_ct", "ciphertext: body_enc").replace("voice.Sound bites", "voice.gone")
    found = run(tmp_path, good, layout=parse_layout(text.encode(), "voice.yaml"))
    wrong = {gap.subject: gap.detail for gap in found.gaps if gap.operation == COLUMNS}
    assert wrong == {
        NOTES: "voice.yaml names what voice.notes does not have: body_enc; mend the layout file",
        "postgres:voice:voice.gone": (
            "voice.yaml names what voice.gone does not have: the table itself; mend the layout file"
        ),
    }
    assert {gap.reason for gap in found.gaps} == {GapReason.MALFORMED}
    assert found.answers(DATA_KEYS)[0].subject == REGISTRY


def test_a_server_that_is_not_there_is_a_gap_for_everything(tmp_path: Path) -> None:
    found = collected(tmp_path, a_source(), "host=127.0.0.1 port=1 user=x", OPERATIONS)
    assert {gap.reason for gap in found.gaps} == {GapReason.UNREACHABLE}
    assert {gap.operation for gap in found.gaps} == {op.name for op in OPERATIONS} - {LAYOUT}


def test_a_resumed_scan_samples_again(tmp_path: Path, good: Server) -> None:
    run(tmp_path, good)
    found = run(tmp_path, good)
    assert (found.asked[DATA_KEYS], found.asked[SAMPLES]) == (1, 4)


def test_without_psycopg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "scanner.collect.postgres.transport", raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(CallError, match=r'pip install "keyaudit\[postgres\]"') as caught:
        server.connect(a_source(), "")
    assert caught.value.code == "MissingExtra"


@pytest.mark.parametrize(("body", "gaps"), [({"database": "x"}, []), ({"database": 1}, [SESSION])])
def test_an_answer_of_another_shape_is_none(bench: Bench, body: Json, gaps: list[str]) -> None:
    provider = Scripted({SESSION: body})
    work = bench.work(wanted=frozenset({SESSION}), transport=lambda: provider, operations=OPERATIONS)
    assert list(server.collect(work.ask, a_source(layout=None))) == []
    assert [gap.operation for gap in work.gaps] == gaps
