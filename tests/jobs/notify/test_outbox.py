"""The outbox: what waits, on disk, without an address."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.errors import EvidenceError
from scanner.jobs.notify.outbox import KEPT, MOST_BYTES, Entry, Outbox, id_of
from tests.history.snapshots import a_finding
from tests.jobs.notify.samples import NOW, told


def entry(id_: str = "a", **given: Any) -> Entry:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {"target": "slack", "run": "20260715T120000Z", "queued": NOW, "told": told(a_finding())}
    return Entry(id=id_, **{**fields, **given})


def test_what_is_put_is_found_the_oldest_first(tmp_path: Path) -> None:
    box = Outbox(tmp_path / "outbox")
    assert list(box.entries()) == []
    old = entry("z", queued=NOW - timedelta(days=1)).tried("refused")
    box.put(entry("a"))
    box.put(old, b"<p>what changed</p>")
    assert list(box.entries()) == [old, entry("a")]
    assert (old.tries, old.why) == (1, "refused")
    assert box.diff(old).read_bytes() == b"<p>what changed</p>"
    assert (tmp_path / "outbox").stat().st_mode & 0o077 == 0
    box.remove(old)
    assert [path.name for path in box.folder.iterdir()] == ["a.json"]


def test_the_id_is_that_of_scan_and_target() -> None:
    ids = {id_of(*parts) for parts in (("p", "s", "t"), ("p", "s", "t2"), ("p", "s2", "t"), ("p2", "s", "t"))}
    assert len(ids) == 4
    assert id_of("p", "s", "t") in ids


def test_after_seven_days_it_is_given_up() -> None:
    assert not entry().expired(NOW + KEPT - timedelta(seconds=1))
    assert entry().expired(NOW + KEPT)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda _: b"{", "not a notification"),
        (lambda _: b"[]", "schema"),
        (lambda _: b" " * (MOST_BYTES + 1), "too large"),
        (lambda body: {**body, "schema": "keyaudit/outbox/2"}, "schema"),
        (lambda body: {**body, "url": "https://hooks.example.com"}, "schema"),
        (lambda body: {**body, "id": "b"}, "schema"),
        (lambda body: {**body, "tries": True}, "not of its type"),
        (lambda body: {**body, "target": 5}, "not of its type"),
        (lambda body: {**body, "queued": "yesterday"}, "isoformat"),
        (lambda body: {**body, "notification": {}}, "required"),
    ],
)
def test_what_is_no_entry_is_told_and_the_rest_goes_on(change: Any, why: str, tmp_path: Path) -> None:  # noqa: ANN401
    box = Outbox(tmp_path / "outbox")
    box.put(entry("a"))
    box.put(entry("b"))
    path = box.folder / "a.json"
    changed = change(json.loads(path.read_bytes()))
    path.write_bytes(changed if isinstance(changed, bytes) else json.dumps(changed).encode())
    bad, good = box.entries()
    assert isinstance(bad, EvidenceError)
    assert str(path) in str(bad)
    assert why in str(bad)
    assert good == entry("b")


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    (bad,) = Outbox(tmp_path).entries()
    assert "Is a directory" in str(bad)
