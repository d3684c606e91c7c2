"""What a unit is made of: names that every scheduler takes, and folders that a container can have."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from scanner.errors import UsageError
from scanner.schedule.job import check_text
from tests.schedule.jobs import HOSTILE, PLAIN


def test_a_plain_name_stays() -> None:
    assert PLAIN.unit == "keyaudit-nightly"


@pytest.mark.parametrize(
    "name", ["Nightly", "x" * 63, "a b", "-", "%%%", "a_b", "größe", HOSTILE.profile, "a" * 43 + "b"]
)
def test_any_other_name_becomes_a_label_of_its_own(name: str) -> None:
    unit = replace(PLAIN, profile=name).unit
    assert re.fullmatch(r"keyaudit-[a-z0-9]([a-z0-9-]*[a-z0-9])?", unit)
    assert len(unit) <= 52
    assert unit != replace(PLAIN, profile=f"{name}x").unit


def writable(*paths: str) -> str:
    return str(replace(PLAIN, writable=tuple(PurePosixPath(path) for path in paths)).container_folder)


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        (["/var/lib/keyaudit/nightly"], "/var/lib/keyaudit/nightly"),
        (["/var/lib/keyaudit/nightly", "/var/lib/keyaudit"], "/var/lib/keyaudit"),
        (["/var/lib/keyaudit/a", "/var/lib/keyaudit/b/c"], "/var/lib/keyaudit"),
        (["/data/a"], "/data/a"),
    ],
)
def test_the_one_folder_of_a_container(paths: list[str], folder: str) -> None:
    assert writable(*paths) == folder
    assert str(PLAIN.container_estate) == "/etc/keyaudit/estate.yaml"


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["/srv/audit/nightly"], "/srv/audit/nightly is in the estate's folder, which a container has read-only"),
        (["/var/lib/keyaudit/nightly", "/srv/audit"], "/srv/audit is in the estate's folder"),
        (["/var/lib/keyaudit/nightly", "/opt/history"], "a run would have to write anywhere in /"),
        (["/var/lib/keyaudit", "/var/lib/other"], "a run would have to write anywhere in /var/lib"),
    ],
)
def test_folders_that_a_container_cannot_have(paths: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)) as raised:
        writable(*paths)
    assert raised.value.hint


@pytest.mark.parametrize("text", ["", " a", "a ", "a\nb", "a\x00b", "a\x1b[31m", "a\\b", "a\u202eb", "a\udc80"])
def test_text_that_no_unit_holds(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be written into a unit"):
        check_text("the profile", text)
