"""Modules of a vault, and under which of them each key is."""

from __future__ import annotations

import pytest

from scanner.model.facts import Fact
from scanner.model.ids import Json
from scanner.model.modules import ModuleFact
from scanner.model.observation import Record
from scanner.model.stores import BindingFact
from scanner.model.tables import CoverageFact
from scanner.normalize.azure import keys, platforms
from scanner.normalize.azure.keys import KEYS, VERSIONS, Holder
from tests.normalize.azure.builders import listed, missed, unit
from tests.normalize.azure.examples import HSM_ID, KEY_ID, KID, NIL, VAULT_ID


def version(name: str, platform: str | None, *, enabled: bool = True) -> Json:
    attributes: dict[str, Json] = {"enabled": enabled, "created": int(name)}
    return {"kid": f"{KID}/{name}", "attributes": {**attributes, **({"hsmPlatform": platform} if platform else {})}}


def facts(*records: Record, is_hsm: bool = False, complete: bool = True) -> list[Fact]:
    holder = Holder(unit(*records), HSM_ID if is_hsm else VAULT_ID, NIL, "westus", is_hsm=is_hsm)
    found, _ = keys.listed(holder)
    there = [key for key in found.values() if not key.deleted]
    return list(platforms.rows(holder, there, complete=complete))


def drawn(*records: Record) -> tuple[list[str | None], list[str]]:
    found = facts(*records)
    modules = [fact.product for fact in found if isinstance(fact, ModuleFact)]
    return modules, [fact.parent_id.rpartition("/")[2] for fact in found if isinstance(fact, BindingFact)]


LISTED = listed(KEYS, {"kid": KID, "attributes": {"enabled": True}})


@pytest.mark.parametrize(
    ("versions", "products", "under"),
    [
        ([version("1", "2")], ["azure-key-vault-platform-2"], ["2"]),
        ([version("1", "0")], ["azure-key-vault-platform-0"], ["0"]),
        (
            [version("1", "1"), version("2", "2")],
            ["azure-key-vault-platform-1", "azure-key-vault-platform-2"],
            ["1", "2"],
        ),
        ([version("1", "1", enabled=False), version("2", "2")], ["azure-key-vault-platform-2"], ["2"]),
        ([version("1", None), version("2", "2")], ["azure-key-vault-platform-2", None], ["2", "unknown"]),
        ([version("1", "9")], [None], ["9"]),
    ],
)
def test_a_key_is_under_each_platform_of_a_usable_version(
    versions: list[Json], products: list[str | None], under: list[str]
) -> None:
    assert drawn(LISTED, listed(VERSIONS, *versions, subject=KEY_ID)) == (products, under)


def test_versions_that_were_not_read_may_be_anywhere() -> None:
    assert drawn(LISTED, missed(VERSIONS, subject=KEY_ID)) == ([None], ["unknown"])
    part = listed(VERSIONS, version("1", "2"), subject=KEY_ID, last=False)
    assert drawn(LISTED, part, missed(VERSIONS, subject=KEY_ID, page=1))[1] == ["2", "unknown"]


def test_an_edge_names_both_ends_and_what_shows_it() -> None:
    found = facts(LISTED, listed(VERSIONS, version("1", "2"), subject=KEY_ID))
    (edge,) = [fact for fact in found if isinstance(fact, BindingFact)]
    module = f"{VAULT_ID}/hsmPlatform/2"
    assert (edge.child_id, edge.parent_id, edge.binding_id) == (KEY_ID, module, f"{KEY_ID} > {module}")
    assert (edge.child_kind, edge.parent_kind, edge.strength) == ("key", "module", "observed")
    assert len(edge.evidence) == 2


@pytest.mark.parametrize(
    ("records", "complete", "required"),
    [((LISTED,), True, True), ((listed(KEYS),), True, False), ((missed(KEYS),), False, None)],
)
def test_a_managed_hsm_is_a_module_whatever_is_in_it(
    records: tuple[Record, ...], complete: bool, required: bool | None
) -> None:
    found = facts(*records, is_hsm=True, complete=complete)
    (module,) = [fact for fact in found if isinstance(fact, ModuleFact)]
    assert (module.module_id, module.kind, module.certificate_required) == (HSM_ID, "hsm_cluster", required)
    (covered,) = [fact for fact in found if isinstance(fact, CoverageFact)]
    assert (covered.complete, covered.row_count) == (True, 1)


def test_a_vault_without_keys_uses_no_module() -> None:
    found = facts(listed(KEYS))
    assert [fact.table for fact in found] == ["coverage"]
