"""SQL as a tree: what is written back is what was read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from scanner.errors import ControlError
from scanner.evaluate import tree
from scanner.evaluate.load import load_catalogue
from scanner.model.ids import Json
from scanner.resources import controls_dir


def bare(node: Json) -> Any:  # noqa: ANN401 - a tree without places
    if isinstance(node, dict):
        return {key: bare(value) for key, value in node.items() if not key.startswith("query_location")}
    return [bare(item) for item in node] if isinstance(node, list) else node


def expression(text: str) -> tree.Node:
    (node,) = tree.parse(f"SELECT {text}", "x")
    (chosen,) = cast("list[tree.Node]", node["select_list"])
    return chosen


TRICKY = (
    "a OR b AND NOT c",
    "- -a > -(-1)",
    "a - -1 > 1_000",
    "a NOT BETWEEN 1 AND 2",
    "a NOT IN ('x', 'y''z')",
    "a !~~ '%a\\_'",
    "a = e'x\\n\\'y'",
    "a = $$it's$$",
    '"quo""ted" = \'é\'',
    '"select" = $as_of',
    "a = 'line\nline'",
    "a IN l",
    "1e400 > a",
    "x'ab' = a",
)


@pytest.mark.parametrize("text", TRICKY)
def test_what_is_written_reads_as_the_same_tree(text: str) -> None:
    node = expression(text)
    assert bare(expression(tree.write(node, {}))) == bare(node)


def test_the_whole_catalogue_is_written_as_it_was_read() -> None:
    for control in load_catalogue(controls_dir()).controls:
        for text in (control.applies, control.pass_when, control.fail_when, *(r.where for r in control.related)):
            assert bare(expression(tree.write(expression(text), {}))) == bare(expression(text))


def test_columns_get_their_new_names_wherever_they_stand() -> None:
    node = expression("a AND abs(a + b) > 1 AND c IN (a, 'a')")
    assert tree.write(node, {"a": 'x"y'}) == '("x""y" AND (abs(("x""y" + b)) > 1) AND (c IN ("x""y", \'a\')))'


def test_walking_gives_every_object_once_parents_first() -> None:
    nested: Json = {"a": [{"b": {"c": 1}}, 2], "d": {}}
    assert list(tree.walk(nested)) == [nested, {"b": {"c": 1}}, {"c": 1}, {}]


@pytest.mark.parametrize(("node", "deep"), [(1, 1), ({}, 1), ({"a": [1]}, 3), ([{"a": {"b": 1}}, 1], 4)])
def test_levels_count_objects_and_lists(node: Json, deep: int) -> None:
    assert tree.levels(node) == deep


@pytest.mark.parametrize(
    "text", ["DROP TABLE x", "SELEC 1", "COPY x TO 'y'", "SELECT 'a", "SELECT " + "NOT " * 900 + "a"]
)
def test_what_is_not_made_of_selects_is_refused(text: str) -> None:
    with pytest.raises(ControlError, match=r"^here: not an expression: ") as caught:
        tree.parse(text, "here")
    assert "\n" not in str(caught.value)


def test_several_statements_are_several_nodes() -> None:
    assert len(tree.parse("SELECT 1; SELECT 2", "x")) == 2


def test_the_parser_has_no_file_within_reach(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    with pytest.raises(Exception, match="disabled by configuration"):
        tree.kind(f"SELECT * FROM read_csv('{tmp_path / 'x.csv'}')", {})


def test_the_type_of_a_select_is_its_first_columns() -> None:
    assert tree.kind("SELECT $a > 1, 'x'", {"a": 2}) == "BOOLEAN"
