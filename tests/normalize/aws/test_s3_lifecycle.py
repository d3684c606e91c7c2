"""Lifecycle rules to a retention: what is removed, by when, with and without former versions."""

from __future__ import annotations

import pytest

from scanner.model.ids import Json
from scanner.normalize.aws.s3_lifecycle import UNLIMITED, Retention, retention


def rule(**fields: Json) -> dict[str, Json]:
    """Return an enabled rule about everything, with ``fields``."""
    return {"ID": "r", "Status": "Enabled", "Filter": {}, **fields}


def expire(days: int) -> dict[str, Json]:
    return {"Expiration": {"Days": days}}


def former(days: int, **fields: Json) -> dict[str, Json]:
    return {"NoncurrentVersionExpiration": {"NoncurrentDays": days, **fields}}


ALL_OF_IT: list[Json] = [{}, {"Prefix": ""}]
PARTS: list[dict[str, Json]] = [
    {"Filter": {"Prefix": "calls/"}},
    {"Filter": {"Tag": {"Key": "a", "Value": "b"}}},
    {"Filter": {"ObjectSizeGreaterThan": 1}},
    {"Filter": {"And": {"Prefix": "", "ObjectSizeLessThan": 5}}},
    {"Filter": {"Something": "new"}},
    {"Filter": None, "Prefix": "calls/"},
]
NOTHING = Retention()
ENDS_30 = Retention(expires=True, retention_days=30, removes=True, shortest_retention_days=30)

CASES: list[tuple[list[Json], str | None, Retention]] = [
    ([], "", UNLIMITED),
    ([], "Enabled", UNLIMITED),
    ([], None, UNLIMITED),
    ([rule(**expire(30))], "", ENDS_30),
    ([rule(**expire(30)) | {"Status": "Disabled"}], "", UNLIMITED),
    ([rule(**expire(30)), rule(**expire(90))], "", ENDS_30),
    # A current version that expires stays as a former one.
    ([rule(**expire(30))], "Enabled", UNLIMITED),
    ([rule(**expire(30))], "Suspended", Retention(False, None, True, 30)),
    ([rule(**expire(30))], None, NOTHING),
    ([rule(**expire(30), **former(5))], "Enabled", Retention(True, 35, True, 5)),
    ([rule(**expire(30), **former(5))], "Suspended", Retention(True, 35, True, 5)),
    ([rule(**expire(30), **former(5))], "", ENDS_30),
    ([rule(**expire(30), **former(5))], None, Retention(True, None, True, None)),
    ([rule(**expire(30)), rule(**former(5))], "Enabled", Retention(True, 35, True, 5)),
    ([rule(**former(5))], "Enabled", Retention(False, None, True, 5)),
    ([rule(**former(5))], "", UNLIMITED),
    ([rule(**former(5))], None, Retention(False, None, None, None)),
    ([rule(**expire(30), **former(5, NewerNoncurrentVersions=3))], "Enabled", Retention(False, None, True, 5)),
    ([rule(Expiration={"ExpiredObjectDeleteMarker": True})], "", UNLIMITED),
    ([rule(Expiration={"Date": "2030-01-01T00:00:00.000Z"})], "", Retention(True, None, True, None)),
    ([rule(Expiration={"Date": "2030-01-01T00:00:00.000Z"}), rule(**expire(9))], "", Retention(True, None, True, None)),
    ([rule(Transitions=[{"Days": 1, "StorageClass": "GLACIER"}])], "", UNLIMITED),
    ([rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1})], "", UNLIMITED),
]


@pytest.mark.parametrize(("rules", "versioning", "wanted"), CASES)
def test_rules_come_to_a_retention(rules: list[Json], versioning: str | None, wanted: Retention) -> None:
    assert retention(rules, versioning) == wanted


@pytest.mark.parametrize("filters", ALL_OF_IT)
def test_an_empty_filter_is_about_everything(filters: Json) -> None:
    assert retention([{"Status": "Enabled", "Filter": filters, **expire(30)}], "") == ENDS_30


def test_an_old_rule_without_a_filter_is_about_everything() -> None:
    assert retention([{"Status": "Enabled", "Prefix": "", **expire(30)}], "") == ENDS_30


@pytest.mark.parametrize("part", PARTS)
def test_a_rule_about_a_part_removes_and_does_not_end_it(part: dict[str, Json]) -> None:
    assert retention([rule(**expire(30)) | part], "") == Retention(False, None, True, 30)
    assert retention([rule(**expire(30)) | part, rule(**expire(90))], "") == Retention(True, 90, True, 30)


MISSHAPEN: list[Json] = [
    None,
    {},
    ["x"],
    [{"Filter": {}, **expire(30)}],
    [rule() | {"Status": "enabled"}],
    [rule(Expiration="x")],
    [rule(Expiration={"Days": "30"})],
    [rule(Expiration={"Days": 0})],
    [rule(**former(-1))],
    [rule(**expire(30)) | {"Filter": "x"}],
    [rule(), "x"],
]


@pytest.mark.parametrize("rules", MISSHAPEN)
def test_rules_that_are_not_understood_say_nothing(rules: Json) -> None:
    assert retention(rules, "") == NOTHING
