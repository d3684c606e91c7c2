"""OpenAI's answers to rows: what is set, what is kept, and what is not known."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.access import CredentialFact
from scanner.model.ai import AiServiceFact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.stores import DataStoreFact
from scanner.model.tables import CoverageFact
from scanner.model.vendors import ExternalKeyFact, VendorEventFact, VendorResourceFact, VendorScopeFact
from scanner.normalize.vendors.openai import (
    ADMIN_KEYS,
    AUDIT_LOGS,
    CERTIFICATES,
    EXTERNAL_KEYS,
    PROJECT_KEYS,
    PROJECT_RETENTION,
    PROJECTS,
    RETENTION,
    normalize,
)
from tests.normalize.builders import missed, rows
from tests.normalize.vendors.records import changed, each, noon, of, without

REALTIME, EXPERIMENTS, OLD = (f"openai:proj_{name}" for name in ("realtime", "experiments", "old"))
ARN = "arn:aws:kms:us-east-1:444455556666:key/mrk-bd019454c4ab5478b8ed532403a533de"


def of_kind(kind: Any, records: list[Record] | tuple[Record, ...] | None = None) -> dict[str, Any]:  # noqa: ANN401 - a table
    """Return the rows of a table by their keys."""
    found = rows(list(normalize(of("openai") if records is None else records)), kind)
    return {getattr(row, kind.key): row for row in found}


def test_nothing_comes_of_nothing() -> None:
    assert list(normalize([])) == []


def test_the_organization_keeps_what_one_project_keeps() -> None:
    (row,) = of_kind(AiServiceFact).values()
    assert (row.provider, row.account, row.retention_mode) == ("openai", "openai-main", "zero_data_retention")
    assert (row.retained_by_provider, row.retention_exceptions) == (True, ("proj_experiments=none",))
    assert (row.prompts_logged, row.log_bucket_id) == (False, "none")


@pytest.mark.parametrize(
    ("organization", "project", "kept", "exceptions"),
    [
        ("zero_data_retention", "organization_default", False, ()),
        ("enhanced_zero_data_retention", "organization_default", False, ()),
        ("modified_abuse_monitoring", "zero_data_retention", True, ("proj_experiments", "proj_realtime")),
        ("zero_data_retention", "another", None, ("proj_experiments", "proj_realtime")),
        ("another", "organization_default", None, ()),
    ],
)
def test_zero_retention_is_zero_everywhere(
    organization: str, project: str, kept: bool | None, exceptions: tuple[str, ...]
) -> None:
    records = tuple(changed(of("openai"), RETENTION, lambda body: {**body, "type": organization}))
    (row,) = of_kind(
        AiServiceFact, changed(records, PROJECT_RETENTION, lambda body: {**body, "type": project})
    ).values()
    assert row.retained_by_provider is kept
    assert row.retention_exceptions == tuple(f"{one}={project}" for one in exceptions)


@pytest.mark.parametrize(
    ("operation", "subject"), [(RETENTION, None), (PROJECT_RETENTION, REALTIME), (PROJECT_RETENTION, EXPERIMENTS)]
)
def test_a_setting_that_was_denied_is_never_zero_retention(operation: str, subject: str | None) -> None:
    records = [*without(of("openai"), operation, subject), missed(operation, subject=subject)]
    (row,) = of_kind(AiServiceFact, records).values()
    assert row.retained_by_provider is (None if subject == EXPERIMENTS else True)
    assert row.retention_exceptions is None
    scopes = of_kind(VendorScopeFact, records)
    assert scopes[subject or REALTIME].zero_retention is None


def test_a_listing_of_projects_that_was_cut_off_leaves_the_rest_unknown() -> None:
    records = [*changed(of("openai"), PROJECT_RETENTION, lambda _: {"type": "organization_default"}), missed(PROJECTS)]
    (row,) = of_kind(AiServiceFact, records).values()
    assert (row.retained_by_provider, row.retention_exceptions) == (None, None)
    coverage = of_kind(CoverageFact, records)
    assert not coverage[f"vendor_scopes openai:openai-main {PROJECTS}"].complete
    assert not coverage[f"credentials openai:openai-main {PROJECT_KEYS}"].complete


def test_each_project_has_the_setting_that_holds() -> None:
    scopes = of_kind(VendorScopeFact)
    assert {(name, row.kind, row.active, row.zero_retention, row.residency) for name, row in scopes.items()} == {
        ("openai:openai-main", "organization", True, True, None),
        (REALTIME, "project", True, True, "US_STORAGE_PROCESSING"),
        (EXPERIMENTS, "project", True, False, "GLOBAL"),
        (OLD, "project", False, None, "US_STORAGE_PROCESSING"),
    }
    assert scopes[REALTIME].retention_mode == "zero_data_retention"


def test_an_external_key_is_an_edge_to_the_cloud() -> None:
    keys = of_kind(ExternalKeyFact)
    assert (keys["openai:ekey_openai_aws"].key_ref, keys["openai:ekey_openai_aws"].attached) == (ARN, True)
    spare = keys["openai:ekey_openai_spare"]
    assert (spare.cloud, spare.key_ref, spare.attached) == (
        "azure",
        "https://kv-clinical.vault.azure.net/keys/openai",
        False,
    )
    stores = of_kind(DataStoreFact)
    own = stores[REALTIME]
    assert (own.kind, own.key_ref, own.key_id, own.key_managed_by) == ("ai_account", ARN, ARN, "customer")
    assert own.provider_encryption == "external_key:aws"
    vendors = stores[EXPERIMENTS]
    assert (vendors.key_ref, vendors.key_id, vendors.key_managed_by, vendors.encrypted) == ("none", "none", None, True)


@pytest.mark.parametrize(
    ("members", "cloud", "ref"),
    [
        (
            {
                "type": "gcp",
                "kms_project_id": "p",
                "kms_key_location": "l",
                "kms_key_ring_name": "r",
                "kms_key_name": "k",
            },
            "gcp",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k",
        ),
        ({"type": "gcp", "kms_project_id": "p"}, "gcp", None),
        ({"type": "oci", "key_ocid": "ocid1.key"}, "oci", "ocid1.key"),
        ({"type": "aws", "kms_arn": 7}, "aws", None),
    ],
)
def test_each_cloud_names_its_keys_in_its_own_way(members: dict[str, Json], cloud: str, ref: str | None) -> None:
    keys = of_kind(ExternalKeyFact, changed(of("openai"), EXTERNAL_KEYS, each("data", **members)))
    assert {(row.cloud, row.key_ref) for row in keys.values()} == {(cloud, ref)}


def test_which_key_a_project_has_is_known_from_either_side() -> None:
    silent = tuple(changed(of("openai"), PROJECTS, each("data", external_key_id="gone")))
    stores = of_kind(DataStoreFact, silent)
    assert (stores[REALTIME].key_ref, stores[EXPERIMENTS].key_ref) == (ARN, "none")
    denied = of_kind(DataStoreFact, [*without(of("openai"), EXTERNAL_KEYS), missed(EXTERNAL_KEYS)])
    assert (denied[REALTIME].key_ref, denied[REALTIME].key_managed_by) == (None, "customer")
    assert denied[EXPERIMENTS].key_ref is None
    checked = changed(silent, EXTERNAL_KEYS, each("data", purpose="psp_decryption"))
    assert of_kind(VendorScopeFact, checked)[REALTIME].customer_key is False


def test_keys_have_an_age_an_end_and_a_last_use() -> None:
    keys = of_kind(CredentialFact)
    founder = keys["openai:key_admin_founder"]
    assert (founder.kind, founder.principal, founder.expires, founder.used) == (
        "admin_api_key",
        "user_simulated",
        False,
        True,
    )
    assert (founder.created_at, founder.last_used_at) == (noon(2024, 4, 6), noon(2025, 8, 19))
    app, old = keys["openai:key_realtime_app"], keys["openai:key_realtime_old"]
    assert (app.kind, app.principal, app.service, app.active) == ("api_key", "svc_realtime", REALTIME, True)
    assert (app.expires_at, app.hint) == (noon(2026, 11, 2), "sk-..._app")
    assert (old.used, old.last_used_at, old.principal) == (False, None, "user_simulated")
    silent = changed(of("openai"), PROJECT_KEYS, each("data", last_used_at="gone", expires_at="gone"))
    quiet = of_kind(CredentialFact, silent)["openai:key_realtime_old"]
    assert (quiet.used, quiet.expires) == (None, None)
    coverage = of_kind(CoverageFact)
    assert [coverage[f"credentials openai:openai-main {one}"].row_count for one in (ADMIN_KEYS, PROJECT_KEYS)] == [2, 3]


def test_certificates_and_the_audit_log_belong_to_the_organization() -> None:
    row = of_kind(VendorScopeFact)["openai:openai-main"]
    assert (row.certificates, row.certificates_expire_at) == (1, noon(2027, 1, 1))
    assert row.audit_log is True
    silent = changed(of("openai"), CERTIFICATES, each("data", active=None))
    assert of_kind(VendorScopeFact, silent)["openai:openai-main"].certificates is None
    none = changed(of("openai"), CERTIFICATES, each("data", active=False))
    row = of_kind(VendorScopeFact, none)["openai:openai-main"]
    assert (row.certificates, row.certificates_expire_at) == (0, None)
    empty = changed(of("openai"), AUDIT_LOGS, lambda body: {**body, "data": []})
    assert of_kind(VendorScopeFact, empty)["openai:openai-main"].audit_log is None


def test_changes_of_keys_are_read_from_the_log() -> None:
    events = of_kind(VendorEventFact)
    assert {(row.name, row.subject_ref, row.principal, row.occurred_at) for row in events.values()} == {
        ("external_key.registered", "ekey_openai_aws", "key_admin_founder", noon(2025, 5, 21)),
        ("api_key.created", "key_realtime_app", "key_admin_founder", noon(2026, 5, 6)),
    }
    person = changed(
        of("openai"), AUDIT_LOGS, each("data", actor={"session": {"user": {"id": "user_1"}}}, type="project.created")
    )
    assert {(row.subject_ref, row.principal) for row in of_kind(VendorEventFact, person).values()} == {
        ("none", "user_1")
    }


def test_what_the_project_of_the_second_key_keeps() -> None:
    kept = of_kind(VendorResourceFact)
    assert {row.kind: row.items for row in kept.values()} == {
        "file": 3,
        "vector_store": 1,
        "batch": 0,
        "fine_tuning_job": 1,
        "stored_completion": 2,
    }
    files = kept[f"{EXPERIMENTS}/file"]
    assert (files.zero_retention, files.endless, files.holds_content) == (False, 3, True)
    assert (files.oldest_at, files.newest_at) == (noon(2026, 3, 27), noon(2026, 6, 12))
    nameless = changed(of("openai"), "openai:ListFiles", lambda body: {**body, "AnsweredFor": None})
    nobodys = of_kind(VendorResourceFact, nameless)["openai:openai-main/file"]
    assert (nobodys.present, nobodys.items) == (True, None)


def test_that_there_is_none_says_nothing_when_nobody_knows_of_which_project() -> None:
    nameless = changed(of("openai"), "openai:ListBatches", lambda body: {**body, "AnsweredFor": None})
    batches = of_kind(VendorResourceFact, nameless)["openai:openai-main/batch"]
    assert (batches.present, batches.items) == (None, None)


def test_what_the_estate_does_not_allow_is_not_known() -> None:
    kept = of_kind(VendorResourceFact, of("openai", project_key=False))
    assert {(row.present, row.items) for row in kept.values()} == {(None, None)}
    assert len(kept) == 5


def test_what_nobody_asked_about_has_no_row() -> None:
    records = without(of("openai"), "openai:ListBatches")
    assert "batch" not in {row.kind for row in of_kind(VendorResourceFact, records).values()}
