"""The simulated OpenAI, read by OpenAI's own SDK into its own models."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import openai
import pytest

from scanner.demo.vendors.world import ExternalKey, Vendors
from tests.demo.vendors.running import reference, simulated


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    with simulated(page_size=1) as simulator, httpx2.Client() as http:
        yield openai.OpenAI(
            api_key="openai-project-word",
            admin_api_key="openai-administrator-word",
            base_url=simulator.endpoint("openai"),
            http_client=http,
            max_retries=0,
            _strict_response_validation=True,
        )


def test_the_organization_is_of_the_sdks_shape(client: openai.OpenAI) -> None:
    organization = client.admin.organization
    assert organization.data_retention.retrieve().type == "zero_data_retention"
    assert [one.id for one in organization.projects.list()] == ["proj_realtime", "proj_experiments"]
    archived = list(organization.projects.list(include_archived=True))
    assert [one.status for one in archived] == ["active", "active", "archived"]
    assert organization.projects.data_retention.retrieve("proj_experiments").type == "none"
    assert [one.last_used_at is None for one in organization.projects.api_keys.list("proj_realtime")] == [False, True]
    both = list(organization.projects.api_keys.list("proj_realtime", owner_project_access="any"))
    assert [one.owner.type for one in both] == ["service_account", "user"]
    assert [one.name for one in organization.admin_api_keys.list()] == ["audit", "founder"]
    assert [one.active for one in organization.certificates.list()] == [True, False]


def test_external_keys_and_the_audit_log_are_of_the_sdks_shape(client: openai.OpenAI) -> None:
    keys = {one.type: one for one in client.admin.organization.external_keys.list()}
    assert keys["aws"].api_project_ids == ["proj_realtime"]
    assert (keys["azure"].vault_uri, keys["azure"].key_name) == ("https://kv-clinical.vault.azure.net", "openai")
    events = list(client.admin.organization.audit_logs.list(event_types=["external_key.registered"]))
    assert [(one.type, one.effective_at) for one in events] == [("external_key.registered", 1747828800)]
    assert len(list(client.admin.organization.audit_logs.list())) == 3


def test_what_a_project_keeps_is_of_the_sdks_names(client: openai.OpenAI) -> None:
    # Only what an audit reads is there: the models have more.
    loose = openai.OpenAI(api_key="openai-project-word", base_url=client.base_url, http_client=client._client)
    assert len(list(loose.files.list())) == 3
    assert [len(list(one)) for one in (loose.vector_stores.list(), loose.batches.list())] == [1, 0]
    assert len(list(loose.fine_tuning.jobs.list())) == 1
    assert [one.created for one in loose.chat.completions.list()] == [1781092800, 1781179200]


def test_a_key_of_google_cloud_has_its_own_shape() -> None:
    world = reference().openai
    assert world is not None
    name = "projects/p/locations/us-east1/keyRings/r/cryptoKeys/k"
    key = ExternalKey(id="gcp", name="g", age_days=1, key=name)
    with (
        simulated(Vendors(openai=world.model_copy(update={"external_keys": [key]}))) as simulator,
        httpx2.Client() as http,
    ):
        client = openai.OpenAI(
            admin_api_key="openai-administrator-word",
            api_key="none",
            base_url=simulator.endpoint("openai"),
            http_client=http,
            _strict_response_validation=True,
        )
        (found,) = client.admin.organization.external_keys.list()
    parts = (found.kms_project_id, found.kms_key_location, found.kms_key_ring_name, found.kms_key_name)
    assert (found.type, parts) == ("gcp", ("p", "us-east1", "r", "k"))
