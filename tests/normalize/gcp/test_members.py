"""Members of IAM policies: who is who, and of which project."""

from __future__ import annotations

import pytest

from scanner.normalize.gcp.members import member

NUMBER = "100000000001"


@pytest.mark.parametrize(
    ("name", "kind", "account", "foreign"),
    [
        ("allUsers", "any", "none", False),
        ("allAuthenticatedUsers", "any", "none", False),
        ("user:ann@example.com", "user", "none", False),
        ("group:admins@example.com", "other", "none", False),
        ("domain:example.com", "organization", "none", False),
        ("principalSet://cloudresourcemanager.googleapis.com/organizations/1", "organization", "none", False),
        (
            "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*",
            "federated",
            "none",
            False,
        ),
        ("principal://iam.googleapis.com/locations/global/workforcePools/p/subject/s", "federated", "none", False),
        ("projectOwner:example-voice", "account", "none", False),
        ("surprise", None, "none", False),
        ("serviceAccount:app@example-voice.iam.gserviceaccount.com", "role", "example-voice", False),
        ("serviceAccount:app@example-lab.iam.gserviceaccount.com", "role", "example-lab", True),
        ("serviceAccount:example-voice@appspot.gserviceaccount.com", "role", "example-voice", False),
        (f"serviceAccount:service-{NUMBER}@gcp-sa-logging.iam.gserviceaccount.com", "service", "example-voice", False),
        ("serviceAccount:service-2@gs-project-accounts.iam.gserviceaccount.com", "service", "2", True),
        (f"serviceAccount:{NUMBER}-compute@developer.gserviceaccount.com", "role", "example-voice", False),
        ("serviceAccount:2@cloudservices.gserviceaccount.com", "service", "2", True),
        ("serviceAccount:somebody@example.com", "role", None, None),
        ("serviceAccount://iam.googleapis.com/x", None, "none", False),
    ],
)
def test_who_a_member_is(name: str, kind: str | None, account: str | None, foreign: bool | None) -> None:
    found = member(name, "example-voice", NUMBER)
    assert (found.kind, found.account, found.foreign, found.gone) == (kind, account, foreign, False)
    assert found.is_service is (kind == "service")


def test_without_the_projects_number_an_agents_project_is_not_known() -> None:
    found = member("serviceAccount:service-2@gcp-sa-logging.iam.gserviceaccount.com", "example-voice", None)
    assert (found.kind, found.account, found.foreign) == ("service", None, None)


def test_a_project_below_a_domain() -> None:
    found = member("serviceAccount:app@voice.example.com.iam.gserviceaccount.com", "example.com:voice", NUMBER)
    assert (found.account, found.foreign) == ("example.com:voice", False)


def test_who_was_deleted_is_gone() -> None:
    found = member("deleted:user:ann@example.com?uid=123", "example-voice", NUMBER)
    assert (found.kind, found.gone) == ("other", True)
