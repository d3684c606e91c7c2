"""The simulated Deepgram, in the shapes of its own SDK's models."""

from __future__ import annotations

from typing import Any

import httpx
from deepgram.types.get_project_v1response import GetProjectV1Response
from deepgram.types.list_project_keys_v1response_api_keys_item_api_key import ListProjectKeysV1ResponseApiKeysItemApiKey
from deepgram.types.project_request_response import ProjectRequestResponse

from tests.demo.vendors.running import simulated


def test_the_answers_have_the_names_of_the_sdks_models() -> None:
    key = {"Authorization": "Token deepgram-administrator-word"}
    with simulated() as simulator, httpx.Client(base_url=simulator.endpoint("deepgram"), headers=key) as client:

        def read(path: str) -> Any:  # noqa: ANN401 - JSON
            return client.get(path).raise_for_status().json()

        first, second = read("/v1/projects")["projects"]
        assert second["name"] == "pilot"
        base = f"/v1/projects/{first['project_id']}"
        assert read(base).keys() == set(GetProjectV1Response.model_fields)
        issued = [one["api_key"] for one in read(f"{base}/keys")["api_keys"]]
        # The model leaves out the end of a key, which the documentation of the API has.
        assert set(ListProjectKeysV1ResponseApiKeysItemApiKey.model_fields) == issued[0].keys() - {"expiration_date"}
        assert [one["expiration_date"] for one in issued] == ["2026-07-15T12:00:00Z", None]
        log = read(f"{base}/requests?limit=1&page=1")
        assert log["requests"][0].keys() <= set(ProjectRequestResponse.model_fields)
        assert [one["created"] for one in log["requests"]] == ["2026-06-14T12:00:00Z"]
        assert [one["scopes"] for one in read(f"{base}/members")["members"]] == [["owner"], ["member"]]
        assert client.get("/v1/projects/none/keys").status_code == 404
