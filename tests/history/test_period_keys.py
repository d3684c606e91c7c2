"""A key on each day: rotated in time, late or never; versions not told; scans alone; made and ended inside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.history.days import Days
from scanner.history.period_keys import (
    UNLISTED,
    UNSEEN,
    KeyEvidence,
    Limit,
    Sighting,
    Version,
    judge_key,
)
from scanner.model.period import DayState, KeyLine
from scanner.model.verdict import Verdict
from tests.history.timelines import a_key, at, march, merged, sighting, told, versions

TEN = Limit(10, "kek_max_days")


def judged(key: KeyEvidence, days: Days | None = None) -> KeyLine:
    line = judge_key(days or march(), key, TEN)
    assert line is not None
    return line


TIMELINES: list[tuple[str, KeyEvidence, str]] = [
    ("no evidence", a_key(), "unknown 1-31"),
    ("created long before, no more evidence", a_key(created_at=at(-90)), "unknown 1-31"),
    ("rotated in time", a_key(versions=versions(-4, 6.5, 16.5, 26.5)), "in 1-31"),
    ("at the limit on the day of rotation", a_key(versions=versions(-4, 6.5, 16.5, 26.9)), "in 1-31"),
    ("a day late", a_key(versions=versions(-4, 7.5, 17.5, 27.5)), "in 1-6, out 7, in 8-31"),
    ("late until the day of rotation", a_key(versions=versions(-4, 12.5, 22)), "in 1-6, out 7-12, in 13-31"),
    (
        "rotated at midnight: the day before is the last",
        a_key(versions=versions(-4, 12, 22)),
        "in 1-6, out 7-11, in 12-31",
    ),
    ("never rotated", a_key(versions=versions(-4)), "in 1-6, out 7-31"),
    ("over its limit all the time", a_key(versions=versions(-40)), "out 1-31"),
    ("late again and again", a_key(versions=versions(-4, 9, 21)), "in 1-6, out 7-8, in 9-19, out 20, in 21-31"),
    (
        "versions denied, one scan saw the material",
        a_key(created_at=at(-90), sightings=(sighting(31.5, 25.5),)),
        "unknown 1-25, in 26-31",
    ),
    (
        "scans alone, with a rotation between two",
        a_key(sightings=(sighting(8.5, -1), sighting(15.5, 11), sighting(31.5, 22))),
        "in 1-8, unknown 9-10, in 11-15, unknown 16-21, in 22-31",
    ),
    (
        "scans alone, and material that grew too old",
        a_key(sightings=(sighting(8.5, 1), sighting(15.5, 1), sighting(31.5, 22))),
        "in 1-11, out 12-15, unknown 16-21, in 22-31",
    ),
    (
        "what is between two scans that saw the same material is known",
        a_key(sightings=(sighting(2.5, 1), sighting(11.5, 1), sighting(31.5, 12))),
        "in 1-22, out 23-31",
    ),
    (
        "the store has a hole, the provider has none",
        a_key(sightings=(sighting(2.5, -4), sighting(31.5, 26)), versions=versions(-4, 6, 16, 26)),
        "in 1-31",
    ),
    (
        "the older of two stories counts",
        a_key(sightings=(sighting(20.5, -4),), versions=versions(-4, 6, 16, 26)),
        "in 1-6, out 7-20, in 21-31",
    ),
    (
        "created inside the period",
        a_key(created_at=at(12.5), sightings=(sighting(15, 12.5),)),
        "absent 1-11, in 12-15, unknown 16-31",
    ),
    (
        "older than the first version that is known",
        a_key(created_at=at(-90), versions=versions(22.5, initial=False)),
        "unknown 1-22, in 23-31",
    ),
    (
        "no material before the first version",
        a_key(created_at=at(-90), versions=versions(22.5)),
        "absent 1-21, in 22-31",
    ),
    ("the date of a version is not known", a_key(created_at=at(-90), versions=versions(-4, None, 22)), "unknown 1-31"),
    ("no version is current", a_key(versions=tuple(Version(at(day), False, False) for day in (-4, 6))), "unknown 1-31"),
    ("a younger version was never used", a_key(versions=versions(-4, 22, current=0)), "in 1-6, out 7-31"),
    (
        "destroyed inside the period",
        a_key(versions=versions(8), sightings=(sighting(10.5, 8), sighting(31.5, 8, "destroyed"))),
        "absent 1-7, in 8-18, out 19-30, absent 31",
    ),
    (
        "a scan saw it destroyed earlier",
        a_key(versions=versions(1), sightings=(sighting(8.5, 1, "destroyed"), sighting(31.5, 1, "destroyed"))),
        "in 1-7, absent 8-31",
    ),
    (
        "deleted, says the log",
        a_key(versions=versions(1), events=(("DeleteKey", at(9.5)),), log_until=at(31)),
        "in 1-9, absent 10-31",
    ),
    (
        "disabled and enabled",
        a_key(versions=versions(-4), events=(("DisableKey", at(5.5)), ("EnableKey", at(9.5))), log_until=at(31)),
        "in 1-5, absent 6-8, out 9-31",
    ),
    (
        "enabled, and was never disabled while the log looked",
        a_key(versions=versions(21), created_at=at(21), events=(("EnableKey", at(22)),), log_until=at(31)),
        "absent 1-20, in 21-31",
    ),
    (
        "deletion was called off, and it stays disabled",
        a_key(
            versions=versions(-4),
            events=(("ScheduleKeyDeletion", at(5.5)), ("CancelKeyDeletion", at(8)), ("DisableKey", at(8.1))),
            log_until=at(31),
            sightings=(sighting(31.5, -4, "suspended"),),
        ),
        "in 1-5, absent 6-31",
    ),
    (
        "disabled, and enabled after the log was read",
        a_key(versions=versions(-40), events=(("DisableKey", at(1)),), log_until=at(30.5)),
        "absent 1-29, out 30-31",
    ),
    (
        "suspended when a scan looked: taken as active on other days",
        a_key(versions=versions(-40), sightings=(sighting(9.5, -40, "suspended"), sighting(31.5, -40))),
        "out 1-8, absent 9, out 10-31",
    ),
    (
        "a retired data key",
        a_key(listable=False, ended_at=at(9.5), created_at=at(1), sightings=(sighting(31.5, 1, "deactivated"),)),
        "in 1-9, absent 10-31",
    ),
    (
        "rotations in the log alone",
        a_key(events=(("RotateKey", at(4.5)), ("RotateKeyOnDemand", at(20))), log_until=at(26.5)),
        "unknown 1-4, in 5-14, out 15-19, in 20-25, unknown 26-31",
    ),
    (
        "no longer listed",
        a_key(sightings=(sighting(4.5, 1), Sighting(at(31.5), None, UNLISTED))),
        "in 1-4, unknown 5-30, absent 31",
    ),
    (
        "not seen, and not all was listed",
        a_key(sightings=(sighting(4.5, 1), Sighting(at(31.5), None, UNSEEN))),
        "in 1-4, unknown 5-31",
    ),
    ("a start of use in the future", a_key(sightings=(sighting(31.5, 60),)), "unknown 1-31"),
]


@pytest.mark.parametrize(("name", "key", "expected"), TIMELINES, ids=[one[0] for one in TIMELINES])
def test_days_of_a_key(name: str, key: KeyEvidence, expected: str) -> None:
    assert merged(judged(key)) == expected


@pytest.mark.parametrize(
    "key",
    [
        a_key(sightings=(sighting(-3, -90, "destroyed"),)),
        a_key(events=(("DeleteKey", at(0)),), log_until=at(31)),
        a_key(ended_at=at(1)),
        a_key(created_at=at(32)),
    ],
    ids=["destroyed", "deleted", "retired", "created later"],
)
def test_a_key_that_was_not_there_in_the_period_has_no_line(key: KeyEvidence) -> None:
    assert judge_key(march(), key, TEN) is None


def test_what_a_stretch_rests_on_is_said() -> None:
    key = a_key(
        versions=versions(-4, 12.5),
        sightings=(sighting(15, 12.5, "suspended"), sighting(31.5, 12.5)),
    )
    assert [one.why for one in judged(key).stretches] == [
        "material of 2026-02-24 (list of versions); taken as active, because nothing tells its state",
        "over 10 days: material of 2026-02-24 (list of versions); taken as active, because nothing tells its state",
        "material of 2026-03-12 (list of versions); taken as active, because nothing tells its state",
        "seen suspended (scan of 2026-03-15)",
        "material of 2026-03-12 (list of versions); taken as active, because nothing tells its state",
        "over 10 days: material of 2026-03-12 (list of versions); taken as active, because nothing tells its state",
    ]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (a_key(), "no evidence tells since when its material is in use"),
        (
            a_key(sightings=(sighting(31.5, 30),)),
            "the list of versions was not read to its end, and no scan tells of that time",
        ),
        (a_key(sightings=(sighting(31.5, 30),), listable=False), "no evidence tells which material was in use"),
        (a_key(sightings=(Sighting(at(31.5), None, UNSEEN),)), "no scan of that time saw the key"),
    ],
)
def test_what_is_missing_is_said(key: KeyEvidence, words: str) -> None:
    assert judged(key).stretches[0].why == words


@pytest.mark.parametrize(
    ("key", "days"),
    [
        (a_key(versions=versions(-4, 6.5, 16.5, 40)), [6.5, 16.5]),
        (a_key(versions=versions(5)), []),
        (a_key(events=(("RotateKey", at(4.5)),), log_until=at(31)), [4.5]),
        (a_key(created_at=at(2), sightings=(sighting(5, 2), sighting(9, 7))), [7]),
        (a_key(sightings=(sighting(5, 2), sighting(9, 7))), [7]),
    ],
)
def test_rotations_of_the_period_are_named(key: KeyEvidence, days: list[float]) -> None:
    assert list(judged(key).rotations) == [at(day) for day in days]


def test_a_line_says_whose_it_is_and_what_it_was_judged_by() -> None:
    line = judged(a_key(versions=versions(22), created_at=at(22)))
    assert (line.id, line.label, line.source, line.limit_days, line.limit_name) == (
        "key/1", "alias/one", "aws:1:r", 10, "kek_max_days",
    )  # fmt: skip
    assert (line.verdict, line.days_in, line.days_out, line.days_unknown) == (Verdict.PASS, 10, 0, 0)
    assert told(line.stretches) == "absent 1-21, in 22-31"


days_of_rotation = st.lists(st.integers(-60, 160).map(lambda q: q / 4), max_size=5).map(sorted)
sightings = st.lists(
    st.tuples(
        st.integers(-8, 120).map(lambda q: q / 4),
        st.integers(-60, 120).map(lambda q: q / 4),
        st.sampled_from(["active", "suspended", None]),
    ),
    max_size=4,
).map(sorted)


@given(days_of_rotation, sightings, st.booleans(), st.none() | st.integers(-20, 20))
def test_a_key_is_what_a_look_at_each_quarter_of_a_day_finds(
    rotated: list[float], seen: list[tuple[float, float, str | None]], complete: bool, created: int | None
) -> None:
    listed = versions(*rotated, initial=False) if complete and rotated else None
    key = a_key(
        created_at=None if created is None else at(created),
        versions=listed,
        sightings=tuple(sighting(*one) for one in seen),
    )
    line = judge_key(march(), key, TEN)
    assert line is not None
    found = [one.state for one in line.stretches for _ in range(one.days)]
    assert found == [_slowly(rotated if listed else [], seen, created, day) for day in range(1, 32)]


def _slowly(
    rotated: list[float], seen: list[tuple[float, float, str | None]], created: int | None, day: int
) -> DayState:
    if any(int(moment) == day and state == "suspended" for moment, _, state in seen if moment >= 0):
        return DayState.ABSENT
    present = [day + q / 4 for q in range(4) if created is None or day + q / 4 >= created]
    if not present:
        return DayState.ABSENT
    states = []
    for moment in present:
        starts = [since for since in rotated if since <= moment][-1:]
        starts += [since for looked, since, _ in seen if since <= moment < int(looked // 1) + 1]
        ages = [int(moment // 1) - int(since // 1) for since in starts]
        states.append(DayState.UNKNOWN if not ages else DayState.OUT if max(ages) > 10 else DayState.IN)
    return next(one for one in (DayState.OUT, DayState.UNKNOWN, DayState.IN) if one in states)


def test_the_age_counts_in_days_as_in_the_controls() -> None:
    # Made at the end of the 1st: ten days old on all of the 11th.
    assert merged(judged(a_key(versions=versions(1.99)))) == "in 1-11, out 12-31"
