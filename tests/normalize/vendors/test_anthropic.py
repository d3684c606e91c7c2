"""Anthropic's answers to rows: what is set, what is kept, and what only a contract can say."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.access import CredentialFact
from scanner.model.ai import AiServiceFact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.vendors import ExternalKeyFact, VendorResourceFact, VendorScopeFact
from scanner.normalize.vendors.anthropic import API_KEYS, COMPLIANCE, EXTERNAL_KEYS, ME, WORKSPACES, normalize
from tests.normalize.builders import missed, rows
from tests.normalize.vendors.records import changed, each, noon, of, without

CLINICAL, DEFAULT = "anthropic:wrkspc_clinical", "anthropic:wrkspc_default"
ORGANIZATION = "anthropic:anthropic-main"
KEY = "projects/example-analytics/locations/us-east1/keyRings/analytics/cryptoKeys/reports"


def of_kind(kind: Any, records: list[Record] | tuple[Record, ...] | None = None) -> dict[str, Any]:  # noqa: ANN401 - a table
    """Return the rows of a table by their keys."""
    found = rows(list(normalize(of("anthropic") if records is None else records)), kind)
    return {getattr(row, kind.key): row for row in found}


def test_nothing_comes_of_nothing() -> None:
    assert list(normalize([])) == []


def test_what_is_kept_only_a_contract_says() -> None:
    (row,) = of_kind(AiServiceFact).values()
    assert (row.name, row.retention_mode, row.retained_by_provider) == ("Example Health Voice", "contract", None)
    assert {row.zero_retention for row in of_kind(VendorScopeFact).values()} == {None}


def test_a_workspace_has_a_place_and_a_key() -> None:
    scopes = of_kind(VendorScopeFact)
    own, vendors = scopes[CLINICAL], scopes[DEFAULT]
    assert (own.residency, own.inference_places, own.customer_key, own.key_ref) == ("us", ("us",), True, KEY)
    assert (vendors.inference_places, vendors.customer_key, vendors.key_ref) == (("unrestricted",), False, "none")
    stores = of_kind(DataStoreFact)
    assert (stores[CLINICAL].key_id, stores[CLINICAL].key_managed_by) == (KEY, "customer")
    assert stores[CLINICAL].tags == ("data-classification=ephi",)
    assert (stores[DEFAULT].key_ref, stores[DEFAULT].tags) == ("none", ())


def test_what_a_workspace_does_not_tell_is_not_known() -> None:
    silent = changed(
        of("anthropic"),
        WORKSPACES,
        each("data", external_key_id="gone", archived_at="gone", data_residency=None, tags=None),
    )
    row = of_kind(VendorScopeFact, silent)[DEFAULT]
    assert (row.customer_key, row.key_ref, row.active, row.residency, row.inference_places) == (None,) * 5
    store = of_kind(DataStoreFact, silent)[DEFAULT]
    assert (store.tags, store.key_ref, store.key_id) == (None, None, None)
    denied = of_kind(DataStoreFact, [*without(of("anthropic"), EXTERNAL_KEYS), missed(EXTERNAL_KEYS)])
    assert (denied[CLINICAL].key_ref, denied[CLINICAL].key_managed_by) == (None, "customer")


@pytest.mark.parametrize(
    ("config", "cloud", "ref"),
    [
        ({"type": "aws", "kms_arn": "arn:aws:kms:us-east-1:1:key/a"}, "aws", "arn:aws:kms:us-east-1:1:key/a"),
        ({"type": "azure", "vault_uri": "https://v", "key_name": "k"}, "azure", "https://v/keys/k"),
        ({"type": "other"}, "other", None),
        (None, None, None),
    ],
)
def test_each_cloud_names_its_keys_in_its_own_way(config: Json, cloud: str | None, ref: str | None) -> None:
    keys = of_kind(ExternalKeyFact, changed(of("anthropic"), EXTERNAL_KEYS, each("data", provider_config=config)))
    (row,) = keys.values()
    assert (row.cloud, row.key_ref, row.attached, row.residency) == (cloud, ref, True, "us")


def test_keys_have_an_age_and_an_end_and_no_last_use() -> None:
    keys = of_kind(CredentialFact)
    app, gone = keys["anthropic:apikey_clinical"], keys["anthropic:apikey_gone"]
    assert (app.kind, app.service, app.active, app.principal) == ("api_key", CLINICAL, True, "svac_clinical")
    assert (app.created_at, app.expires_at, app.used) == (noon(2026, 4, 26), noon(2026, 7, 25), None)
    assert (gone.active, gone.expires, gone.principal) == (False, False, "user_simulated")
    whole = changed(of("anthropic"), API_KEYS, each("data", scope={"type": "organization"}, principal=None))
    assert {(row.kind, row.service, row.principal) for row in of_kind(CredentialFact, whole).values()} == {
        ("admin_api_key", "any", "none")
    }


def test_the_log_is_on_where_the_setting_says_so() -> None:
    assert of_kind(VendorScopeFact)[ORGANIZATION].audit_log is False
    on = changed(of("anthropic"), COMPLIANCE, lambda body: {**body, "state": {"type": "enabled"}})
    assert of_kind(VendorScopeFact, on)[ORGANIZATION].audit_log is True
    for operation in (COMPLIANCE, ME):
        records = [*without(of("anthropic"), operation), missed(operation)]
        row = of_kind(VendorScopeFact, records)[ORGANIZATION]
        assert (row.audit_log, row.name) == (
            (None, "Example Health Voice") if operation == COMPLIANCE else (False, None)
        )


def test_files_are_counted() -> None:
    (row,) = of_kind(VendorResourceFact).values()
    assert (row.kind, row.items, row.endless, row.oldest_at) == ("file", 2, 2, noon(2026, 3, 7))
    (row,) = of_kind(VendorResourceFact, of("anthropic", project_key=False)).values()
    assert (row.present, row.items) == (None, None)
