"""The simulated Anthropic, read by Anthropic's own SDK into its own models."""

from __future__ import annotations

import httpx2
from anthropic import Anthropic

from scanner.demo.vendors.world import ExternalKey, Vendors
from tests.demo.vendors.running import reference, simulated


def test_the_answers_are_of_the_sdks_shape() -> None:
    with simulated(page_size=1) as simulator, httpx2.Client() as http:
        base = simulator.endpoint("anthropic")
        client = Anthropic(
            api_key="anthropic-administrator-word",
            base_url=base,
            http_client=http,
            max_retries=0,
            _strict_response_validation=True,
        )
        organization = client.organization
        assert organization.retrieve().name == "Example Health Voice"
        workspaces = list(organization.workspaces.list())
        keys = list(organization.external_keys.list())
        issued = list(organization.api_keys.list())
        assert organization.compliance_settings.retrieve().state.type == "disabled"
        of_workspace = Anthropic(
            api_key="anthropic-workspace-word", base_url=base, http_client=http, _strict_response_validation=True
        )
        files = list(of_workspace.files.list())
    assert [one.external_key_id for one in workspaces] == ["ekey_anthropic_gcp", None]
    assert [one.data_residency.allowed_inference_geos for one in workspaces] == [["us"], "unrestricted"]
    assert [(one.attachment.type, one.provider_config.type) for one in keys] == [("attached", "gcp")]
    assert [one.status for one in issued] == ["active", "active", "inactive"]
    assert [one.expires_at is None for one in issued] == [False, True, True]
    assert len(files) == 2


def test_each_cloud_has_its_own_shape() -> None:
    world = reference().anthropic
    assert world is not None
    keys = [
        ExternalKey(id="aws", name="a", age_days=1, arn="arn:aws:kms:us-east-1:1:key/a"),
        ExternalKey(id="azure", name="b", age_days=1, vault="https://v.vault.azure.net", key="k"),
    ]
    with (
        simulated(Vendors(anthropic=world.model_copy(update={"external_keys": keys}))) as simulator,
        httpx2.Client() as http,
    ):
        client = Anthropic(
            api_key="anthropic-administrator-word",
            base_url=simulator.endpoint("anthropic"),
            http_client=http,
            _strict_response_validation=True,
        )
        found = list(client.organization.external_keys.list())
    assert [(one.provider_config.type, one.attachment.type) for one in found] == [
        ("aws", "unattached"),
        ("azure", "unattached"),
    ]
