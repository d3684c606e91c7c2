"""What roles allow: the table of Google's own, and what was asked."""

from __future__ import annotations

import pytest

from scanner.model.ids import Json
from scanner.normalize.gcp.roles import ADMINISTERS, KNOWN, OVER_PROJECT, USES, allowed
from scanner.normalize.records import Records
from tests.normalize.gcp.answers import missed, observed, of_gcp

OWN = "projects/example-voice/roles/own"
ASK = "iam:roles.get"


def unit(body: Json = None, error: str = "") -> Records:
    return Records(of_gcp(observed(ASK, body, subject=OWN, error=error)))


@pytest.mark.parametrize(
    ("role", "administers", "uses"),
    [
        ("roles/cloudkms.admin", True, False),
        ("roles/cloudkms.cryptoKeyEncrypterDecrypter", False, True),
        ("roles/cloudkms.cryptoKeyDecrypterViaDelegation", False, False),
        ("roles/cloudkms.cryptoOperator", False, True),
        ("roles/cloudkms.signer", False, True),
        ("roles/cloudkms.viewer", False, False),
        ("roles/cloudkms.importer", False, False),
        ("roles/owner", True, True),
        ("roles/editor", True, False),
        ("roles/viewer", False, False),
        ("roles/iam.securityAdmin", True, False),
    ],
)
def test_googles_own_roles(role: str, administers: bool, uses: bool) -> None:
    found = allowed(Records([]), role, of_project=True)
    assert found is not None
    assert (not ADMINISTERS.isdisjoint(found), not USES.isdisjoint(found)) == (administers, uses)
    assert all(one.startswith("cloudkms.") or one == OVER_PROJECT for one in KNOWN[role])


def test_a_right_over_the_project_counts_where_the_role_is_bound_to_it() -> None:
    body: Json = {"name": OWN, "includedPermissions": [OVER_PROJECT, "storage.buckets.get"], "stage": "GA"}
    assert allowed(unit(body), OWN, of_project=True) == (OVER_PROJECT,)
    assert allowed(unit(body), OWN, of_project=False) == ()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"name": OWN, "includedPermissions": ["cloudkms.keyRings.get", "a.b.c"]}, ("cloudkms.keyRings.get",)),
        ({"name": OWN}, ()),
        ({"name": OWN, "includedPermissions": ["cloudkms.keyRings.get"], "deleted": True}, ()),
        ({"name": OWN, "includedPermissions": ["cloudkms.keyRings.get"], "stage": "DISABLED"}, ()),
        ({"name": OWN, "includedPermissions": "surprise"}, None),
        ({"name": "roles/other", "includedPermissions": []}, None),
        ("surprise", None),
        (None, None),
    ],
)
def test_a_role_that_was_asked(body: Json, found: tuple[str, ...] | None) -> None:
    assert allowed(unit(body), OWN, of_project=False) == found


def test_a_role_that_is_gone_allows_nothing_and_one_that_was_denied_is_not_known() -> None:
    assert allowed(unit({"message": "no"}, error="NOT_FOUND"), OWN, of_project=False) == ()
    assert allowed(Records(of_gcp(missed(ASK, subject=OWN))), OWN, of_project=False) is None
