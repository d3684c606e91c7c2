"""Data keys find their key-encryption keys, declared edges are drawn, and every way from a store is walked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.evaluate.store import read_facts, write_facts
from scanner.model.envelope import DataKeyFact, EnvelopeFact
from scanner.model.facts import Fact
from scanner.model.ids import SourceId
from scanner.model.modules import ModuleFact
from scanner.model.stores import BindingFact, DeclaredEdgeFact
from scanner.model.tables import CoverageFact
from scanner.normalize import chains, resolve
from tests.normalize.test_resolve import BUCKET, ELSEWHERE, KEY, SOURCE, key, seen, store

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
DATABASE = SourceId("postgres:voice")
REGISTRY = "postgres:voice:vault.data_keys"
TABLE = "postgres:voice:voice.notes"
ROOT = "pkcs11:token=root;object=root-2026"
TOKEN = "pkcs11:token=root"
STATEMENTS = (*resolve.STATEMENTS, *chains.RESOLVE, resolve.BINDINGS, *chains.WALK)


def data_key(name: str = "1", /, **given: Any) -> DataKeyFact:  # noqa: ANN401 - any column
    columns: dict[str, Any] = {
        "source": DATABASE,
        "evidence": seen("data key"),
        "data_key_id": f"{REGISTRY}/{name}",
        "registry_id": REGISTRY,
        "provider": "postgres",
        "account": "voice",
        "registered": True,
        "key_ref": KEY,
    }
    return DataKeyFact(**{**columns, **given})


def module(identity: str = "aws:kms", /, **given: Any) -> ModuleFact:  # noqa: ANN401 - any column
    columns: dict[str, Any] = {
        "source": SOURCE,
        "evidence": seen("module"),
        "module_id": identity,
        "provider": "aws",
        "account": "111122223333",
        "region": "us-east-1",
        "kind": "key_service",
        "certificate_status": "active",
        "standard": "FIPS 140-3",
        "level": 3,
        "sunset_at": datetime(2030, 1, 1, tzinfo=UTC),
    }
    return ModuleFact(**{**columns, **given})


def token(**given: Any) -> ModuleFact:  # noqa: ANN401 - any column
    return module(TOKEN, **{"source": SourceId("pkcs11:root"), "provider": "pkcs11", "kind": "token", **given})


def root() -> Fact:
    return key(key_id=ROOT, source=SourceId("pkcs11:root"), provider="pkcs11", aliases=())


def table(**given: Any) -> Fact:  # noqa: ANN401 - any column
    columns = {"source": DATABASE, "provider": "postgres", "kind": "encrypted_table", "key_ref": None}
    return store(TABLE, **{**columns, **given})


def edge(child: str, parent: str, child_kind: str, parent_kind: str, strength: str = "observed") -> BindingFact:
    return BindingFact(
        source=DATABASE,
        evidence=seen("edge"),
        binding_id=f"{child} > {parent} {strength}",
        child_id=child,
        parent_id=parent,
        child_kind=child_kind,
        parent_kind=parent_kind,
        strength=strength,
    )


def column(*, population: int | None = 7) -> EnvelopeFact:
    return EnvelopeFact(
        source=DATABASE,
        evidence=seen("column"),
        envelope_id=f"{TABLE}#body",
        store_id=TABLE,
        kind="column",
        population=population,
    )


def uses(name: str = "1") -> BindingFact:
    return edge(TABLE, f"{REGISTRY}/{name}", "store", "data_key")


def declared(child: str = KEY, parent: str = ROOT) -> DeclaredEdgeFact:
    return DeclaredEdgeFact(
        source=SourceId("estate"),
        evidence=seen("estate"),
        edge_id=f"{child} > {parent}",
        child=child,
        parent_ref=parent,
    )


def listed(source: str = SOURCE, what: str = "keys", *, complete: bool = True) -> CoverageFact:
    return CoverageFact(
        source=SourceId(source),
        evidence=(),
        coverage_id=f"{what} {source}",
        listed_table=what,
        parent_id=source,
        complete=complete,
        row_count=1,
    )


def facts(folder: Path, what: str, *rows: Fact) -> list[dict[str, Any]]:
    write_facts(rows, folder, STATEMENTS, AS_OF)
    return read_facts(folder, what)


@pytest.mark.parametrize("ref", [KEY, KEY.rpartition("/")[2], "alias/audio", KEY.partition("key/")[0] + "alias/audio"])
def test_a_data_key_finds_its_key_by_every_name(ref: str, tmp_path: Path) -> None:
    (row,) = facts(tmp_path, "data_keys", data_key(key_ref=ref), key(strength_bits=256))
    assert (row["key_id"], row["key_state"], row["key_managed_by"]) == (KEY, "active", "customer")
    assert row["key_strength_bits"] == 256
    assert row["evidence"] == ["sha256:data key", "sha256:key"]


def test_a_short_alias_of_two_keys_names_none(tmp_path: Path) -> None:
    (row,) = facts(tmp_path, "data_keys", data_key(key_ref="alias/audio"), key(), key(key_id=ELSEWHERE))
    assert row["key_id"] is None


@pytest.mark.parametrize(
    ("ref", "coverage", "found"),
    [
        (f"{KEY}5", listed(), "none"),
        (f"{KEY}5", listed(complete=False), None),
        (ELSEWHERE, listed(), None),
        (ROOT, listed(), "none"),
        (ROOT, listed(complete=False), None),
    ],
    ids=["all read", "not all read", "of an account that was not read", "of no key at all", "may be of one not read"],
)
def test_a_key_that_is_not_there_is_told_from_one_that_was_not_read(
    ref: str, coverage: CoverageFact, found: str | None, tmp_path: Path
) -> None:
    (row,) = facts(tmp_path, "data_keys", data_key(key_ref=ref), key(), coverage)
    assert (row["key_id"], row["key_state"], row["key_managed_by"]) == (found, found, found)


def test_without_a_reference_nothing_is_known_of_the_key(tmp_path: Path) -> None:
    (row,) = facts(tmp_path, "data_keys", data_key(key_ref=None), key(), listed())
    assert row["key_id"] is None


def test_declared_edges_are_drawn_and_counted(tmp_path: Path) -> None:
    rows = [key(), root(), token(), declared("arn:aws:kms:*", "pkcs11:token=root;*"), declared("nothing", ROOT)]
    write_facts([*rows, listed(what="keys")], tmp_path, STATEMENTS, AS_OF)
    drawn = [r for r in read_facts(tmp_path, "bindings") if r["strength"] == "declared"]
    assert [(r["child_id"], r["child_kind"], r["parent_id"], r["parent_kind"]) for r in drawn] == [
        (KEY, "key", ROOT, "key")
    ]
    counted = {r["child"]: (r["children"], r["parents"]) for r in read_facts(tmp_path, "declared_edges")}
    assert counted == {"arn:aws:kms:*": (1, 1), "nothing": (0, 1)}


def test_an_edge_that_matches_nothing_is_not_told_where_not_all_was_read(tmp_path: Path) -> None:
    (row,) = facts(tmp_path, "declared_edges", declared("nothing", "nowhere"), listed(complete=False))
    assert (row["children"], row["parents"]) == (None, None)


def chain(folder: Path, *rows: Fact, told: bool = True) -> dict[str, Any]:
    """Return the row of the only store. ``told``: the estate's hierarchy was read."""
    (row,) = facts(folder, "key_chains", *rows, listed("estate", "declared_edges", complete=told))
    return row


def test_where_the_estates_hierarchy_was_not_read_no_way_is_known(tmp_path: Path) -> None:
    row = chain(tmp_path, store(), key(), module(), told=False)
    assert (row["known"], row["active_level_3"], row["hsm_tier"], row["weakest"]) == (False, None, None, None)


@pytest.mark.parametrize("child", [KEY, BUCKET])
def test_a_declared_parent_that_was_not_read_leaves_what_hangs_on_it_unknown(child: str, tmp_path: Path) -> None:
    unread = [declared(child), listed("pkcs11:root", complete=False)]
    row = chain(tmp_path, store(), key(), module(), *unread)
    assert (row["known"], row["active_level_3"], row["weakest"]) == (False, None, None)
    row = chain(tmp_path / "bad", store(), key(), module(level=1), *unread)
    assert row["active_level_3"] is False
    row = chain(tmp_path / "other", store(), key(), module(), declared("elsewhere"), listed(complete=False))
    assert (row["known"], row["weakest"]) == (True, "observed")


def test_a_data_key_whose_registry_was_not_read_leaves_the_strength_unknown(tmp_path: Path) -> None:
    row = chain(tmp_path, table(), column(), uses(), data_key(key_ref=None), key(), module())
    assert (row["known"], row["weakest"]) == (False, None)
    row = chain(
        tmp_path / "declared", table(), column(), uses(), data_key(key_ref=None), declared(TABLE, ROOT), root(), token()
    )
    assert row["weakest"] == "declared"


def test_a_way_through_data_key_and_key_ends_in_a_module(tmp_path: Path) -> None:
    row = chain(tmp_path, table(), column(), uses(), data_key(), key(), module())
    assert (row["known"], row["keys"], row["modules"], row["loose_ends"]) == (True, 2, ["aws:kms"], [])
    assert (row["active_level_3"], row["hsm_tier"], row["weakest"], row["cycles"]) == (True, False, "observed", False)
    assert row["evidence"] == ["sha256:data key", "sha256:edge", "sha256:key", "sha256:module", "sha256:store"]


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({"level": 2}, False),
        ({"standard": "FIPS 140-2"}, False),
        ({"certificate_status": "historical"}, False),
        ({"sunset_at": datetime(2026, 10, 31, tzinfo=UTC)}, False),
        ({"level": None}, None),
        ({"certificate_status": None}, None),
        ({"level": None, "certificate_status": "historical"}, False),
    ],
    ids=str,
)
def test_the_module_must_be_active_140_3_level_3(given: dict[str, Any], verdict: bool | None, tmp_path: Path) -> None:
    assert chain(tmp_path, store(), key(), module(**given))["active_level_3"] is verdict


@pytest.mark.parametrize(
    ("given", "level", "tier"),
    [({}, True, True), ({"level": 0, "standard": "none"}, False, False), ({"level": None}, None, None)],
    ids=["validated", "software", "not known"],
)
def test_a_declared_root_counts_as_its_module_does(
    given: dict[str, Any], level: bool | None, tier: bool | None, tmp_path: Path
) -> None:
    row = chain(tmp_path, store(), key(), module(), root(), token(**given), declared())
    assert row["modules"] == ["aws:kms", TOKEN]
    assert (row["active_level_3"], row["hsm_tier"], row["weakest"]) == (level, tier, "declared")


def test_a_proven_edge_is_stronger_than_the_same_edge_observed(tmp_path: Path) -> None:
    proven = edge(TABLE, f"{REGISTRY}/1", "store", "data_key", "proven")
    above = edge(f"{REGISTRY}/1", KEY, "data_key", "key", "proven")
    row = chain(tmp_path, table(), column(), uses(), proven, above, data_key(), key(), module())
    assert row["weakest"] == "observed"  # the key's own module is told by the API alone


def test_a_data_key_whose_key_is_not_there_is_a_loose_end(tmp_path: Path) -> None:
    row = chain(tmp_path, table(), column(), uses(), data_key(key_ref=f"{KEY}5"), key(), module(), listed())
    assert (row["known"], row["loose_ends"], row["active_level_3"]) == (True, [f"{REGISTRY}/1"], False)


def test_a_data_key_that_no_registry_has_is_a_loose_end(tmp_path: Path) -> None:
    row = chain(tmp_path, table(), column(), uses(), data_key(key_ref=None, registered=False))
    assert (row["known"], row["loose_ends"], row["modules"]) == (True, [f"{REGISTRY}/1"], [])


def test_what_is_above_a_key_that_was_not_read_is_not_known(tmp_path: Path) -> None:
    row = chain(tmp_path, store(key_ref=ELSEWHERE), key(), module())
    assert (row["known"], row["active_level_3"], row["hsm_tier"]) == (False, None, None)
    assert row["loose_ends"] == [ELSEWHERE]


def test_one_bad_end_decides_whatever_is_not_known(tmp_path: Path) -> None:
    ways = [uses(), uses("2"), data_key(), data_key("2", key_ref=None)]
    assert chain(tmp_path, table(), *ways, key(), module(level=1))["active_level_3"] is False


def test_a_circle_is_found_and_ends(tmp_path: Path) -> None:
    circle = [edge(KEY, ROOT, "key", "key"), edge(ROOT, KEY, "key", "key")]
    row = chain(tmp_path, store(), key(), root(), module(), token(), *circle)
    assert (row["cycles"], row["active_level_3"], row["keys"]) == (True, False, 2)


@pytest.mark.parametrize(
    ("given", "known", "level", "keys"),
    [({"key_ref": "none"}, True, False, 0), ({"key_ref": None}, False, None, None)],
    ids=["none", "not known"],
)
def test_a_store_without_a_key(
    given: dict[str, Any], known: bool, level: bool | None, keys: int | None, tmp_path: Path
) -> None:
    row = chain(tmp_path, store(**given), key(), module())
    assert (row["store_id"], row["known"], row["active_level_3"], row["keys"]) == (BUCKET, known, level, keys)


def test_a_table_of_which_no_edge_was_read_is_not_known(tmp_path: Path) -> None:
    row = chain(tmp_path, table(), key(), module())
    assert (row["known"], row["weakest"], row["hsm_tier"]) == (False, None, None)


def test_a_table_of_which_not_every_value_was_counted_may_hang_on_more(tmp_path: Path) -> None:
    row = chain(tmp_path, table(), column(population=None), uses(), data_key(), key(), module())
    assert (row["known"], row["active_level_3"], row["weakest"]) == (False, None, None)
    row = chain(tmp_path / "none", table(), uses(), data_key(), key(), module())
    assert row["known"] is False
