"""The hierarchy: every kind of edge, samples with the count of the rest, nothing lost and nothing endless."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.evaluate import hierarchy as module
from scanner.evaluate.factdb import open_facts
from scanner.evaluate.store import write_facts
from scanner.model.facts import Fact
from scanner.model.report import Branch, Hierarchy, LooseStores
from tests.evaluate.builders import OTHER, a_key
from tests.evaluate.inventories import a_certificate, a_data_key, a_key_store, a_module, a_store, an_edge

NOW = datetime(2026, 1, 1, tzinfo=UTC)
AFTER = datetime(2027, 1, 1, tzinfo=UTC)


def drawn(folder: Path, facts: Iterable[Fact], as_of: datetime = NOW) -> Hierarchy:
    write_facts(facts, folder / "facts")
    with open_facts(folder / "facts", module.TABLES) as db:
        return module.hierarchy(db, as_of)


def outline(hierarchy: Hierarchy) -> list[str]:
    """Return the tree as indented lines: `strength` kind id x count."""
    return [
        f"{'  ' * one.depth}{one.strength and one.strength + ' '}{one.kind} {one.id or '-'} "
        f"{'and ' if one.rest else ''}{one.count}"
        for one in hierarchy.branches
    ]


def only(hierarchy: Hierarchy, identity: str) -> Branch:
    (found,) = [one for one in hierarchy.branches if one.id == identity]
    return found


def test_no_facts_no_tree(tmp_path: Path) -> None:
    assert drawn(tmp_path, []) == Hierarchy()


def test_a_chain_from_the_certificate_down_to_the_stores(tmp_path: Path) -> None:
    facts = [
        a_certificate(),
        a_module(),
        a_key("kek", name="alias/kek", state="active"),
        a_key("dek"),
        a_store("bucket", name="audio", ephi=True),
        an_edge("kms", "aws-kms 4884", "module certificate"),
        an_edge("kek", "kms", "key module"),
        an_edge("dek", "kek", "key key", "proven"),
        an_edge("bucket", "dek", strength="declared"),
    ]
    found = drawn(tmp_path, facts)
    assert outline(found) == [
        "certificate aws-kms 4884 1",
        "  observed module kms 1",
        "    observed key kek 1",
        "      proven key dek 1",
        "        declared object_store bucket 1",
    ]
    assert found.edges == (("declared", 1), ("observed", 2), ("proven", 1))
    assert (found.keys, found.keys_unplaced, found.loose) == (2, 0, ())
    assert only(found, "kek").remarks == ("customer-managed", "active")
    assert only(found, "dek").remarks == ("customer-managed", "state not known")
    assert (only(found, "bucket").label, only(found, "bucket").remarks) == ("audio", ("ePHI",))


@pytest.mark.parametrize(
    ("certificate", "as_of", "said"),
    [
        ({}, NOW, ("no. 4884", "FIPS 140-3", "level 3", "interim", "sunset 2026-11-17")),
        ({}, AFTER, ("no. 4884", "FIPS 140-3", "level 3", "interim", "past its sunset 2026-11-17")),
        (
            {"status": "historical", "interim": False, "sunset_at": None},
            NOW,
            ("no. 4884", "FIPS 140-3", "level 3", "read as historical", "sunset not known"),
        ),
        (
            dict.fromkeys(("number", "standard", "level", "status", "interim")),
            NOW,
            (
                "number not known",
                "standard not known",
                "level not known",
                "read as of unknown status",
                "sunset 2026-11-17",
            ),
        ),
    ],
)
def test_what_is_said_of_a_certificate(
    certificate: dict[str, Any], as_of: datetime, said: tuple[str, ...], tmp_path: Path
) -> None:
    facts = [a_certificate(**certificate), an_edge("kms", "aws-kms 4884", "module certificate")]
    assert only(drawn(tmp_path, facts, as_of), "aws-kms 4884").remarks == said


@pytest.mark.parametrize(
    ("fact", "kind", "said"),
    [
        (a_module("x"), "module", ("key service",)),
        (a_module("x", kind="hsm_cluster", state="ACTIVE"), "module", ("hsm cluster", "ACTIVE")),
        (a_module("x", kind=None, state=None), "module", ("kind not known", "state not known")),
        (a_key_store("x", connected=True), "key_store", ("hsm cluster", "connected")),
        (a_key_store("x", connected=False), "key_store", ("hsm cluster", "not connected")),
        (a_key_store("x", kind=None), "key_store", ("kind not known", "connection not known")),
        (a_key("x", managed_by="provider", state="suspended"), "key", ("the provider's own", "suspended")),
        (a_key("x", managed_by=None), "key", ("manager not known", "state not known")),
        (a_key("elsewhere"), "key", ("not read itself",)),
    ],
)
def test_what_is_said_of_other_nodes(fact: Fact, kind: str, said: tuple[str, ...], tmp_path: Path) -> None:
    assert only(drawn(tmp_path, [fact, an_edge("store", "x", f"store {kind}")]), "x").remarks == said


def test_of_many_keys_those_with_ephi_come_first_and_the_rest_is_counted(tmp_path: Path) -> None:
    facts: list[Fact] = [an_edge(f"k{i:02}", "kms", "key module") for i in range(20)]
    facts += [a_store("a", ephi=False), a_store("b", ephi=True), an_edge("a", "k15"), an_edge("b", "k19")]
    assert outline(drawn(tmp_path, facts)) == [
        "module kms 1",
        "  observed key k19 1",
        "    observed object_store b 1",
        "  observed key k15 1",
        "    observed object_store a 1",
        *(f"  observed key k{i:02} 1" for i in range(4)),
        "  observed key - and 14",
    ]


def test_edges_of_another_strength_are_counted_by_themselves(tmp_path: Path) -> None:
    facts = [an_edge(f"k{i:02}", "kms", "key module", ["observed", "declared"][i % 2]) for i in range(20)]
    assert [line for line in outline(drawn(tmp_path, facts)) if "and" in line] == [
        "  declared key - and 4",
        "  observed key - and 4",
    ]


def test_stores_of_a_key_are_a_row_a_kind(tmp_path: Path) -> None:
    facts: list[Fact] = [a_store(f"s{i}", ephi=(True, None, False)[i % 3]) for i in range(9)]
    facts += [a_store("db", kind="relational_database", ephi=None), a_store("no", kind="secret", ephi=False)]
    facts += [an_edge(str(fact.store_id), "k") for fact in facts if hasattr(fact, "store_id")]
    facts += [an_edge("gone", "k", strength=None)]
    branches = drawn(tmp_path, facts).branches
    assert [(b.kind, b.id, b.count, b.remarks, b.strength) for b in branches[1:]] == [
        ("object_store", "", 9, ("3 with ePHI", "3 of which that is not known"), "observed"),
        ("other", "gone", 1, ("ePHI not known",), "unknown"),
        ("relational_database", "db", 1, ("ePHI not known",), "observed"),
        ("secret", "no", 1, (), "observed"),
    ]


def test_many_kinds_of_stores_are_cut_and_counted(tmp_path: Path) -> None:
    facts: list[Fact] = [a_store(f"s{i}{j}", kind=f"kind_{i}") for i in range(8) for j in range(2)]
    facts += [an_edge(f"s{i}{j}", "k") for i in range(8) for j in range(2)]
    branches = drawn(tmp_path, facts).branches
    assert (branches[-1].kind, branches[-1].count, branches[-1].rest) == ("store", 8, True)
    assert sum(b.count for b in branches[1:]) == 16


def test_two_scopes_that_tell_of_an_edge_tell_of_one(tmp_path: Path) -> None:
    facts = [an_edge("s", "k", strength="declared"), an_edge("s", "k", source=OTHER), an_edge("s", "k", strength="x")]
    assert drawn(tmp_path, facts).edges == (("observed", 1),)


def test_a_node_under_two_others_grows_once(tmp_path: Path) -> None:
    facts = [an_edge("k", "m1", "key module"), an_edge("k", "m2", "key module"), an_edge("s", "k")]
    found = drawn(tmp_path, facts)
    assert [line.split()[1] for line in outline(found)] == ["m1", "key", "other", "m2", "key"]
    assert found.branches[-1].remarks == ("not read itself", "drawn above")


def test_a_circle_ends(tmp_path: Path) -> None:
    facts = [
        an_edge("a", "top", "key key", "declared"),
        an_edge("b", "a", "key key", "declared"),
        an_edge("a", "b", "key key", "declared"),
        an_edge("self", "self", "key key", "declared"),
    ]
    found = drawn(tmp_path, facts)
    assert outline(found) == [
        "key top 1",
        "  declared key a 1",
        "    declared key b 1",
        "      declared key a 1",
    ]
    assert found.edges == (("declared", 4),)


def test_a_kind_that_is_not_said_stands_by_itself(tmp_path: Path) -> None:
    assert outline(drawn(tmp_path, [an_edge("x", "y", "")])) == ["other y 1"]


def test_a_large_tree_is_cut_at_its_depths_and_nothing_is_lost(tmp_path: Path) -> None:
    facts = [an_edge(f"m{c}{m}", f"c{c}", "module certificate") for c in range(9) for m in range(9)]
    facts += [an_edge(f"k{c}{m}{k}", f"m{c}{m}", "key module") for c in range(9) for m in range(9) for k in range(9)]
    facts += [an_edge(f"d{c}{m}{k}{d}", f"k{c}{m}{k}", "key key")
              for c in range(9) for m in range(9) for k in range(9) for d in range(3)]  # fmt: skip
    found = drawn(tmp_path, facts)
    by_depth = {d: [b for b in found.branches if b.depth == d] for d in range(4)}
    assert sum(b.count for b in by_depth[0]) == 9
    assert len(found.branches) < 200
    assert all(b.rest for b in by_depth[3])
    shown_keys = [b for b in by_depth[2] if not b.rest]
    assert sum(b.count for b in by_depth[3]) == 3 * len(shown_keys)


def test_keys_that_hang_nowhere_are_counted(tmp_path: Path) -> None:
    found = drawn(tmp_path, [a_key("a"), a_key("b"), a_key("b", source=OTHER), an_edge("a", "kms", "key module")])
    assert (found.keys, found.keys_unplaced) == (2, 1)


def test_stores_without_a_known_key_are_counted_by_why(tmp_path: Path) -> None:
    facts = [
        a_store("plain", encrypted=False, ephi=True),
        a_store("dark"),
        a_store("half", encrypted=None, key_id="none", ephi=False),
        a_store("provider", encrypted=True, key_id="none", ephi=False),
        a_store("held", encrypted=True, key_id="k"),
        an_edge("held", "k"),
    ]
    assert drawn(tmp_path, facts).loose == (
        LooseStores("unencrypted", 1, 1, 0),
        LooseStores("unknown", 2, 0, 1),
        LooseStores("provider", 1, 0, 0),
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"state": "active", "registered": True, "value_count": 1700}, ("active", "1,700 values")),
        ({"registered": False, "value_count": 1}, ("in no registry", "1 value")),
        ({}, ("state not known",)),
    ],
)
def test_what_is_said_of_a_data_key(given: dict[str, Any], said: tuple[str, ...], tmp_path: Path) -> None:
    facts = [
        a_data_key("dek", tenant="clinic-a", **given),
        a_key("kek", state="active"),
        a_store("notes", kind="encrypted_table"),
        an_edge("dek", "kek", "data_key key"),
        an_edge("notes", "dek", "store data_key", "proven"),
    ]
    found = drawn(tmp_path, facts)
    assert outline(found) == ["key kek 1", "  observed data_key dek 1", "    proven encrypted_table notes 1"]
    assert (only(found, "dek").label, only(found, "dek").remarks) == ("clinic-a", said)
