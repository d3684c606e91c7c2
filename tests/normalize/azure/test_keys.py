"""Keys and their versions, from answers in the shape of the published examples."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from scanner.model.facts import Fact
from scanner.model.ids import Json
from scanner.model.observation import Record
from scanner.model.spki import of_jwk
from scanner.model.tables import CoverageFact, KeyFact, KeyVersionFact
from scanner.normalize.azure import keys
from scanner.normalize.azure.keys import ATTESTATION, DELETED, GONE, HSM_KEY, KEY, KEYS, ROTATION, VERSIONS, Holder
from tests.normalize.azure import examples
from tests.normalize.azure.builders import listed, missed, observed, unit
from tests.normalize.azure.examples import HSM_ID, KEY_ID, KID, NIL, VAULT_ID

READ_AT = 1781524801  # when the builders' answers were given: 2026-06-15T12:00:01Z
DAY = 86400
NEWEST = "78deebed173b48e48f55abf87ed4cf71"


def item(**attributes: Json) -> dict[str, Json]:
    return {"kid": KID, "attributes": {"enabled": True, "created": 1493942451, **attributes}}


def version(name: str, created: int, **attributes: Json) -> dict[str, Json]:
    return {"kid": f"{KID}/{name}", "attributes": {"enabled": True, "created": created, **attributes}}


def facts(*records: Record, is_hsm: bool = False, several: bool | None = False) -> list[Fact]:
    holder = Holder(unit(*records), HSM_ID if is_hsm else VAULT_ID, NIL, "westus", is_hsm, several)
    found, _ = keys.listed(holder)
    return [fact for key in found.values() for fact in keys.rows(holder, key)]


def one(*records: Record, **given: Any) -> KeyFact:  # noqa: ANN401 - fields of the holder
    (row,) = [fact for fact in facts(*records, **given) if isinstance(fact, KeyFact)]
    return row


def versions(*records: Record, **given: Any) -> list[KeyVersionFact]:  # noqa: ANN401 - as above
    return [fact for fact in facts(*records, **given) if isinstance(fact, KeyVersionFact)]


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


LISTED = listed(KEYS, item())
EXAMPLE: tuple[Record, ...] = (
    LISTED,
    observed(KEY, examples.KEY, subject=KEY_ID),
    listed(VERSIONS, *examples.VERSIONS, subject=KEY_ID),
    observed(ROTATION, examples.ROTATION, subject=KEY_ID),
)


def test_the_published_examples() -> None:
    row = one(*EXAMPLE)
    assert (row.key_id, row.name, row.provider, row.account, row.region) == (
        KEY_ID,
        "CreateSoftKeyTest",
        "azure",
        NIL,
        "westus",
    )
    assert (row.state, row.provider_state, row.managed_by) == ("active", "Enabled", "customer")
    assert (row.provider_spec, row.usage, row.exportable, row.released, row.readable) == (
        "RSA 2048",
        "encrypt,sign",
        False,
        False,
        False,
    )
    assert (row.expires, row.expires_at) == (False, None)
    assert (row.rotation_supported, row.rotation_enabled, row.rotation_period_days) == (True, True, 90)
    assert (row.rotation_count, row.last_rotated_at) == (0, None)
    assert row.created_at == row.material_since == at(1493937851)
    assert row.next_rotation_at == at(1493937851 + 90 * DAY)
    assert row.current_material_id == "7c9dc6775d0e4177827c4f98f482fc12"
    assert row.public_fingerprint == of_jwk(cast("dict[str, Json]", examples.KEY["key"]))
    # What Azure does not tell is not known.
    assert (row.origin, row.ever_exportable, row.ever_used, row.location_count, row.attested) == (None,) * 5
    assert (row.key_store_id, row.multi_region, row.aliases) == ("none", False, ())


def test_a_deleted_key_is_a_row_and_will_go() -> None:
    row = one(listed(DELETED, *examples.DELETED))
    assert (row.key_id, row.state, row.provider_state) == (
        f"{VAULT_ID}/keys/listdeletedkeytest0",
        "deactivated",
        "Deleted",
    )
    assert (row.deletion_scheduled, row.deletion_at) == (True, at(1501714031))
    assert (row.rotation_supported, row.rotation_enabled) == (False, False)
    assert versions(listed(DELETED, *examples.DELETED)) == []


STATES: list[tuple[dict[str, Json], str | None, str | None]] = [
    ({"enabled": True}, "active", "Enabled"),
    ({"enabled": False}, "suspended", "Disabled"),
    ({"enabled": False, "exp": 1}, "suspended", "Disabled"),
    ({"nbf": READ_AT + 60}, "pre_activation", "Enabled"),
    ({"nbf": READ_AT - 60, "exp": READ_AT + 60}, "active", "Enabled"),
    ({"exp": READ_AT}, "deactivated", "Enabled"),
    ({"exp": "tomorrow"}, None, "Enabled"),
    ({"nbf": True}, None, "Enabled"),
    ({"enabled": None}, None, None),
    ({"enabled": "true"}, None, None),
]


@pytest.mark.parametrize(("attributes", "state", "word"), STATES)
def test_a_state_is_that_of_the_instant_it_was_read(
    attributes: dict[str, Json], state: str | None, word: str | None
) -> None:
    row = one(listed(KEYS, item(**attributes)))
    assert (row.state, row.provider_state) == (state, word)


@pytest.mark.parametrize(
    ("expiry", "expires"), [(None, False), (READ_AT, True), ("soon", None), (10**20, None), (True, None)]
)
def test_whether_a_key_ends_by_itself(expiry: Json, expires: bool | None) -> None:
    row = one(listed(KEYS, item(exp=expiry)))
    assert row.expires is expires
    assert (row.expires_at is not None) is (expires is True)


def test_a_listing_without_attributes_tells_no_state() -> None:
    row = one(listed(KEYS, {"kid": KID}))
    assert (row.state, row.expires, row.expires_at, row.deletion_window_days) == (None,) * 4


def test_a_key_that_is_gone_since_the_listing() -> None:
    gone = observed(KEY, {"message": "not found"}, subject=KEY_ID, error=GONE)
    assert (one(LISTED, gone).state, one(LISTED, gone).provider_state) == ("destroyed", "NotFound")
    deleted = listed(DELETED, item())
    assert one(LISTED, gone, deleted).state == "deactivated"


def history(*items: Json, gap: bool = False) -> tuple[Record, ...]:
    more = (missed(VERSIONS, subject=KEY_ID, page=1),) if gap else ()
    return (LISTED, listed(VERSIONS, *items, subject=KEY_ID, last=not gap), *more)


def test_the_newest_enabled_version_is_the_current_one() -> None:
    records = history(version("c", 300, enabled=False), version("a", 100), version("b", 200))
    row = one(*records)
    assert (row.rotation_count, row.current_material_id) == (2, "b")
    assert (row.created_at, row.material_since, row.last_rotated_at) == (at(100), at(200), at(200))
    assert [(v.version_id.rpartition("/")[2], v.material_state, v.rotation_type) for v in versions(*records)] == [
        ("a", "non_current", "none"),
        ("b", "current", None),
        ("c", "non_current", None),
    ]


def test_where_no_version_is_enabled_the_newest_counts() -> None:
    assert one(*history(version("a", 1, enabled=False), version("b", 2, enabled=False))).current_material_id == "b"


@pytest.mark.parametrize(
    "records",
    [
        (LISTED,),
        (LISTED, missed(VERSIONS, subject=KEY_ID)),
        history(version("a", 100), gap=True),
        history(version("a", 100), {"kid": f"{KID}/b"}),
        history({"kid": f"{KID}/b", "attributes": {"created": "then"}}),
        history({"kid": f"{KID}/b", "attributes": 7}),
        history({"kid": "https://kv/secrets/b"}),
        history(),
    ],
)
def test_a_history_that_is_not_whole_says_nothing_of_rotation(records: tuple[Record, ...]) -> None:
    row = one(*records)
    assert (row.rotation_count, row.material_since, row.created_at, row.last_rotated_at) == (None,) * 4
    covered = [fact for fact in facts(*records) if isinstance(fact, CoverageFact)]
    assert [fact.complete for fact in covered] in ([], [False])


def rotating(trigger: Json, expiry: Json = None, action: Json = "rotate", **attributes: Json) -> KeyFact:
    actions: Json = [{"trigger": trigger, "action": {"type": action}}]
    policy: Json = {"lifetimeActions": actions, "attributes": {"expiryTime": expiry}}
    newest = listed(VERSIONS, version("a", READ_AT), subject=KEY_ID)
    return one(listed(KEYS, item(**attributes)), newest, observed(ROTATION, policy, subject=KEY_ID))


def test_a_rotation_before_the_end_of_a_version() -> None:
    row = rotating({"timeBeforeExpiry": "P30D"}, "P1Y", exp=READ_AT + 365 * DAY)
    assert (row.rotation_enabled, row.rotation_period_days) == (True, 335)
    assert row.next_rotation_at == at(READ_AT + 335 * DAY)


@pytest.mark.parametrize(
    ("trigger", "expiry", "period"),
    [({"timeBeforeExpiry": "P30D"}, None, None), ({"timeAfterCreate": "soon"}, None, None), (7, None, None)],
)
def test_a_rotation_whose_period_is_not_known(trigger: Json, expiry: Json, period: int | None) -> None:
    row = rotating(trigger, expiry)
    assert (row.rotation_enabled, row.rotation_period_days, row.next_rotation_at) == (True, period, None)


@pytest.mark.parametrize(("action", "enabled"), [("Notify", False), ("notify", False), (7, None), (None, None)])
def test_a_policy_that_only_notifies_rotates_nothing(action: Json, enabled: bool | None) -> None:
    row = rotating({"timeAfterCreate": "P90D"}, action=action)
    assert (row.rotation_enabled, row.rotation_period_days) == (enabled, None)


def test_a_rotation_without_a_known_beginning_has_no_next_one() -> None:
    row = one(LISTED, observed(ROTATION, examples.ROTATION, subject=KEY_ID))
    assert (row.rotation_enabled, row.next_rotation_at) == (True, None)


@pytest.mark.parametrize(
    ("policy", "enabled"), [({}, False), ({"lifetimeActions": []}, False), ({"lifetimeActions": 7}, None)]
)
def test_a_policy_without_actions(policy: Json, enabled: bool | None) -> None:
    assert one(LISTED, observed(ROTATION, policy, subject=KEY_ID)).rotation_enabled is enabled


def test_a_denied_policy_leaves_rotation_unknown() -> None:
    row = one(LISTED, missed(ROTATION, subject=KEY_ID))
    assert (row.rotation_supported, row.rotation_enabled) == (True, None)


def test_a_key_of_a_certificate_does_not_rotate_by_itself() -> None:
    row = one(listed(KEYS, {**item(), "managed": True}))
    assert (row.rotation_supported, row.rotation_enabled) == (False, False)


def described(**more: Json) -> tuple[Record, ...]:
    attributes = more.pop("attributes", {})
    return LISTED, observed(KEY, {**examples.KEY, "attributes": attributes, **more}, subject=KEY_ID)


@pytest.mark.parametrize(
    ("attributes", "policy", "exportable", "released"),
    [
        ({}, None, False, False),
        ({"exportable": False}, None, False, False),
        ({"exportable": True}, {"data": "[redacted]"}, True, True),
        ({"exportable": False}, {"data": ""}, False, False),
        ({"exportable": "yes"}, None, None, False),
        ({"exportable": "yes"}, {}, None, None),
    ],
)
def test_whether_material_leaves(
    attributes: Json, policy: Json, exportable: bool | None, released: bool | None
) -> None:
    row = one(*described(attributes=attributes, release_policy=policy))
    assert (row.exportable, row.released) == (exportable, released)


def test_an_answer_about_another_key_tells_no_shape() -> None:
    row = one(*described(key={"kid": "https://kv.vault.azure.net/keys/other/1", "kty": "RSA"}))
    assert (row.algorithm, row.provider_spec) == (None, None)


def test_what_was_not_described_is_not_known() -> None:
    row = one(LISTED, missed(KEY, subject=KEY_ID))
    assert (row.exportable, row.released, row.algorithm, row.attested) == (None, None, None, None)


HSM_KEY_ID = f"{HSM_ID}/keys/CreateSoftKeyTest"


@pytest.mark.parametrize(
    ("attributes", "attested"),
    [({"attestation": {"privateKeyAttestation": "blob"}}, True), ({"attestation": {}}, False), ({}, False)],
)
def test_a_statement_of_a_managed_hsm(attributes: Json, attested: bool) -> None:
    records = (
        LISTED,
        observed(KEY, examples.KEY, subject=HSM_KEY_ID),
        observed(ATTESTATION, {"attributes": attributes}, subject=HSM_KEY_ID),
        listed(VERSIONS, version(NEWEST, 2), version("older", 1), subject=HSM_KEY_ID),
    )
    assert one(*records, is_hsm=True).attested is attested
    assert [v.attested for v in versions(*records, is_hsm=True)] == [None, attested]


def test_the_length_of_a_symmetric_key_is_told_elsewhere() -> None:
    jwk: Json = {"key": {"kid": f"{KID}/1", "kty": "oct-HSM", "key_ops": ["wrapKey"]}, "attributes": {}}
    size = observed(HSM_KEY, {"properties": {"keySize": 256}}, subject=HSM_KEY_ID)
    row = one(LISTED, observed(KEY, jwk, subject=HSM_KEY_ID), size, is_hsm=True)
    assert (row.provider_spec, row.key_type) == ("oct-HSM 256", "symmetric_key_wrapping")


@pytest.mark.parametrize(("several", "role"), [(False, "none"), (True, None), (None, None)])
def test_a_managed_hsm_in_several_regions(several: bool | None, role: str | None) -> None:
    row = one(LISTED, is_hsm=True, several=several)
    assert (row.multi_region, row.multi_region_role, row.primary_key_id) == (several, role, role)


@pytest.mark.parametrize(
    ("attributes", "is_hsm", "word"),
    [
        ({"hsmPlatform": "2"}, False, "2"),
        ({}, False, None),
        ({"hsmPlatform": 2}, True, None),
        ({}, True, "none"),
        ({"hsmPlatform": "2"}, True, "2"),
    ],
)
def test_the_platform_of_a_version(attributes: dict[str, Json], is_hsm: bool, word: str | None) -> None:
    place = HSM_KEY_ID if is_hsm else KEY_ID
    (row,) = versions(LISTED, listed(VERSIONS, version("a", 1, **attributes), subject=place), is_hsm=is_hsm)
    assert row.hsm_platform == word


def test_the_platform_of_a_version_without_attributes() -> None:
    assert keys.platform(None, is_hsm=True) is None


@pytest.mark.parametrize(
    ("tags", "pairs", "names"),
    [
        (None, (), ()),
        ({"b": "2", "a": ""}, ("a=", "b=2"), ("b",)),
        ({"a": 7}, None, None),
        (["a"], None, None),
    ],
)
def test_tags(tags: Json, pairs: tuple[str, ...] | None, names: tuple[str, ...] | None) -> None:
    row = one(listed(KEYS, {**item(), "tags": tags}))
    assert (row.tags, row.tag_keys) == (pairs, names)


def test_what_is_listed_but_no_key_leaves_the_listing_not_whole() -> None:
    holder = Holder(unit(listed(KEYS, {"kid": "https://kv/secrets/a"})), VAULT_ID, NIL, "westus", is_hsm=False)
    assert keys.listed(holder) == ({}, False)


@pytest.mark.parametrize("operation", keys.NAMED_ELSEWHERE)
def test_a_key_that_only_resource_manager_names(operation: str) -> None:
    # keyvault/resource-manager/Microsoft.KeyVault/stable/2023-07-01, Keys_List
    named: Json = {
        "id": f"{VAULT_ID}/keys/behind",
        "name": "behind",
        "properties": {
            "attributes": {"enabled": True, "exp": READ_AT - 1},
            "keyUri": "https://kv.vault.azure.net/keys/behind",
        },
    }
    records = (missed(KEYS), listed(operation, named))
    row = one(*records)
    assert (row.key_id, row.name, row.state, row.expires) == (f"{VAULT_ID}/keys/behind", "behind", "deactivated", True)
    assert (row.algorithm, row.rotation_count, row.exportable) == (None, None, None)
    assert (row.rotation_supported, row.rotation_enabled) == (None, None)
    holder = Holder(unit(*records), VAULT_ID, NIL, "westus", is_hsm=False)
    assert keys.listed(holder)[1] is False  # the vault itself may know of more


def test_what_the_vault_tells_goes_before_what_resource_manager_tells() -> None:
    named: Json = {"id": KEY_ID, "properties": {"attributes": {"enabled": False}}}
    assert one(LISTED, listed(keys.NAMED_ELSEWHERE[0], named)).state == "active"
