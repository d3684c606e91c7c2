"""The transport answers about the places of the estate, and about nothing else."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.collect.leaks.detect import library
from scanner.collect.leaks.operations import PLACES, READ
from scanner.collect.leaks.transport import Places
from scanner.model.estate import LeakSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from tests.collect.leaks.support import HASHES, KEY, LINE, export, message, never, repository


def transport(kind: str, place: Path) -> Places:
    return Places(LeakSource(name="one", kind=kind, places=(str(place),)), HASHES, never, 1)


def read(kind: str, place: Path) -> dict[str, Json]:
    made = transport(kind, place)
    body = made.send(READ, {"place": str(place)}).body
    made.close()
    assert isinstance(body, dict)
    return body


def test_each_kind_of_place_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LINE)
    assert len(str(read("files", tmp_path / "a.log")["leaks"])) > 2
    root = repository(tmp_path / "repo", {"a": LINE})
    assert read("git", root)["objects"] == 2
    slack = export(tmp_path, {"keys/2026-01-01.json": [message(f"kek={KEY}")]})
    body = read("slack_export", slack)
    assert body["messages"] == 1
    assert body["rules"] == f"keyaudit 1, {library.version()}"
    assert KEY not in str(body)


def test_places_are_told_without_reading(tmp_path: Path) -> None:
    made = transport("git", tmp_path / "gone")
    assert made.send(PLACES, {}).body == {"places": [{"place": str(tmp_path / "gone"), "kind": "git"}]}


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        (READ, {}),
        (READ, {"place": "/etc/passwd"}),
        (READ, {"place": "one", "more": "x"}),
        (PLACES, {"place": "one"}),
        ("leaks:Delete", {}),
    ],
)
def test_whatever_else_is_asked_is_refused(tmp_path: Path, operation: str, params: dict[str, Json]) -> None:
    with pytest.raises(ForbiddenOperationError):
        transport("files", tmp_path).send(operation, params)


def test_without_the_library_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise importlib.metadata.PackageNotFoundError("detect-secrets")

    monkeypatch.setattr(library, "version", missing)
    with pytest.raises(CallError) as caught:
        transport("files", tmp_path)
    assert caught.value.reason is GapReason.UNSUPPORTED
    assert 'detect-secrets is not installed: pip install "keyaudit[leaks]"' in caught.value.detail
