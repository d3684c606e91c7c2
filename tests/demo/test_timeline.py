"""A world that goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.demo.timeline import Change, TimelineError, aged, clock, day_of, moved
from scanner.demo.world import FOLDER, load_world
from scanner.errors import ConfigError, UsageError

BEGAN = "2026-10-01"


def at(day: int, hour: int = 6) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


def change(day: int, entry: str = "alias/a", **fields: Any) -> Change:  # noqa: ANN401 - any field
    return Change(day=day, about="it happens", section="keys", entry=entry, set=fields)


@pytest.mark.parametrize(
    ("value", "later"),
    [
        ({"age_days": 10}, {"age_days": 13}),
        ({"rotated_days_ago": [0, 90]}, {"rotated_days_ago": [3, 93]}),
        ({"days_ago": 1, "tracking_days": 400}, {"days_ago": 4, "tracking_days": 403}),
        ({"deleted_in_days": 10}, {"deleted_in_days": 7}),
        ({"expires_in_days": 2}, {"expires_in_days": 0}),
        ({"deletion_window_days": 30, "period_days": 365}, {"deletion_window_days": 30, "period_days": 365}),
        (
            {"age_days": None, "name": "x", "versions": [{"age_days": 1}]},
            {"age_days": None, "name": "x", "versions": [{"age_days": 4}]},
        ),
        ({"age_days": True}, {"age_days": True}),
    ],
)
def test_what_counts_from_the_clock_goes_with_it(value: dict[str, Any], later: dict[str, Any]) -> None:
    assert aged(value, 3) == later


def test_changes_happen_on_their_days_and_then_grow_old() -> None:
    world = {"keys": [{"alias": "alias/a", "age_days": 100, "rotated_days_ago": [90], "state": "Enabled"}]}
    changes = [change(9, state="Disabled"), change(5, rotated_days_ago=[0, 95])]
    (before,) = moved(world, changes, 4)["keys"]
    (then,) = moved(world, changes, 5)["keys"]
    (later,) = moved(world, changes, 12)["keys"]
    assert before == {"alias": "alias/a", "age_days": 104, "rotated_days_ago": [94], "state": "Enabled"}
    assert then["rotated_days_ago"] == [0, 95]
    assert later == {"alias": "alias/a", "age_days": 112, "rotated_days_ago": [7, 102], "state": "Disabled"}
    assert world["keys"][0]["age_days"] == 100


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (change(1, entry="alias/b"), "keys has no entry alias/b"),
        (Change(day=1, about="", section="audit.trails", entry="x", set={}), "the world has no list audit.trails"),
    ],
)
def test_a_change_of_nothing_is_an_error(wrong: Change, said: str) -> None:
    with pytest.raises(TimelineError, match=said) as caught:
        moved({"keys": [{"alias": "alias/a"}]}, [change(1), wrong], 1)
    assert caught.value.path == ("changes", 1)


def test_days_count_from_midnight() -> None:
    assert day_of(BEGAN, at(1)) == 0
    assert day_of(BEGAN, at(3, 23)) == 2
    assert clock(BEGAN, at(3, 23)) == at(3, 0)
    with pytest.raises(UsageError, match="begins on 2026-10-01"):
        day_of(BEGAN, datetime(2026, 9, 30, 23, tzinfo=UTC))


GOOD = f"""\
management_account: "111122223333"
tracking_days: 400
accounts: [{{id: "111122223333", name: main, about: ""}}]
statements: {{root: {{Sid: Root}}}}
policies: {{separated: [root]}}
keys:
  - {{alias: one, account: "111122223333", region: us-east-1, about: "", age_days: 10}}
began: {BEGAN}
changes:
  - {{day: 2, about: "somebody turns it off", section: keys, entry: one, set: {{state: Disabled}}}}
"""


def written(folder: Path, old: str = "", new: str = "") -> Path:
    assert old in GOOD
    path = folder / "world.yaml"
    path.write_text(GOOD.replace(old, new) if old else GOOD, encoding="utf-8")
    return path


def test_a_world_is_loaded_as_of_a_day(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert [(k.state, k.age_days) for k in load_world(path).keys] == [("Enabled", 10)]
    assert [(k.state, k.age_days) for k in load_world(path, at(2)).keys] == [("Enabled", 11)]
    assert [(k.state, k.age_days) for k in load_world(path, at(3)).keys] == [("Disabled", 12)]


def test_a_world_that_stands_still_is_the_same_on_every_day() -> None:
    assert load_world(now=at(1)) == load_world(now=at(20)) == load_world(FOLDER / "world.yaml")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (f"began: {BEGAN}", "began: soon", 8, "must be a day, such as 2026-11-01"),
        (f"began: {BEGAN}\n", "", 8, "changes need `began`"),
        ("day: 2", "day: 0", 10, "day"),
        ("entry: one", "entry: two", 10, "keys has no entry two"),
        ("state: Disabled", "state: Gone", 9, "day 4: keys.0.state"),
        ("state: Disabled", 'account: "999988887777"', 9, "day 4: there is no account 999988887777"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    path = written(tmp_path, old, new)
    with pytest.raises(ConfigError) as caught:
        load_world(path, at(5))
    assert said in str(caught.value)
    assert f"{path}:{line}:" in str(caught.value)


def test_nothing_is_there_before_it_began(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the world begins on 2026-10-01"):
        load_world(written(tmp_path), datetime(2026, 9, 1, tzinfo=UTC))
