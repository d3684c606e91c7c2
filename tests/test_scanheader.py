"""``scan.json``: written and read back whole, and refused when it is not."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.errors import EvidenceError
from scanner.model.control import Catalogue
from scanner.model.estate import AwsSource, Estate
from scanner.model.ids import Digest
from scanner.model.report import Totals
from scanner.scanheader import Header, instant, written

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
SHA = Digest("sha256:" + "0" * 64)


def header(**given: Any) -> Header:  # noqa: ANN401 - any field of Header
    fields: dict[str, Any] = {
        "id": "a",
        "organization": "Test Health",
        "started": NOON,
        "as_of": NOON,
        "estate_sha256": SHA,
    }
    return Header(**{**fields, **given})


FULL = header(
    controls=("KM-ROT-04",),
    frameworks=("hipaa-164.312",),
    phases=("rotation",),
    only=("main",),
    formats=("json",),
    state="complete",
    ended=NOON + timedelta(minutes=1),
    tool_version="1",
    catalogue_sha256=SHA,
    series="nightly",
    period=(date(2026, 1, 1), date(2026, 3, 31)),
)


@pytest.mark.parametrize("one", [header(), FULL])
def test_what_is_written_is_read(one: Header) -> None:
    assert Header.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_what_was_not_asked_for_is_not_written_and_a_scan_of_before_has_neither() -> None:
    body = header().to_json()
    assert {"series", "period"}.isdisjoint(body)
    assert (Header.from_json(body).series_name, FULL.series_name) == ("Test Health", "nightly")


def test_totals_are_written_for_people() -> None:
    totals = header(totals=Totals(1, 2, 3, 4, 5)).to_json()["totals"]
    assert totals == {"pass": 1, "fail": 2, "unknown": 3, "not_applicable": 4, "waived": 5}
    assert "totals" not in header().to_json()


DAMAGED = [
    *((key, "MISSING", f"`{key}` is missing") for key in header().to_json()),
    ("id", 1, "`id` is not text"),
    ("organization", None, "`organization` is not text"),
    ("started", "today", "Invalid isoformat string: 'today'"),
    ("started", "2026-06-15T12:00:00", "'2026-06-15T12:00:00' has no time zone"),
    ("as_of", "0001-01-01T00:00:00+23:59", "'0001-01-01T00:00:00+23:59' is out of range"),
    ("as_of", 0, "`as_of` is not text"),
    ("ended", 7, "`ended` is not text"),
    ("ended", "", "Invalid isoformat string: ''"),
    ("state", "done", "`state` is not collecting or collected or complete"),
    ("formats", "json", "`formats` is not a list"),
    ("formats", ["docx"], "`formats` is not json or html or pdf"),
    ("formats", [1], "`formats` is not json or html or pdf"),
    ("selection", [], "`selection` is not an object"),
    ("selection", {}, "`controls` is missing"),
    ("selection", {"controls": "KM-ROT-04", "frameworks": [], "phases": [], "only": []}, "`controls` is not a list"),
    ("selection", {"controls": [1], "frameworks": [], "phases": [], "only": []}, "`controls` is not text"),
    ("series", None, "`series` is not text"),
    ("period", [], "`period` is not an object"),
    ("period", {"from": "2026-01-01"}, "`to` is missing"),
    ("period", {"from": "2026-01-01", "to": "soon"}, "Invalid isoformat string: 'soon'"),
    ("period", {"from": "2026-01-02", "to": "2026-01-01"}, "`period` ends before it begins"),
]


@pytest.mark.parametrize(("key", "value", "problem"), DAMAGED)
def test_damage_is_told_with_its_file(key: str, value: Any, problem: str) -> None:  # noqa: ANN401 - any JSON
    body = {**header().to_json(), key: value}
    if value == "MISSING":
        del body[key]
    with pytest.raises(EvidenceError) as caught:
        Header.from_json(body, place="out/scan.json")
    assert str(caught.value) == f"out/scan.json: {problem}"
    assert caught.value.hint == "the file was changed after the scan; scan again"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@given(st.sampled_from(sorted(header().to_json())), JSON)
def test_any_damage_is_an_evidence_error(key: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    body = {**header().to_json(), key: value}
    try:
        read = Header.from_json(body)
    except EvidenceError:
        return
    assert read.to_json()[key] == value


EARLIEST, LATEST = NOON.replace(year=2, tzinfo=None), NOON.replace(year=9998, tzinfo=None)


@given(st.datetimes(EARLIEST, LATEST, timezones=st.timezones()))
def test_an_instant_is_written_in_utc_and_read_again(moment: datetime) -> None:
    assert written(moment).endswith("Z")
    assert instant(written(moment)) == moment.astimezone(UTC)
    assert instant(written(moment)).tzinfo is UTC


def test_another_zone_is_turned_into_utc() -> None:
    assert written(datetime(2026, 6, 15, 14, tzinfo=timezone(timedelta(hours=2)))) == "2026-06-15T12:00:00Z"
    assert instant("2026-06-15T14:00:00+02:00") == NOON


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (header(), "all controls, all sources"),
        (header(controls=("A", "B")), "controls A, B"),
        (FULL, "controls KM-ROT-04; frameworks hipaa-164.312; phases rotation; sources main"),
    ],
)
def test_the_selection_is_told_in_words(one: Header, text: str) -> None:
    assert one.selection_text() == text


def test_the_cover_has_the_principals_in_order_and_what_was_read_without_protection() -> None:
    insecure = AwsSource(name="a", endpoint_url="http://kms.example.com", insecure=True)
    estate = Estate(organization="x", aws=(insecure, AwsSource(name="b")), policy={"kek_max_days": 1})
    info = header().info(estate, Catalogue((), (), SHA), principals={"b", "a"})
    assert info.principals == ("a", "b")
    assert info.insecure == ("http://kms.example.com",)
    assert (info.ended, info.policy, info.selection) == (NOON, {"kek_max_days": 1}, "all controls, all sources")
    assert FULL.info(estate, Catalogue((), (), SHA), principals=()).ended == NOON + timedelta(minutes=1)
