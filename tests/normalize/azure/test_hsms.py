"""Dedicated HSMs and Cloud HSM clusters."""

from __future__ import annotations

import pytest

from scanner.model.ids import Json
from scanner.model.modules import ModuleFact
from scanner.model.tables import CoverageFact
from scanner.normalize.azure.hsms import CLUSTERS, DEDICATED, normalize
from tests.normalize.azure import examples
from tests.normalize.azure.builders import listed, missed, rows
from tests.normalize.azure.examples import NIL

CLUSTER: Json = {
    "id": f"/subscriptions/{NIL}/resourceGroups/g/providers/Microsoft.HardwareSecurityModules/cloudHsmClusters/c",
    "name": "c",
    "location": "eastus2",
    "properties": {"provisioningState": "Succeeded"},
    "sku": {"family": "B", "name": "Standard_B1"},
}


def test_the_published_dedicated_hsm() -> None:
    (row,) = rows(normalize, ModuleFact, listed(DEDICATED, examples.DEDICATED))
    assert (row.product, row.kind, row.embodiment, row.state) == (
        "azure-dedicated-hsm",
        "hsm_cluster",
        "hardware",
        "Succeeded",
    )
    assert (row.name, row.region, row.certificate_required) == ("hsm1", "westus", True)


@pytest.mark.parametrize("sku", [{"name": "payShield10K_LMK1_CPS60"}, {}, None])
def test_another_product_of_the_same_resource_is_none_of_the_table(sku: Json) -> None:
    (row,) = rows(normalize, ModuleFact, listed(DEDICATED, {**examples.DEDICATED, "sku": sku}))
    assert row.product is None


def test_a_cluster_and_the_coverage_of_both_listings() -> None:
    records = (listed(CLUSTERS, CLUSTER), missed(DEDICATED))
    (row,) = rows(normalize, ModuleFact, *records)
    assert (row.product, row.name) == ("azure-cloud-hsm", "c")
    covered = {
        c.coverage_id.rpartition(" ")[2]: (c.complete, c.row_count) for c in rows(normalize, CoverageFact, *records)
    }
    assert covered == {CLUSTERS: (True, 1), DEDICATED: (False, 0)}
    assert list(normalize(())) == []
