"""Cloud KMS answers to rows: answers in the shape of the published REST reference, gaps, pages, any order."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.ids import Json
from scanner.model.modules import ModuleFact
from scanner.model.spki import of_pem
from scanner.model.tables import CoverageFact, KeyFact, KeyPolicyFact, KeyStoreFact, KeyVersionFact
from scanner.normalize.gcp.kms import PUBLIC, normalize
from tests.normalize.builders import PROPERTY, rows
from tests.normalize.gcp.answers import (
    CRYPTO_KEY,
    KEY,
    KEYS,
    PLACE,
    RING,
    RINGS,
    SOURCE,
    VERSION,
    changed,
    key_records,
    missed,
    observed,
    of_gcp,
    policies,
)

HSM = {"protectionLevel": "HSM", "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"}
SOFTWARE = {**HSM, "protectionLevel": "SOFTWARE"}


def key(**fields: Json) -> KeyFact:
    """Return the row of the published key, with other fields."""
    (row,) = rows(list(normalize(key_records(VERSION, key=changed(CRYPTO_KEY, **fields)))), KeyFact)
    assert isinstance(row, KeyFact)
    return row


PEM = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjlM7+T2xGvvOg6H0wIy8XDX8zFpNlxNYyVJLTnH3LHPbgIQUKfTQlaTHfyqk
-----END PUBLIC KEY-----
"""
SIGNING = changed(VERSION, algorithm="EC_SIGN_P256_SHA256")


@pytest.mark.parametrize(
    ("purpose", "told", "known"),
    [
        ("ASYMMETRIC_SIGN", {"name": VERSION["name"], "pem": PEM}, True),
        ("ASYMMETRIC_SIGN", {"name": f"{VERSION['name']}9", "pem": PEM}, False),
        ("ASYMMETRIC_SIGN", {"name": VERSION["name"], "pem": "[redacted]"}, False),
        ("ASYMMETRIC_SIGN", {"name": VERSION["name"]}, False),
        ("ASYMMETRIC_SIGN", None, False),
    ],
)
def test_the_public_half_is_that_of_the_version_that_counts(purpose: str, told: Json, known: bool) -> None:
    body = {name: value for name, value in changed(CRYPTO_KEY, purpose=purpose).items() if name != "primary"}
    also = of_gcp(observed(PUBLIC, told, subject=KEY)) if told is not None else ()
    (row,) = rows(list(normalize(key_records(SIGNING, key=body, also=tuple(also)))), KeyFact)
    assert row.public_fingerprint == (of_pem(PEM) if known else None)
    assert of_pem(PEM) is not None


def test_a_symmetric_key_has_no_public_half() -> None:
    assert {key(purpose=one).public_fingerprint for one in ("ENCRYPT_DECRYPT", "MAC", "AES_WRAPPING")} == {"none"}
    assert key(purpose="SURPRISE").public_fingerprint is None


def test_the_published_example_of_a_key() -> None:
    row = key()
    assert (row.key_id, row.provider, row.account, row.region) == (KEY, "gcp", "example-voice", "us-east1")
    assert (row.name, row.aliases, row.managed_by) == ("tenants", (), "customer")
    assert (row.key_type, row.algorithm, row.length_bits, row.usage) == (
        "symmetric_key_wrapping",
        "AES",
        256,
        "encrypt",
    )
    assert (row.state, row.provider_state, row.origin) == ("active", "ENABLED", "provider")
    assert (row.exportable, row.ever_exportable, row.readable, row.released) == (False,) * 4
    assert (row.key_store_id, row.external_key_ref, row.attested) == ("none", "none", True)
    assert row.created_at == datetime(2025, 12, 1, 10, 0, 0, 123456)  # noqa: DTZ001 - as DuckDB keeps it
    assert row.material_since == datetime(2025, 12, 1, 10, 0, 1, 500000)  # noqa: DTZ001 - as above
    assert (row.rotation_supported, row.rotation_enabled, row.rotation_period_days) == (True, True, 90)
    assert row.next_rotation_at == datetime(2026, 8, 28, 10)  # noqa: DTZ001 - as above
    assert (row.rotation_count, row.last_rotated_at) == (0, None)
    assert (row.expires, row.deletion_scheduled, row.deletion_at, row.deletion_window_days) == (False, False, None, 30)
    assert (row.multi_region, row.multi_region_role, row.primary_key_id, row.location_count) == (
        False,
        "none",
        "none",
        1,
    )
    assert (row.tags, row.tag_keys) == (("empty=", "owner=platform"), ("owner",))
    assert row.current_material_id == f"{KEY}/cryptoKeyVersions/1"
    assert row.ever_used is None


@pytest.mark.parametrize(
    ("fields", "supported", "enabled", "days"),
    [
        ({"rotationPeriod": None, "nextRotationTime": None}, True, False, None),
        ({"rotationPeriod": "7776001s"}, True, True, 91),
        ({"rotationPeriod": "3600s"}, True, True, 1),
        ({"rotationPeriod": "surprise"}, True, None, None),
        ({"importOnly": True}, False, False, None),
        ({"purpose": "RAW_ENCRYPT_DECRYPT"}, False, False, None),
        ({"versionTemplate": {"protectionLevel": "EXTERNAL"}}, False, False, None),
        ({"purpose": None}, None, None, None),
        ({"versionTemplate": None}, None, None, None),
        ({"versionTemplate": {"protectionLevel": "SURPRISE"}}, None, None, None),
    ],
)
def test_rotation(fields: dict[str, Json], supported: bool | None, enabled: bool | None, days: int | None) -> None:
    row = key(**fields)
    assert (row.rotation_supported, row.rotation_enabled, row.rotation_period_days) == (supported, enabled, days)
    assert (row.next_rotation_at is not None) is (enabled is True)


@pytest.mark.parametrize(
    ("fields", "origin", "ever"),
    [
        ({}, "provider", False),
        ({"importOnly": True}, "imported", True),
        ({"primary": {**VERSION, "importJob": f"{RING}/importJobs/j"}}, "imported", True),
        ({"primary": {**VERSION, "importJob": 7}}, None, None),
        ({"versionTemplate": {"protectionLevel": "EXTERNAL_VPC"}}, "external_store", None),
        ({"versionTemplate": {"protectionLevel": "SURPRISE"}}, None, None),
    ],
)
def test_where_the_material_is_from(fields: dict[str, Json], origin: str | None, ever: bool | None) -> None:
    row = key(**fields)
    assert (row.origin, row.ever_exportable) == (origin, ever)


def test_a_key_without_a_version_has_no_material_yet() -> None:
    body = changed(CRYPTO_KEY, primary=None)
    (row,) = rows(list(normalize(key_records(key=body))), KeyFact)
    assert (row.state, row.provider_state, row.origin, row.attested) == ("pre_activation", "none", None, False)
    assert (row.rotation_count, row.material_since, row.current_material_id) == (0, None, None)


EXTERNAL = {"externalKeyUri": "https://ekm.example.com/v0/keys/1"}


@pytest.mark.parametrize(
    ("fields", "store", "ref"),
    [
        (
            {
                "versionTemplate": {"protectionLevel": "EXTERNAL"},
                "primary": {**VERSION, "externalProtectionLevelOptions": EXTERNAL},
            },
            "https://ekm.example.com",
            EXTERNAL["externalKeyUri"],
        ),
        ({"versionTemplate": {"protectionLevel": "EXTERNAL"}}, None, None),
        (
            {
                "versionTemplate": {"protectionLevel": "EXTERNAL"},
                "primary": {**VERSION, "externalProtectionLevelOptions": {"externalKeyUri": "https://[ekm"}},
            },
            None,
            "https://[ekm",
        ),
        (
            {
                "versionTemplate": {"protectionLevel": "EXTERNAL_VPC"},
                "cryptoKeyBackend": f"{PLACE}/ekmConnections/a",
                "primary": {**VERSION, "externalProtectionLevelOptions": {"ekmConnectionKeyPath": "v0/a"}},
            },
            f"{PLACE}/ekmConnections/a",
            "v0/a",
        ),
        ({"versionTemplate": {"protectionLevel": "EXTERNAL_VPC"}}, None, None),
        ({"versionTemplate": {"protectionLevel": "HSM_SINGLE_TENANT"}, "cryptoKeyBackend": "i"}, "i", "none"),
        ({"versionTemplate": {"protectionLevel": "SURPRISE"}}, None, None),
    ],
)
def test_who_else_holds_it(fields: dict[str, Json], store: str | None, ref: str | None) -> None:
    row = key(**fields)
    assert (row.key_store_id, row.external_key_ref) == (store, ref)


def test_what_an_external_manager_does_is_not_known() -> None:
    row = key(
        versionTemplate={"protectionLevel": "EXTERNAL", "algorithm": "EXTERNAL_SYMMETRIC_ENCRYPTION"}, primary=None
    )
    assert (row.exportable, row.readable, row.released, row.expires) == (None, None, None, False)


@pytest.mark.parametrize("primary", [{}, {"state": "ENABLED"}, "surprise", 7])
def test_a_primary_version_that_is_not_understood_is_not_known(primary: Json) -> None:
    row = key(primary=primary)
    assert (row.state, row.rotation_count, row.current_material_id) == (*(None, None, None),)
    assert row.provider_state is None


def test_a_key_that_is_going() -> None:
    row = key(primary={**VERSION, "state": "DESTROY_SCHEDULED", "destroyTime": "2026-07-01T00:00:00Z"})
    assert (row.state, row.deletion_scheduled) == ("deactivated", True)
    assert row.deletion_at == datetime(2026, 7, 1)  # noqa: DTZ001 - as above
    row = key(primary={**VERSION, "state": "SURPRISE"})
    assert (row.state, row.deletion_scheduled, row.deletion_at) == (None, None, None)


@pytest.mark.parametrize(
    ("duration", "days"), [("86400s", 1), ("129600s", 1), ("3600s", None), (None, None), ("surprise", None)]
)
def test_the_window_before_a_destruction(duration: str | None, days: int | None) -> None:
    assert key(destroyScheduledDuration=duration).deletion_window_days == days


@pytest.mark.parametrize("labels", ["surprise", {"owner": 7}])
def test_labels_of_another_shape_are_not_known(labels: Json) -> None:
    row = key(labels=labels)
    assert (row.tags, row.tag_keys) == (None, None)


def test_a_key_without_labels_has_none() -> None:
    assert key(labels=None).tags == ()


@pytest.mark.parametrize(
    ("region", "single"),
    [("us-east1", True), ("europe-west12", True), ("us", False), ("eur4", False), ("global", False)],
)
def test_a_location_of_several_places(region: str, single: bool) -> None:
    place = f"projects/example-voice/locations/{region}"
    ring, name = f"{place}/keyRings/r", f"{place}/keyRings/r/cryptoKeys/k"
    records = of_gcp(
        observed(RINGS, {"keyRings": [{"name": ring}]}, subject=place),
        observed(KEYS, {"cryptoKeys": [changed(CRYPTO_KEY, name=name)]}, subject=ring),
        region=region,
    )
    (row,) = rows(list(normalize(records)), KeyFact)
    assert (row.multi_region, row.location_count) == (not single, 1 if single else None)
    # Its versions were not asked.
    assert rows(list(normalize(records)), KeyVersionFact) == []
    assert row.rotation_count is None


def test_every_protection_level_here_is_a_module() -> None:
    listed: list[Json] = [
        changed(CRYPTO_KEY, name=f"{RING}/cryptoKeys/{level}", versionTemplate={"protectionLevel": level})
        for level in ("HSM", "SOFTWARE", "EXTERNAL", "HSM_SINGLE_TENANT")
    ]
    records = of_gcp(
        observed(RINGS, {"keyRings": [{"name": RING}]}, subject=PLACE),
        observed(KEYS, {"cryptoKeys": listed}, subject=RING),
    )
    facts = list(normalize(records))
    found = {row.module_id: row for row in rows(facts, ModuleFact)}
    assert {name: (row.product, row.embodiment) for name, row in found.items()} == {
        f"{SOURCE}:hsm": ("google-cloud-hsm", "hardware"),
        f"{SOURCE}:software": ("boringcrypto", "software"),
        f"{SOURCE}:hsm_single_tenant": (None, "hardware"),
    }
    assert found[f"{SOURCE}:hsm"].name == "Cloud HSM us-east1"
    assert all(row.kind == "key_service" and row.certificate_required for row in found.values())
    covered = [row for row in rows(facts, CoverageFact) if row.listed_table == "modules"]
    assert [(row.complete, row.row_count) for row in covered] == [(True, 3)]


def test_a_protection_level_that_nobody_knows_leaves_the_modules_open() -> None:
    facts = list(normalize(key_records(VERSION, key=changed(CRYPTO_KEY, versionTemplate={}))))
    assert rows(facts, ModuleFact) == []
    (covered,) = [row for row in rows(facts, CoverageFact) if row.listed_table == "modules"]
    assert not covered.complete


def test_an_empty_location_is_covered_and_has_no_module() -> None:
    facts = list(normalize(of_gcp(observed(RINGS, {}, subject=PLACE))))
    assert {(row.listed_table, row.complete, row.row_count) for row in rows(facts, CoverageFact)} == {
        ("keys", True, 0),
        ("key_policies", True, 0),
        ("modules", True, 0),
    }
    assert rows(facts, KeyFact) == []


def test_a_key_ring_that_was_denied_leaves_the_keys_open() -> None:
    records = of_gcp(
        observed(RINGS, {"keyRings": [{"name": RING}, {"name": f"{RING}-2"}]}, subject=PLACE),
        observed(KEYS, {"cryptoKeys": [CRYPTO_KEY]}, subject=RING),
        missed(KEYS, subject=f"{RING}-2"),
    )
    facts = list(normalize(records))
    covered = {row.listed_table: row.complete for row in rows(facts, CoverageFact) if row.parent_id == SOURCE}
    assert covered == {"keys": False, "key_policies": False, "modules": False}
    assert len(rows(facts, KeyFact)) == 1


def test_nothing_of_nothing() -> None:
    assert list(normalize([])) == []


def test_a_key_has_no_grants_and_that_is_known() -> None:
    (covered,) = [
        row for row in rows(list(normalize(key_records(VERSION))), CoverageFact) if row.listed_table == "key_grants"
    ]
    assert (covered.parent_id, covered.complete, covered.row_count) == (KEY, True, 0)


def test_the_policy_is_the_keys_own() -> None:
    facts = list(normalize(key_records(VERSION, also=policies())))
    (row,) = rows(facts, KeyPolicyFact)
    assert (row.key_id, row.name, row.public) == (KEY, "tenants", False)
    assert rows(facts, KeyStoreFact) == []


@PROPERTY
@given(st.integers(0, 2**32))
def test_the_order_of_arrival_does_not_matter(seed: int) -> None:
    records = key_records(VERSION, changed(VERSION, name=f"{KEY}/cryptoKeyVersions/2"), also=policies())
    mixed = list(records)
    random.Random(seed).shuffle(mixed)  # noqa: S311 - no secret
    assert list(normalize(mixed)) == list(normalize(records))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@PROPERTY
@given(st.sampled_from(sorted(CRYPTO_KEY)), _JSON)
def test_a_field_of_any_type_breaks_nothing(field: str, value: Json) -> None:
    body = {**CRYPTO_KEY, field: value}
    facts = list(normalize(key_records(VERSION, key=body)))
    assert any(isinstance(fact, CoverageFact) for fact in facts)


@PROPERTY
@given(st.sampled_from(sorted({*VERSION, "importJob", "destroyTime", "externalProtectionLevelOptions"})), _JSON)
def test_a_field_of_a_version_of_any_type_breaks_nothing(field: str, value: Json) -> None:
    version = {**VERSION, field: value}
    facts = list(normalize(key_records(version, key=changed(CRYPTO_KEY, primary=version))))
    assert len(rows(facts, KeyFact)) == 1
