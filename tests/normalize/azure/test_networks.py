"""Who reaches a service."""

from __future__ import annotations

import pytest

from scanner.model.ids import Json
from scanner.normalize.azure.networks import public

DENY: Json = {"defaultAction": "Deny"}


@pytest.mark.parametrize(
    ("properties", "open_"),
    [
        ({}, True),
        ({"publicNetworkAccess": "Enabled"}, True),
        ({"publicNetworkAccess": "enabled", "networkAcls": {"defaultAction": "Allow"}}, True),
        ({"publicNetworkAccess": "Enabled", "networkAcls": DENY}, False),
        ({"networkAcls": DENY}, False),
        ({"publicNetworkAccess": "Disabled"}, False),
        ({"publicNetworkAccess": "SecuredByPerimeter"}, False),
        ({"publicNetworkAccess": "Sometimes"}, None),
        ({"publicNetworkAccess": 7}, None),
        ({"networkAcls": {}}, None),
        ({"networkAcls": "Deny"}, None),
    ],
)
def test_who_reaches_a_service(properties: dict[str, Json], open_: bool | None) -> None:
    assert public(properties) is open_
