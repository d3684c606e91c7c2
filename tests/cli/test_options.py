"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scanner.cli.main import run
from scanner.cli.options import SEVERITIES, FailOn, parse_as_of
from scanner.errors import UsageError
from scanner.model.control import Severity

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

INSTANTS = [
    ("2026-11-24T12:00:00Z", NOON),
    ("2026-11-24T14:00:00+02:00", NOON),
    ("2026-11-24 12:00Z", NOON),
    ("20261124T120000Z", NOON),
    ("2026-11-24T12:00:00.5Z", NOON.replace(microsecond=500_000)),
    ("2026-11-24", NOON.replace(hour=0)),
    ("20261124", NOON.replace(hour=0)),
    ("2026-W48-2", NOON.replace(hour=0)),
]


@pytest.mark.parametrize(("text", "moment"), INSTANTS)
def test_an_instant_is_read(text: str, moment: datetime) -> None:
    assert parse_as_of(text) == moment


def test_without_an_instant_there_is_none() -> None:
    assert parse_as_of(None) is None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("yesterday", "--as-of 'yesterday' is not an instant", "write 2026-11-24T00:00:00Z or 2026-11-24"),
        ("", "--as-of '' is not an instant", "write 2026-11-24T00:00:00Z or 2026-11-24"),
        ("2026-13-01", "--as-of '2026-13-01' is not an instant", "write 2026-11-24T00:00:00Z or 2026-11-24"),
        ("2026-11-24T12:00", "--as-of '2026-11-24T12:00' has no time zone", "write 2026-11-24T12:00Z for UTC"),
        ("20261124T12", "--as-of '20261124T12' has no time zone", "write 20261124T12Z for UTC"),
        ("2026-11-24 12:00", "--as-of '2026-11-24 12:00' has no time zone", "write 2026-11-24 12:00Z for UTC"),
        (
            "0001-01-01T00:00:00+23:59",
            "--as-of '0001-01-01T00:00:00+23:59' is out of range",
            "write a year from 2 to 9998",
        ),
    ],
)
def test_what_is_no_instant_is_told(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_as_of(text)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_the_severities_that_count_are_those_of_the_catalogue_from_the_least() -> None:
    assert [one.value for one in SEVERITIES] == [one.value for one in reversed(Severity)]
    assert set(FailOn) - set(SEVERITIES) == {FailOn.NEVER}


@pytest.mark.parametrize("group", [[], ["controls"], ["schema"]])
def test_no_command_is_no_success(group: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(group, traces=False) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(" ".join(["Usage: keyaudit", *group]))
    assert "Commands:" in captured.err
