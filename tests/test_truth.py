"""The truth set: kinds of keys of which peers say something false, and what a scan must say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.demo.world import Store
from scanner.evaluate.load import load_catalogue
from scanner.resources import controls_dir
from tests.support import ACCOUNT, REGION, Scan, a_key, a_world, estate_text, of_keys, scan, simulated

STORES = (
    Store(name="hsm", account=ACCOUNT, region=REGION, kind="AWS_CLOUDHSM", age_days=500),
    Store(name="xks", account=ACCOUNT, region=REGION, kind="EXTERNAL_KEY_STORE", age_days=500),
)
OVER_KEYS = [
    str(c.id)
    for c in load_catalogue(controls_dir()).controls
    if c.table in {"keys", "key_policies"} and c.id in of_keys()
]
OFF = None
DENIED_STATUS = ["kms:GetKeyRotationStatus"]
KEYS = (
    (a_key("on"), {"KM-ROT-04": "pass", "KM-ROT-05": "not_applicable"}),
    (a_key("off", rotation=OFF), {"KM-ROT-04": "fail"}),
    (a_key("off-old", rotation=OFF, age_days=800), {"KM-ROT-04": "fail", "KM-ROT-03": "fail"}),
    (a_key("rotated-lately", age_days=800, rotated_days_ago=[70, 435]), {"KM-ROT-03": "pass", "KM-ROT-04": "pass"}),
    (a_key("imported", origin="EXTERNAL", rotation=OFF), {"KM-ROT-04": "not_applicable", "KM-ROT-05": "pass"}),
    (
        a_key("imported-old", origin="EXTERNAL", rotation=OFF, age_days=900),
        {"KM-ROT-04": "not_applicable", "KM-ROT-05": "fail"},
    ),
    (
        a_key("imported-rotated", origin="EXTERNAL", rotation=OFF, age_days=900, rotated_days_ago=[10]),
        {"KM-ROT-04": "not_applicable", "KM-ROT-05": "pass", "KM-ROT-03": "pass"},
    ),
    (
        a_key("cloudhsm", origin="AWS_CLOUDHSM", store="hsm", rotation=OFF),
        {"KM-ROT-04": "not_applicable", "KM-ROT-05": "pass", "KM-GEN-02": "pass"},
    ),
    (
        a_key("external", origin="EXTERNAL_KEY_STORE", store="xks", rotation=OFF),
        {"KM-ROT-04": "not_applicable", "KM-ROT-05": "pass", "KM-GEN-02": "unknown"},
    ),
    (
        a_key("signing", spec="ECC_NIST_P256", usage="SIGN_VERIFY", rotation=OFF),
        {"KM-ROT-04": "not_applicable", "KM-ROT-03": "not_applicable", "KM-ROT-08": "pass"},
    ),
    (
        a_key("mac", spec="HMAC_256", usage="GENERATE_VERIFY_MAC", rotation=OFF, age_days=800),
        {"KM-ROT-04": "not_applicable", "KM-ROT-09": "fail"},
    ),
    (a_key("disabled", state="Disabled", rotation=OFF), {"KM-ROT-04": "not_applicable"}),
    (a_key("going", state="PendingDeletion", deleted_in_days=5, rotation=OFF), {"KM-ROT-04": "not_applicable"}),
    (a_key("provider", manager="AWS", rotation=OFF, age_days=900), {"KM-ROT-04": "not_applicable"}),
    (a_key("status-denied", denied=DENIED_STATUS), {"KM-ROT-04": "unknown", "KM-ROT-03": "pass"}),
    (
        a_key("described-never", denied=["kms:DescribeKey"]),
        {"KM-ROT-04": "unknown", "KM-ROT-03": "unknown", "KM-ACC-01": "unknown", "KM-GEN-02": "unknown"},
    ),
    (a_key("policy-denied", denied=["kms:GetKeyPolicy"]), {"KM-ACC-01": "unknown", "KM-ROT-04": "pass"}),
    (
        a_key("imported-status-denied", origin="EXTERNAL", rotation=OFF, denied=DENIED_STATUS),
        {"KM-ROT-04": "not_applicable", "KM-ROT-05": "pass"},
    ),
    (
        a_key("primary", replicated_to=["us-west-2"], rotation=OFF, age_days=1000),
        {"KM-ROT-03": "fail", "KM-ROT-04": "fail"},
    ),
)
EXPECTED = [(key, control, verdict) for key, verdicts in KEYS for control, verdict in verdicts.items()]


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scan]:
    with simulated(a_world(*(key for key, _ in KEYS), stores=STORES), page_size=4) as aws:
        yield scan(tmp_path_factory.mktemp("truth"), estate_text(aws.url))


@pytest.mark.parametrize(("key", "control", "verdict"), EXPECTED, ids=[f"{k.alias}-{c}" for k, c, _ in EXPECTED])
def test_the_verdict_is_true(truth: Scan, key: object, control: str, verdict: str) -> None:
    assert truth.verdict(control, str(getattr(key, "arn"))) == verdict  # noqa: B009 - pytest passes an object


def test_no_key_is_dropped(truth: Scan) -> None:
    assert truth.query("SELECT count(*) FROM keys") == [(len(KEYS),)]
    per_control = truth.query(
        "SELECT control_id, count(*) FROM verdicts WHERE subject LIKE 'arn:%' AND control_id IN "
        f"({', '.join(repr(one) for one in OVER_KEYS)}) GROUP BY 1"
    )
    assert len(per_control) == len(OVER_KEYS)
    assert {count for _, count in per_control} == {len(KEYS)}


def test_a_replica_is_as_old_as_the_material_that_it_copies(tmp_path: Path) -> None:
    primary = a_key("primary", replicated_to=["us-west-2"], age_days=700)
    replica = a_key("replica", replica_of="primary", replicated_to=["us-west-2"], region="us-west-2", age_days=5)
    both = "[us-east-1, us-west-2]"
    with simulated(a_world(primary, replica)) as aws:
        result = scan(tmp_path / "both", estate_text(aws.url, regions=both, policy="{kek_max_days: 365}"))
        alone = scan(tmp_path / "one", estate_text(aws.url, regions="[us-west-2]", policy="{kek_max_days: 365}"))
    assert result.verdict("KM-ROT-03", replica.arn) == "fail"
    # Without the primary nobody knows how old the material is.
    assert alone.verdict("KM-ROT-03", replica.arn) == "unknown"
