"""What the fact tables of a scan and the scans before it tell of a key: each case, judged day by day."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scanner.model.facts import Fact
from scanner.model.history import History, KeyHistory, ScanRecord
from scanner.model.ids import SourceId
from scanner.model.period import KeyLine
from tests.history.judging import (
    READ,
    ROW,
    SOURCE,
    a_data_key,
    a_key,
    a_scope,
    a_state,
    a_version,
    an_event,
    earlier,
    judged,
    listed,
    naive,
)
from tests.history.timelines import at, merged

KEYS: list[tuple[str, list[Fact], History, str]] = [
    ("nothing but the key", [a_key()], History(), "unknown 1-31"),
    ("the material of this scan", [a_key(material_since=naive(25))], History(), "unknown 1-24, in 25-31"),
    (
        "a whole list of versions",
        [a_key(), a_version(-4, rotation_type="none"), a_version(12, "current"), listed("key_versions", "key")],
        History(),
        "in 1-6, out 7-11, in 12-22, out 23-31",
    ),
    (
        "material to come is no version yet",
        [a_key(), a_version(24, "current"), a_version(30, "pending"), listed("key_versions", "key")],
        History(),
        "unknown 1-23, in 24-31",
    ),
    (
        "the list of versions was denied",
        [a_key(), a_version(-4), a_version(12, "current"), listed("key_versions", "key", complete=False)],
        History(),
        "unknown 1-31",
    ),
    (
        "a version without a date",
        [a_key(), a_version(None), a_version(22, "current"), listed("key_versions", "key")],
        History(),
        "unknown 1-31",
    ),
    (
        "events of a log that was read to its end",
        [a_key(material_since=naive(-4)), READ, an_event("DisableKey", 3.5), an_event("EnableKey", 9)],
        History(),
        "in 1-3, absent 4-8, out 9-31",
    ),
    (
        "events that failed, of another key, without a date, of no interest",
        [
            a_key(material_since=naive(22)),
            READ,
            an_event("RotateKey", 3, outcome="AccessDenied"),
            an_event("RotateKey", 4, outcome=None),
            an_event("RotateKey", 5, key="other"),
            an_event("RotateKey", None),
            an_event("Decrypt", 6),
        ],
        History(),
        "unknown 1-21, in 22-31",
    ),
    (
        "events of a log that was not read to its end",
        [
            a_key(material_since=naive(22)),
            a_scope(events_read_until=naive(31), events_complete=False),
            an_event("RotateKey", 3),
        ],
        History(),
        "unknown 1-21, in 22-31",
    ),
    (
        "earlier scans",
        [a_key(material_since=naive(22))],
        earlier(
            (1.5, a_state(material_since=at(-4))),
            (6.5, a_state(material_since=at(-4))),
            (7.5, a_state(material_since=at(7.2))),
            (9.5, a_state(material_since=at(7.2), state="suspended")),
            (10.5, a_state(material_since=at(7.2), state="suspended")),
            (12.5, a_state(material_since=at(7.2))),
        ),
        "in 1-6, unknown 7, in 8, absent 9-10, in 11-12, unknown 13-21, in 22-31",
    ),
    (
        "a scan that is later than this one",
        [a_key(material_since=naive(22))],
        earlier((31.9, a_state(material_since=at(1)))),
        "unknown 1-21, in 22-31",
    ),
    (
        "what this scan does not know of the key, an earlier one does",
        [a_key(name=None, key_type=None, created_at=None)],
        earlier((29.5, a_state(created_at=at(22), material_since=at(22)))),
        "absent 1-21, in 22-29, unknown 30-31",
    ),
    (
        "a key that vanished from a whole listing",
        [listed("keys")],
        earlier((5.5, a_state(material_since=at(1)))),
        "in 1-5, unknown 6-30, absent 31",
    ),
    (
        "a key that vanished from a listing that was cut off",
        [listed("keys", complete=False)],
        earlier((5.5, a_state(material_since=at(1)))),
        "in 1-5, unknown 6-31",
    ),
    (
        "a data key",
        [a_data_key(created_at=naive(2), activated_at=naive(4), state="active")],
        History(),
        "absent 1, unknown 2-3, in 4-9, out 10-31",
    ),
    ("a data key that no registry has", [a_data_key(registered=False)], History(), "unknown 1-31"),
    (
        "a data key that was retired, and wrote nothing after",
        [
            a_data_key(
                created_at=naive(20), retired_at=naive(24), writes=True, last_write_at=naive(23), state="deactivated"
            )
        ],
        History(),
        "absent 1-19, in 20-23, absent 24-31",
    ),
    (
        "a data key that was retired, and never wrote",
        [a_data_key(created_at=naive(20), retired_at=naive(24), writes=False, state="deactivated")],
        History(),
        "absent 1-19, in 20-23, absent 24-31",
    ),
    (
        "a data key that wrote after it was retired",
        [
            a_data_key(
                created_at=naive(20), retired_at=naive(24), writes=True, last_write_at=naive(26.5), state="deactivated"
            )
        ],
        History(),
        "absent 1-19, in 20-25, out 26, absent 27-31",
    ),
    (
        "a data key that was retired, and of which nobody knows what it wrote",
        [a_data_key(created_at=naive(20), retired_at=naive(24), state="deactivated")],
        History(),
        "absent 1-19, in 20-25, out 26-30, absent 31",
    ),
]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, KeyLine]:
    """Every case, judged in one scan: each has a source of its own, by its name."""
    facts = [replace(one, source=SourceId(name)) for name, rows, _, _ in KEYS for one in rows]
    scans: list[ScanRecord] = []
    seen: list[KeyHistory] = []
    for name, _, history, _ in KEYS:
        seen += [
            replace(key, source=name, points=tuple((len(scans) + place, state) for place, state in key.points))
            for key in history.keys
        ]
        scans += history.scans
    whole = History(scans=tuple(scans), keys=tuple(seen))
    found = judged(tmp_path_factory.mktemp("cases"), facts, whole).keys
    assert len(found) == len(KEYS)
    return {line.source: line for line in found}


@pytest.mark.parametrize(("name", "expected"), [(one[0], one[3]) for one in KEYS], ids=[one[0] for one in KEYS])
def test_days_of_a_key(lines: dict[str, KeyLine], name: str, expected: str) -> None:
    assert merged(lines[name]) == expected


def test_a_key_without_a_name_or_type_has_those_of_an_earlier_scan(tmp_path: Path) -> None:
    found = judged(tmp_path, [a_key(name=None, key_type=None)], earlier((5, a_state())))
    assert [(line.label, line.key_type, line.limit_days) for line in found.keys] == [
        ("alias/old", "symmetric_key_wrapping", 10)
    ]


def test_provider_keys_have_no_line(tmp_path: Path) -> None:
    history = earlier((5, a_state("theirs", managed_by="provider")), (6, a_state("gone", managed_by="provider")))
    assert judged(tmp_path, [a_key("theirs", managed_by="provider")], history).keys == ()


def test_a_line_names_the_evidence_of_its_key(tmp_path: Path) -> None:
    (line,) = judged(tmp_path, [a_key()]).keys
    assert line.evidence == ROW["evidence"]
    assert line.source == SOURCE
