"""What roles allow of keys."""

from __future__ import annotations

import pytest

from scanner.demo.azure.roles import BUILT_IN
from scanner.model.ids import Json
from scanner.normalize.azure.roles import (
    ADMINISTERS,
    MANAGES,
    POLICY_ADMINISTERS,
    POLICY_OTHERS,
    POLICY_USES,
    USES,
    Role,
    read_role,
)

KEYS = "Microsoft.KeyVault/vaults/keys"


def role(kind: str = "BuiltInRole", **lists: Json) -> Role | None:
    return read_role({"roleName": "r", "type": kind, "permissions": [dict(lists)]})


def both(*actions: str, excepted: Json = None) -> tuple[bool, bool]:
    found = role(dataActions=list(actions), notDataActions=excepted)
    assert found is not None
    return found.uses, found.administers


@pytest.mark.parametrize(
    ("actions", "uses", "administers"),
    [
        ([f"{KEYS}/read"], False, False),
        ([f"{KEYS}/wrap/action"], True, False),
        ([f"{KEYS.upper()}/WRAP/ACTION"], True, False),
        ([f"{KEYS}/create/action"], False, True),
        ([f"{KEYS}/*"], True, True),
        (["*"], True, True),
        (["Microsoft.KeyVault/vaults/secrets/*"], False, False),
        (["Microsoft.KeyVault/vaults/key*/write"], False, True),
        # What Microsoft's own role of a user may do beside using is no administration.
        ([f"{KEYS}/update/action", f"{KEYS}/backup/action"], False, False),
    ],
)
def test_data_actions(actions: list[str], uses: bool, administers: bool) -> None:
    assert both(*actions) == (uses, administers)


def test_what_is_excepted_is_not_allowed() -> None:
    assert both(f"{KEYS}/*", excepted=[f"{KEYS}/*/action"]) == (False, True)
    assert both(f"{KEYS}/*", excepted=["*"]) == (False, False)


def test_actions_of_management_are_not_data_actions() -> None:
    owner, contributor = role(actions=["*"]), role(actions=["*"], notActions=["Microsoft.Authorization/*/Write"])
    assert owner is not None
    assert contributor is not None
    assert (owner.uses, owner.administers) == (False, True)
    assert set(owner.actions) - set(contributor.actions) == {"Microsoft.Authorization/roleAssignments/write"}
    reader = role(actions=["*/read"])
    assert reader is not None
    assert reader.actions == ()


def test_where_access_policies_decide_a_role_only_manages() -> None:
    found = role("CustomRole", actions=["*"], dataActions=["*"], notDataActions=["Other/*"])
    assert found is not None
    assert found.uses_not_action
    left = found.of_management()
    assert frozenset(left.actions) == MANAGES
    assert (left.uses, left.administers, left.uses_not_action) == (False, True, False)


@pytest.mark.parametrize(
    ("kind", "lists", "excepts"),
    [
        ("CustomRole", {"dataActions": [f"{KEYS}/*"], "notDataActions": [f"{KEYS}/purge/action"]}, True),
        ("BuiltInRole", {"dataActions": [f"{KEYS}/*"], "notDataActions": [f"{KEYS}/purge/action"]}, False),
        ("CustomRole", {"dataActions": ["Other/*"], "notDataActions": ["Other/x"]}, False),
        ("CustomRole", {"actions": ["*"], "notActions": ["Other/x"]}, False),
    ],
)
def test_all_but_some_is_told_of_who_wrote_it_himself(kind: str, lists: dict[str, Json], excepts: bool) -> None:
    found = role(kind, **lists)
    assert found is not None
    assert found.uses_not_action is excepts


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"roleName": "r"},
        {"roleName": "r", "permissions": {}},
        {"roleName": "r", "permissions": ["*"]},
        {"roleName": "r", "permissions": [{"actions": "*"}]},
        {"roleName": "r", "permissions": [{"dataActions": [7]}]},
        {"permissions": []},
    ],
)
def test_a_role_that_is_not_understood_is_none(body: dict[str, Json] | None) -> None:
    assert read_role(body) is None


BUILT: list[tuple[str, bool, bool]] = [
    ("Reader", False, False),
    ("Owner", False, True),
    ("Contributor", False, True),
    ("User Access Administrator", False, True),
    ("Key Vault Administrator", True, True),
    ("Key Vault Crypto Officer", True, True),
    ("Key Vault Crypto User", True, False),
    ("Key Vault Crypto Service Encryption User", True, False),
    ("Key Vault Reader", False, False),
]


@pytest.mark.parametrize(("name", "uses", "administers"), BUILT)
def test_the_built_in_roles(name: str, uses: bool, administers: bool) -> None:
    one = BUILT_IN[name]
    found = role(
        actions=list(one.actions),
        notActions=list(one.not_actions),
        dataActions=list(one.data_actions),
        notDataActions=[],
    )
    assert found is not None
    assert (found.uses, found.administers) == (uses, administers)


def test_no_action_is_in_two_lists() -> None:
    assert USES.isdisjoint(ADMINISTERS)
    assert (USES | ADMINISTERS).isdisjoint(MANAGES)
    assert POLICY_USES.isdisjoint(POLICY_ADMINISTERS | POLICY_OTHERS)
    assert POLICY_ADMINISTERS.isdisjoint(POLICY_OTHERS)
