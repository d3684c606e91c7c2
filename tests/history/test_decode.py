"""What a ``history.json`` may not say, and where it says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.errors import EvidenceError
from scanner.history import decode as decoding
from scanner.history.decode import read_history
from scanner.history.encode import encode, history_of
from tests.history.scans import START, a_finding, a_key_state, a_snapshot

DAYS = [a_snapshot(day, "a", a_finding("b"), keys=[a_key_state("k"), a_key_state("l")]) for day in range(3)]
GOOD = encode(history_of(DAYS))


def changed(*path: Any, to: Any) -> Callable[[Any], None]:  # noqa: ANN401 - any place, any value
    def change(body: Any) -> None:  # noqa: ANN401 - any JSON
        for step in path[:-1]:
            body = body[step]
        body[path[-1]] = to

    return change


def removed(*path: Any) -> Callable[[Any], None]:  # noqa: ANN401 - any place
    def change(body: Any) -> None:  # noqa: ANN401 - any JSON
        for step in path[:-1]:
            body = body[step]
        del body[path[-1]]

    return change


BAD = [
    (changed("schema", to="keyaudit/history/2"), "schema: "),
    (removed("keys"), "keys: Field required"),
    (changed("more", to=1), "more: Extra inputs"),
    (changed("scans", 1, "as_of", to="2026-01-02T06:00:00"), "scans.1.as_of: "),
    (changed("scans", 1, "as_of", to="9999-12-31T23:59:59-23:59"), "scans.1.as_of: .*out of range"),
    (changed("scans", 1, "totals", "failed", to="1"), "scans.1.totals.failed: "),
    (changed("scans", 1, "as_of", to="2026-02-02T06:00:00Z"), "scans.2 is out of order, or there twice"),
    (changed("findings", 1, "subject", to="a"), "findings.1 is out of order, or there twice"),
    (changed("keys", 0, "key_id", to="l"), "keys.1 is out of order, or there twice"),
    (changed("keys", 0, "points", 0, 2, "name", to=1), "keys.0.points.0.2.name: "),
    (changed("controls", 0, "points", 0, 2, to="passed"), "controls.0.points.0.2: "),
    (changed("controls", 0, "points", 0, 3, to=-1), "controls.0.points.0.3: "),
    (changed("controls", 0, "points", 0, 6, to=1), "controls.0.points.0: there is no digest 1"),
    (changed("findings", 0, "points", 0, 2, to="pass"), "findings.0.points.0.2: "),
    (changed("findings", 0, "points", to=[]), "findings.0.points: there is none"),
    (changed("findings", 0, "points", 0, 1, to=4), "findings.0.points.0: it is not of scans that follow, of 3"),
    (changed("findings", 0, "points", 0, 1, to=0), "findings.0.points.0: it is not of scans"),
    (changed("findings", 0, "points", 0, 1, to=2**60), "findings.0.points.0: it is not of scans"),
    (
        changed("findings", 0, "points", to=[[1, 2, "fail", ""], [0, 1, "fail", ""]]),
        "findings.0.points.1: it is not of scans",
    ),
    (changed("logging", 0, 1, to=9), "logging.0: it is not of scans"),
    (changed("logging", 0, 2, 0, to=["scope", True]), "logging.0.2.0.2: "),
    (changed("scopes", 0, 1, to=9), "scopes.0: it is not of scans"),
    (changed("scopes", 0, 2, 0, to=["aws:1", "main", 1, None]), "scopes.0.2.0.2: "),
    (changed("controls", 0, "points", 0, 7, to=1), "controls.0.points.0.7: "),
    (changed("digests", 0, to="sha256:x"), "digests.0: "),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=[message for _, message in BAD])
def test_what_keyaudit_does_not_write_is_refused_with_its_place(
    change: Callable[[Any], None], message: str, tmp_path: Path
) -> None:
    body = json.loads(GOOD)
    change(body)
    path = tmp_path / "history.json"
    path.write_text(json.dumps(body))
    with pytest.raises(EvidenceError, match=f"history.json: {message}"):
        read_history(path)


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 100_000, GOOD[:-9], b'{"schema": ' + b"9" * 9_999 + b"}"])
def test_what_is_no_such_file_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_bytes(data)
    with pytest.raises(EvidenceError, match=r"history\.json: "):
        read_history(path)


def test_a_few_bytes_cannot_claim_more_states_than_memory_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.json"
    path.write_bytes(GOOD)
    assert read_history(path) == history_of(DAYS)
    monkeypatch.setattr(decoding, "MOST_POINTS", 14)  # of 15
    with pytest.raises(EvidenceError, match=r"keys\.1: there are more than 14 states"):
        read_history(path)


def test_every_scan_is_before_the_one_that_it_is_for(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_bytes(GOOD)
    last = START + timedelta(days=2)
    assert len(read_history(path, last + timedelta(microseconds=1)).scans) == 3
    with pytest.raises(EvidenceError, match=r"scans\.2 is not before the scan that it is for"):
        read_history(path, last)


def test_instants_are_of_utc_whatever_zone_they_are_written_in(tmp_path: Path) -> None:
    body = json.loads(GOOD)
    body["scans"][0]["as_of"] = "2026-01-01T07:00:00+01:00"
    path = tmp_path / "history.json"
    path.write_text(json.dumps(body))
    moment = read_history(path).scans[0].as_of
    assert (moment, moment.tzinfo) == (START, UTC)
