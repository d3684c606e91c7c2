"""What is left out of an answer by its path: whatever it is, and whatever shape the answer has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.evidence.drop import drop
from scanner.model.ids import Json
from tests.normalize.builders import PROPERTY

GONE = "[redacted]"

CASES: list[tuple[str, Json, list[str], Json, list[str]]] = [
    ("a member", {"a": "x", "b": 1}, ["/a"], {"a": GONE, "b": 1}, ["/a"]),
    ("a deep one", {"a": {"b": "x", "c": 2}}, ["/a/b"], {"a": {"b": GONE, "c": 2}}, ["/a/b"]),
    ("an object", {"a": {"b": "x"}}, ["/a"], {"a": GONE}, ["/a"]),
    ("a list", {"a": ["x", "y"]}, ["/a"], {"a": GONE}, ["/a"]),
    ("a number", {"a": 7}, ["/a"], {"a": GONE}, ["/a"]),
    ("in every item", {"a": [{"b": "x"}, {"c": 1}]}, ["/a/*/b"], {"a": [{"b": GONE}, {"c": 1}]}, ["/a/0/b"]),
    ("every member", {"a": {"b": "x", "c": "y"}}, ["/a/*"], {"a": {"b": GONE, "c": GONE}}, ["/a/b", "/a/c"]),
    ("every item", {"a": ["x", None]}, ["/a/*"], {"a": [GONE, None]}, ["/a/0"]),
    ("several", {"a": "x", "b": "y"}, ["/b", "/a"], {"a": GONE, "b": GONE}, ["/a", "/b"]),
    ("one within another", {"a": {"b": "x"}}, ["/a/b", "/a"], {"a": GONE}, ["/a"]),
    ("nothing there", {"b": 1}, ["/a", "/a/b"], {"b": 1}, []),
    ("null", {"a": None}, ["/a"], {"a": None}, []),
    ("no paths", {"a": "x"}, [], {"a": "x"}, []),
    ("the whole", {"a": "x"}, [""], GONE, [""]),
    ("names with slashes", {"a/b": {"c~d": "x"}}, ["/a~1b/c~0d"], {"a/b": {"c~d": GONE}}, ["/a~1b/c~0d"]),
    # An answer of another shape than the path's may hold anything.
    ("text for an object", {"a": "x"}, ["/a/b"], {"a": GONE}, ["/a"]),
    ("a list for an object", {"a": [{"b": "x"}]}, ["/a/b"], {"a": GONE}, ["/a"]),
    ("text for a list", {"a": "x"}, ["/a/*/b"], {"a": GONE}, ["/a"]),
    ("text for an item", {"a": ["x"]}, ["/a/*/b"], {"a": [GONE]}, ["/a/0"]),
    ("an object for a list", {"a": {"k": {"b": "x"}}}, ["/a/*/b"], {"a": {"k": {"b": GONE}}}, ["/a/k/b"]),
    ("a list for an answer", ["x"], ["/a"], GONE, [""]),
]


@pytest.mark.parametrize(("name", "value", "paths", "kept", "found"), CASES, ids=[case[0] for case in CASES])
def test_what_stands_at_a_path_goes(name: str, value: Json, paths: list[str], kept: Json, found: list[str]) -> None:
    dropped = drop(value, paths)
    assert dropped.value == kept
    assert list(dropped.paths) == found


def test_pointers_begin_where_they_are_told_to() -> None:
    assert drop({"a": [{"b": "x"}]}, ["/a/*/b"], "/response").paths == ("/response/a/0/b",)


def test_what_was_given_stays_as_it_was() -> None:
    given_value: Json = {"a": {"b": "x"}}
    drop(given_value, ["/a/b"])
    assert given_value == {"a": {"b": "x"}}


CANARY = "CANARY"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(CANARY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@PROPERTY
@given(VALUES, st.sampled_from(["/a", "/a/b", "/a/*/b", "/*/a", "/a/*"]))
def test_nothing_is_left_where_the_path_leads_or_would_have(value: Any, path: str) -> None:  # noqa: ANN401 - any JSON
    assert CANARY not in str(_reached(drop(value, [path]).value, path.split("/")[1:]))


def _reached(value: Any, parts: list[str]) -> list[Any]:  # noqa: ANN401 - as above
    """Return what a path can mean in a value, and what stands in its way."""
    if not parts or not isinstance(value, (dict, list)):
        return [value]
    if isinstance(value, list):
        return [one for item in value for one in _reached(item, parts[1:])] if parts[0] == "*" else value
    chosen = [item for name, item in value.items() if parts[0] in {"*", name}]
    return [one for item in chosen for one in _reached(item, parts[1:])]
