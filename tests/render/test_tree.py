"""The drawn hierarchy: what hangs where, by which kind of line, inside the picture and as text."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from scanner.model.report import Branch
from scanner.render import tree
from tests.render.inventories import TREE

NS = "{http://www.w3.org/2000/svg}"


def drawn(*branches: Branch) -> list[ET.Element]:
    return [ET.fromstring(part) for part in tree.draw(branches)]  # noqa: S314 - what we drew ourselves


def lines(part: ET.Element) -> list[str]:
    """Return the text of each box: kind, name, remarks."""
    texts = ["".join(text.itertext()) for text in part.findall(f"{NS}text")]
    return [text for text in texts if text]


def paths(part: ET.Element, shape: str) -> list[ET.Element]:
    return [path for path in part.findall(f"{NS}path") if re.fullmatch(shape, path.get("d", ""))]


def elbows(part: ET.Element) -> list[ET.Element]:
    """Return the lines that lead to a box from the left."""
    return paths(part, r"M\d+ \d+H\d+")


def a_branch(depth: int = 1, strength: str = "observed", label: str = "one", **given: object) -> Branch:
    fields = {"kind": "key", "depth": depth, "strength": strength, "label": label, **given}
    return Branch(**fields)  # type: ignore[arg-type]  # fields of Branch


ROOT = a_branch(0, "", "root", kind="module")


def test_nothing_to_draw() -> None:
    assert drawn() == []


def test_each_strength_has_a_line_of_its_own_and_the_legend_names_it() -> None:
    strengths = list(tree.STROKES)
    first, second = drawn(ROOT, *(a_branch(strength=one) for one in strengths))
    styles = [(e.get("stroke-width"), e.get("stroke-dasharray")) for e in (*elbows(first), *elbows(second))]
    assert len(set(styles)) == len(styles) == len(strengths) == 4
    legend = paths(first, r"M\d+ 9h26")
    assert [(e.get("stroke-width"), e.get("stroke-dasharray")) for e in legend] == styles
    assert lines(first)[:5] == [
        "The upper protects the lower;",
        "proven by a cryptographic call",
        "observed",
        "declared in the estate file",
        "not known",
    ]
    assert paths(second, r"M\d+ 9h26") == []


def test_edges_that_rest_on_different_things_are_one_thin_line() -> None:
    (part,) = drawn(ROOT, a_branch(strength="", kind="store", count=4, rest=True))
    (elbow,) = elbows(part)
    assert elbow.get("stroke-width") == "0.6"


@pytest.mark.parametrize(
    ("branch", "said"),
    [
        (a_branch(label="alias/a", id="arn:x", remarks=("active", "ePHI")), ["Key alias/a · arn:x", "active, ePHI"]),
        (a_branch(label="", id="arn:x"), ["Key arn:x"]),
        (a_branch(label="HSM", id="hsm 1", kind="certificate", remarks=("no. 1",)), ["Certificate HSM", "no. 1"]),
        (a_branch(label="", id="hsm 1", kind="certificate"), ["Certificate hsm 1"]),
        (
            a_branch(label="", kind="object_store", count=12, remarks=("3 with ePHI",)),
            ["12 object stores ", "3 with ePHI"],
        ),
        (a_branch(label="", count=9, rest=True), ["and 9 more keys, not drawn"]),
        (a_branch(label="", rest=True), ["and one more key, not drawn"]),
        (a_branch(label="<b>\x1b\u202e"), [r"Key <b>\u001b\u202e"]),
        (a_branch(label="x", kind="a\x00" * 99), ["".join([r"A\u0000", r"a\u0000" * 19, "… (cut, 198 characters) x"])]),
    ],
)
def test_what_a_row_says(branch: Branch, said: list[str]) -> None:
    (part,) = drawn(ROOT, branch)
    assert lines(part)[6:] == said


def test_long_names_give_way_to_what_is_known() -> None:
    (part,) = drawn(a_branch(0, "", "x" * 300, remarks=("past its sunset 2026-11-17",)))
    name, remark = lines(part)[5:]
    assert name.startswith("Key xxxx")
    assert name.endswith("…")
    assert remark == "past its sunset 2026-11-17"
    assert len(name) < 120


def test_an_id_of_azure_begins_where_it_differs() -> None:
    vault = (
        "/subscriptions/0a2e0000-c111-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
    )
    (part,) = drawn(a_branch(0, "", "root", id=f"{vault}/keys/root"))
    assert "Key root · …/Microsoft.KeyVault/vaults/kv/keys/root" in lines(part)


def test_every_kind_of_node_has_a_box_that_differs() -> None:
    kinds = ("certificate", "module", "key_store", "key", "object_store")
    frames = set()
    for kind in kinds:
        (part,) = drawn(a_branch(0, "", kind=kind))
        rect = part.find(f"{NS}rect")
        assert rect is not None
        frames.add((rect.get("fill"), rect.get("stroke-width"), rect.get("rx")))
    assert len(frames) == len(kinds)


def test_lines_go_on_to_the_last_that_hangs_on_a_node() -> None:
    # root > a > b, root > c: the line of the root passes b on its way to c, and ends there.
    (part,) = drawn(ROOT, a_branch(1), a_branch(2), a_branch(1))
    x = {e.get("d", "").split()[0].removeprefix("M") for e in paths(part, r"M\d+ \d+V\d+")}
    assert x == {"12", "42"}
    of_root = sorted(tuple(map(int, re.findall(r"\d+", e.get("d", ""))[1:])) for e in paths(part, r"M12 \d+V\d+"))
    assert of_root[0][0] == tree.HEAD + tree.BOX
    assert max(end for _, end in of_root) == tree.HEAD + 3 * tree.ROW + tree.BOX // 2
    assert {start for start, _ in of_root} >= {tree.HEAD + tree.ROW, tree.HEAD + 2 * tree.ROW}


def test_a_line_goes_on_from_one_part_to_the_next() -> None:
    first, second = drawn(ROOT, *(a_branch() for _ in range(tree.PART)))
    bottom = tree.HEAD + tree.PART * tree.ROW
    assert paths(first, rf"M12 \d+V{bottom}")
    assert paths(second, r"M12 0V\d+")


def test_boxes_stay_in_the_picture_however_deep() -> None:
    for part in drawn(*(a_branch(depth, "observed" if depth else "") for depth in range(30))):
        for rect in part.findall(f"{NS}rect"):
            assert float(rect.get("x", "")) + float(rect.get("width", "")) <= tree.WIDTH
            assert float(rect.get("width", "")) > tree.WIDTH / 2


def test_a_tree_is_cut_into_parts_and_nothing_is_lost() -> None:
    parts = drawn(*TREE)
    assert len(parts) == -(-len(TREE) // tree.PART)
    boxes = sum(len(part.findall(f"{NS}rect")) for part in parts)
    assert boxes == sum(not branch.rest for branch in TREE)
    assert all(part.get("role") == "img" and part.get("aria-label") for part in parts)


def test_two_trees_stand_beside_each_other() -> None:
    (part,) = drawn(ROOT, a_branch(), replace(ROOT, label="other"))
    assert len(elbows(part)) == 1
