"""The words of a comparison."""

from __future__ import annotations

import pytest

from scanner.model.diff import Because, Change, ControlChange, FindingChange, KeyChange, KeyMove, Standing
from scanner.model.ids import Json
from scanner.render import diff_words as words
from tests.history.snapshots import sha
from tests.render.diffs import a_control_change, a_diff, a_key_change, an_entry, of_everything


def test_the_sum_in_one_line() -> None:
    assert words.sum_line(of_everything()) == "2 new, 2 fixed, 1 persisting, 2 changed, 3 unknown now"
    assert words.sum_line(a_diff()) == "0 new, 0 fixed, 0 persisting, 0 changed, 0 unknown now"


def test_every_list_has_a_heading_and_a_note() -> None:
    names = list(words.lists(a_diff()))
    assert names == list(words.SECTIONS) == list(words.NOTES)


@pytest.mark.parametrize("is_", Standing)
def test_every_standing_has_a_word(is_: Standing) -> None:
    now, before = words.standing(is_, now=True), words.standing(is_, now=False)
    assert (now == before) is (is_ is not Standing.ABSENT)
    assert now.isupper() is (is_.value in {"pass", "fail", "unknown", "not_applicable"})


@pytest.mark.parametrize(
    ("entry", "step", "notes"),
    [
        (an_entry(), "PASS → FAIL", []),
        (an_entry(before=Standing.ABSENT), "not there → FAIL", []),
        (an_entry(before=Standing.FAIL, now=Standing.ABSENT), "FAIL → gone", []),
        (an_entry(why="denied"), "PASS → FAIL", ["denied"]),
        (an_entry(waiver="W-1"), "PASS → FAIL", ["waiver: none → W-1"]),
        (an_entry(waiver_before="W-1"), "PASS → FAIL", ["waiver: W-1 → none"]),
        (an_entry(waiver_before="W-1", waiver="W-1"), "PASS → FAIL", ["under W-1"]),
        (an_entry(control_changed=True), "PASS → FAIL", ["the control changed, too"]),
        (
            an_entry(control_changed=True, because=Because.CONTROL),
            "PASS → FAIL",
            ["because the control changed: the old facts give this verdict under it, too"],
        ),
        (
            an_entry(control_changed=True, because=Because.ESTATE),
            "PASS → FAIL",
            ["the control changed, too, but the old facts do not give this verdict under it: the estate moved"],
        ),
    ],
)
def test_what_is_said_of_an_entry(entry: FindingChange, step: str, notes: list[str]) -> None:
    assert words.step(entry) == step
    assert list(words.notes(entry)) == notes


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (an_entry(), "rotation enabled: no"),
        (an_entry(now=Standing.UNKNOWN, observed={"a": None, "b": 2}), "a: not known; b: 2"),
        (an_entry(before=Standing.FAIL), ""),
        (an_entry(before=Standing.FAIL, moved=(Change("age_days", 1, 2),)), "age days: 1 → 2"),
        (an_entry(before=Standing.FAIL, now=Standing.PASS), ""),
    ],
)
def test_what_was_observed(entry: FindingChange, told: str) -> None:
    assert words.observed(entry) == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (730, 90, "a b: 730 → 90"),
        (None, True, "a b: not known → yes"),
        (sha("1"), sha("2"), "a b: 111111111111 → 222222222222"),
        ("2026-06-15T12:00:00Z", [], "a b: 2026-06-15 12:00 UTC → none"),
    ],
)
def test_a_change(old: Json, new: Json, told: str) -> None:
    assert words.change(Change("a_b", old, new)) == told


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (a_control_change(before=None), "added: FAIL"),
        (a_control_change(now=None), "not run any more; it was PASS"),
        (a_control_change(changes=()), "PASS → FAIL"),
        (a_control_change(before="fail", changes=(Change("title", "a", "b"),)), "title: a → b"),
        (a_control_change(now="not_applicable", changes=(Change("x", 1, 2),)), "PASS → NOT APPLICABLE; x: 1 → 2"),
    ],
)
def test_what_became_of_a_control(one: ControlChange, told: str) -> None:
    assert words.control_move(one) == told


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (a_key_change(), "rotation enabled: yes → no; expires at: not known → 2026-07-15 12:00 UTC"),
        (a_key_change(move=KeyMove.APPEARED, changes=()), "appeared"),
        (
            a_key_change(move=KeyMove.FIRST_SEEN, changes=()),
            "seen for the first time, and the listing before was not whole",
        ),
        (a_key_change(move=KeyMove.VANISHED, changes=()), "vanished"),
        (a_key_change(move=KeyMove.NOT_SEEN, changes=()), "not seen, and the listing is not whole"),
    ],
)
def test_what_became_of_a_key(one: KeyChange, told: str) -> None:
    assert words.key_move(one) == told


def test_keys_are_counted_and_what_is_uncertain_only_where_there_is_some() -> None:
    assert words.key_count(a_diff()) == "0 appeared, 0 vanished, 0 changed"
    assert words.key_count(of_everything()) == (
        "1 appeared, 0 vanished, 1 not seen, and the listing is not whole, 1 changed"
    )
