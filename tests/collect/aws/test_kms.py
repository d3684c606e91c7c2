"""AWS KMS: what is asked of which key, and what a broken answer does: nothing more than a gap."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.aws.kms import NO_PUBLIC, OPERATIONS
from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.aws.simulator import ENVIRON
from scanner.demo.embedded import environment
from scanner.demo.world import Key, Store
from scanner.model.observation import GapReason
from tests.collect.aws.running import IDENTITY, Collected, a_source, collect, received
from tests.collect.aws.servers import Answer, Request, serving
from tests.support import ACCOUNT, REGION, a_key, a_world, grant, simulated

HSM = Store(name="hsm", account=ACCOUNT, region=REGION, kind="AWS_CLOUDHSM", age_days=10)
XKS = Store(name="xks", account=ACCOUNT, region=REGION, kind="EXTERNAL_KEY_STORE", age_days=10)
ACCESS = {"kms:GetKeyPolicy", "kms:ListGrants", "kms:ListResourceTags"}
USE = {"kms:GetKeyLastUsage"}
ROTATIONS = {"kms:ListKeyRotations"}
STATUS = {"kms:GetKeyRotationStatus"}
PUBLIC = {"kms:GetPublicKey"}


def of_subject(found: Collected, arn: str) -> set[str]:
    return {answer.operation for answer in found.answers() if answer.subject == arn}


KINDS: list[tuple[Key, set[str]]] = [
    (a_key("symmetric"), ACCESS | USE | ROTATIONS | STATUS),
    (a_key("disabled", state="Disabled"), ACCESS | USE | ROTATIONS | STATUS),
    (a_key("going", state="PendingDeletion", deleted_in_days=9, rotation=None), ACCESS | USE | ROTATIONS | STATUS),
    (a_key("imported", origin="EXTERNAL", rotation=None), ACCESS | USE | ROTATIONS),
    (a_key("hsm", origin="AWS_CLOUDHSM", store="hsm", rotation=None), ACCESS | USE),
    (a_key("xks", origin="EXTERNAL_KEY_STORE", store="xks", rotation=None), ACCESS | USE),
    (a_key("signing", spec="ECC_NIST_P256", usage="SIGN_VERIFY", rotation=None), ACCESS | USE | PUBLIC),
    (a_key("mac", spec="HMAC_256", usage="GENERATE_VERIFY_MAC", rotation=None), ACCESS | USE),
    (a_key("managed", manager="AWS", rotation=None), set()),
]


@pytest.mark.parametrize(("key", "asked"), KINDS, ids=[key.alias for key, _ in KINDS])
def test_what_a_key_cannot_have_is_not_asked(tmp_path: Path, key: Key, asked: set[str]) -> None:
    with simulated(a_world(key, stores=[HSM, XKS])) as aws:
        found = collect(tmp_path, a_source(aws.url))
    assert of_subject(found, key.arn) == asked | {"kms:DescribeKey"}
    assert found.gaps == []


def test_a_key_that_may_not_be_described_is_asked_everything(tmp_path: Path) -> None:
    key = a_key("hidden", denied=["kms:DescribeKey"])
    with simulated(a_world(key)) as aws:
        found = collect(tmp_path, a_source(aws.url))
    assert of_subject(found, key.arn) == ACCESS | USE | ROTATIONS | STATUS | PUBLIC
    assert found.answers("kms:GetPublicKey")[0].error_code == "UnsupportedOperationException"
    assert (found.gap.operation, found.gap.subject, found.gap.reason) == ("kms:DescribeKey", key.arn, GapReason.DENIED)


def test_a_key_that_cannot_rotate_says_so_and_that_is_an_answer(tmp_path: Path) -> None:
    key = a_key("hidden", denied=["kms:DescribeKey"], spec="ECC_NIST_P256", usage="SIGN_VERIFY", rotation=None)
    with simulated(a_world(key)) as aws:
        found = collect(tmp_path, a_source(aws.url))
    codes = {answer.operation: answer.error_code for answer in found.answers() if answer.error_code}
    assert codes == dict.fromkeys(ROTATIONS | STATUS, "UnsupportedOperationException")


def test_of_a_public_half_a_hash_is_kept(tmp_path: Path) -> None:
    key = a_key("signing", spec="ECC_NIST_P256", usage="SIGN_VERIFY", rotation=None)
    with simulated(a_world(key)) as aws:
        found = collect(tmp_path, a_source(aws.url))
    (answer,) = found.answers("kms:GetPublicKey")
    assert isinstance(answer.response, dict)
    assert set(answer.response) == {"KeyId", "KeySpec", "KeyUsage", "PublicKeySha256"}
    assert (answer.response["KeyId"], len(str(answer.response["PublicKeySha256"]))) == (key.arn, 64)


def test_long_listings_are_read_to_the_end(tmp_path: Path) -> None:
    keys = [a_key(f"k{i}", rotated_days_ago=[1, 2, 3], tags={f"t{j}": "v" for j in range(5)}) for i in range(5)]
    grants = [grant(f"g{i}", f"arn:aws:iam::{ACCOUNT}:role/r{i}", "Decrypt") for i in range(5)]
    with simulated(a_world(*keys, a_key("granted", grants=grants), stores=[HSM, XKS]), page_size=2) as aws:
        found = collect(tmp_path, a_source(aws.url))
    assert found.asked["kms:DescribeKey"] == 6
    assert found.asked["kms:ListKeys"] == 3
    assert found.asked["kms:ListAliases"] > 3  # AWS has aliases of its own
    assert len([a for a in found.answers("kms:ListGrants") if a.page == 2]) == 1
    assert len([a for a in found.answers("kms:ListKeyRotations") if a.last]) == 6
    assert found.gaps == []


def test_a_narrow_plan_asks_only_what_it_needs(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        collect(tmp_path, a_source(aws.url), wanted=IDENTITY | {"kms:DescribeCustomKeyStores"})
        assert received(aws) == {"sts:GetCallerIdentity": 1, "kms:DescribeCustomKeyStores": 1}


def test_no_keys(tmp_path: Path) -> None:
    with simulated(a_world()) as aws:
        found = collect(tmp_path, a_source(aws.url))
    assert found.asked["kms:ListKeys"] == 1
    assert found.gaps == []


# Faults of one call about one key stay with it.
FAULTS: list[tuple[Kind, GapReason, int]] = [
    ("deny", GapReason.DENIED, 1),
    ("expired", GapReason.DENIED, 1),
    ("throttle", GapReason.THROTTLED, 8),
    ("error", GapReason.FAILED, 8),
    ("disconnect", GapReason.UNREACHABLE, 8),
    ("malformed", GapReason.MALFORMED, 1),
    ("wrong_types", GapReason.MALFORMED, 1),
    ("unsupported", GapReason.UNSUPPORTED, 1),
]


@pytest.mark.parametrize(("kind", "reason", "attempts"), FAULTS, ids=[kind for kind, _, _ in FAULTS])
def test_a_fault_is_a_gap_of_its_call_alone(tmp_path: Path, kind: Kind, reason: GapReason, attempts: int) -> None:
    one, two = a_key("one"), a_key("two")
    with simulated(a_world(one, two)) as aws:
        aws.faults.add(Fault(kind, "kms:GetKeyRotationStatus", subject=one.arn))
        found = collect(tmp_path, a_source(aws.url))
    assert (found.gap.operation, found.gap.subject) == ("kms:GetKeyRotationStatus", one.arn)
    assert (found.gap.reason, found.gap.attempts) == (reason, attempts)
    assert of_subject(found, two.arn) - of_subject(found, one.arn) == STATUS


@pytest.mark.parametrize("kind", ["throttle", "error", "disconnect"])
def test_what_passes_is_waited_out(tmp_path: Path, kind: Kind) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        aws.faults.add(Fault(kind, "kms:DescribeKey", times=3))
        found = collect(tmp_path, a_source(aws.url))
    assert found.gaps == []
    assert found.answers("kms:DescribeKey")[0].attempts == 4
    assert found.counts[0].throttles == (3 if kind == "throttle" else 0)


def test_throttling_now_and_then_leaves_no_gap(tmp_path: Path) -> None:
    keys = [a_key(f"k{i}") for i in range(10)]
    with simulated(a_world(*keys)) as aws:
        aws.faults.add(Fault("throttle", "kms:*", every=3))
        found = collect(tmp_path, a_source(aws.url, concurrency=8))
    assert found.gaps == []
    assert found.asked["kms:ListResourceTags"] == 10


def test_a_whole_service_that_is_denied(tmp_path: Path) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        aws.faults.add(Fault("deny", "kms:*"))
        found = collect(tmp_path, a_source(aws.url))
    listings = {"kms:ListKeys", "kms:ListAliases", "kms:DescribeCustomKeyStores"}
    assert found.why == {(name, "denied", "AccessDeniedException") for name in listings}


@pytest.mark.parametrize(
    "operation", sorted(op.name for op in OPERATIONS if op.name.startswith(("kms:List", "kms:DescribeC")))
)
def test_a_listing_without_an_end_is_cut_off(tmp_path: Path, operation: str) -> None:
    one = a_key("one", rotated_days_ago=[5], grants=[grant("g", f"arn:aws:iam::{ACCOUNT}:role/r", "Decrypt")])
    with simulated(a_world(one, stores=[HSM])) as aws:
        aws.faults.add(Fault("endless", operation))
        found = collect(tmp_path, a_source(aws.url))
    assert found.why == {(operation, "limit", "")}
    assert not any(answer.last for answer in found.answers(operation))
    assert found.asked["kms:DescribeKey"] == 1  # a key that is listed twice is asked once


def test_a_page_token_that_is_refused_in_a_later_run_begins_the_listing_again(tmp_path: Path) -> None:
    keys = [a_key(f"k{i}") for i in range(6)]
    with simulated(a_world(*keys), page_size=2) as aws:
        aws.faults.add(Fault("deny", "kms:ListKeys", subject='"Marker": "4"'))
        assert collect(tmp_path, a_source(aws.url)).asked["kms:DescribeKey"] == 4
        aws.faults.clear()
        aws.faults.add(Fault("stale_page", "kms:ListKeys", times=1))
        aws.requests.clear()
        again = collect(tmp_path, a_source(aws.url))
        listed = [request.params.get("Marker") for request in aws.requests if request.operation == "kms:ListKeys"]
    assert listed == ["4", None, "2", "4"]
    assert [(a.page, a.run, a.last) for a in again.answers("kms:ListKeys")] == [
        (0, 1, False),
        (1, 1, False),
        (0, 2, False),
        (1, 2, False),
        (2, 2, True),
    ]
    assert again.asked["kms:DescribeKey"] == 6
    assert {gap.run for gap in again.gaps} == {1}


# Shapes that AWS does not document.
ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/one"
WHOLE: dict[str, bytes] = {
    "ListKeys": b'{"Keys":[{"KeyId":"one","KeyArn":"%s"}]}' % ARN.encode(),
    "ListAliases": b'{"Aliases":[]}',
    "DescribeCustomKeyStores": b'{"CustomKeyStores":[]}',
    "DescribeKey": b'{"KeyMetadata":{"KeyId":"one","KeyManager":"CUSTOMER","KeySpec":"SYMMETRIC_DEFAULT"}}',
    "GetKeyRotationStatus": b'{"KeyRotationEnabled":true}',
    "ListKeyRotations": b'{"Rotations":[]}',
    "GetKeyLastUsage": b'{"TrackingStartDate":1700000000}',
    "GetKeyPolicy": b'{"Policy":"{}"}',
    "ListGrants": b'{"Grants":[]}',
    "ListResourceTags": b'{"Tags":[]}',
}
ME = (
    b"<R><GetCallerIdentityResult><Arn>arn:aws:sts::111122223333:assumed-role/a/b</Arn>"
    b"<Account>111122223333</Account></GetCallerIdentityResult></R>"
)


PAIR = b'{"KeyMetadata":{"KeyId":"one","KeyManager":"CUSTOMER","KeySpec":"RSA_2048"}}'


def scripted(**changed: bytes) -> Callable[[Request], Answer]:
    # Only a key pair is asked for its public half, and what nobody knows to be none.
    pair = {"DescribeKey": PAIR} if "GetPublicKey" in changed else {}
    bodies = {**WHOLE, "GetPublicKey": b'{"PublicKey":"AAAA"}', **pair, **changed}

    def behave(request: Request) -> Answer:
        return (
            Answer(bodies[request.operation]) if request.operation else Answer(ME, headers={"Content-Type": "text/xml"})
        )

    return behave


def against(folder: Path, **changed: Any) -> Collected:  # noqa: ANN401 - bytes
    with serving(scripted(**changed)) as server, environment(ENVIRON):
        return collect(folder, a_source(server.url))


def test_the_script_is_whole(tmp_path: Path) -> None:
    found = against(tmp_path)
    assert found.gaps == []
    assert {answer.operation for answer in found.answers()} == {f"kms:{name}" for name in WHOLE} | {
        "sts:GetCallerIdentity"
    }


SHAPES = [
    ("ListKeys", b"{}"),
    ("ListKeys", b'{"Keys":[{"KeyId":"one"}]}'),
    ("ListKeys", b'{"Keys":[{"KeyArn":7}]}'),
    ("ListKeys", b'{"Keys":[],"Truncated":true}'),
    ("ListKeys", b'{"Keys":[],"Truncated":true,"NextMarker":7}'),
    ("ListAliases", b'{"Aliases":{}}'),
    ("ListAliases", b'{"Aliases":null}'),
    ("ListAliases", b'{"Aliases":""}'),
    ("ListKeys", b'{"Keys":{}}'),
    ("ListGrants", b'{"Grants":[{"Constraints":{"EncryptionContextSubset":[]}}]}'),
    ("DescribeCustomKeyStores", b'{"CustomKeyStores":"x"}'),
    ("DescribeKey", b"{}"),
    ("DescribeKey", b'{"KeyMetadata":{}}'),
    ("DescribeKey", b'{"KeyMetadata":{"KeyManager":7}}'),
    ("GetPublicKey", b"{}"),
    ("GetPublicKey", b'{"PublicKey":7}'),
    ("GetKeyRotationStatus", b"{}"),
    ("GetKeyRotationStatus", b'{"KeyRotationEnabled":"yes"}'),
    ("GetKeyRotationStatus", b'{"KeyRotationEnabled":true,"RotationPeriodInDays":9007199254740993}'),
    ("ListKeyRotations", b'{"Rotations":[7]}'),
    ("GetKeyLastUsage", b"{}"),
    ("GetKeyLastUsage", b'{"KeyLastUsage":{}}'),
    ("GetKeyPolicy", b'{"Policy":{"Statement":[]}}'),
    ("ListGrants", b'{"grants":[]}'),
    ("ListResourceTags", b'{"Tags":[],"Truncated":true}'),
]


@pytest.mark.parametrize(("operation", "body"), SHAPES)
def test_another_shape_is_malformed(tmp_path: Path, operation: str, body: bytes) -> None:
    found = against(tmp_path, **{operation: body})
    assert {(gap.operation, gap.reason) for gap in found.gaps} == {(f"kms:{operation}", GapReason.MALFORMED)}
    assert found.asked[f"kms:{operation}"] == 0


@pytest.mark.parametrize("code", sorted(NO_PUBLIC))
def test_a_public_half_that_there_is_not_or_not_now_is_an_answer(tmp_path: Path, code: str) -> None:
    def behave(request: Request) -> Answer:
        if request.operation == "GetPublicKey":
            return Answer(b'{"__type":"%s","message":"no"}' % code.encode(), 400)
        return scripted(GetPublicKey=b"")(request)

    with serving(behave) as server, environment(ENVIRON):
        found = collect(tmp_path, a_source(server.url))
    assert found.gaps == []
    assert found.answers("kms:GetPublicKey")[0].error_code == code


def test_a_use_without_the_date_since_when_it_was_watched_is_a_use(tmp_path: Path) -> None:
    found = against(tmp_path, GetKeyLastUsage=b'{"KeyLastUsage":{"Operation":"Decrypt","Timestamp":1700000000}}')
    assert found.gaps == []


def test_a_key_that_is_listed_twice_is_asked_once(tmp_path: Path) -> None:
    one = b'{"KeyId":"one","KeyArn":"%s"}' % ARN.encode()
    found = against(tmp_path, ListKeys=b'{"Keys":[%s,%s]}' % (one, one))
    assert found.asked["kms:DescribeKey"] == 1


def test_a_key_that_went_in_the_meantime_is_an_answer(tmp_path: Path) -> None:
    def behave(request: Request) -> Answer:
        if request.operation == "DescribeKey":
            return Answer(b'{"__type":"NotFoundException","message":"gone"}', 400)
        return scripted()(request)

    with serving(behave) as server, environment(ENVIRON):
        found = collect(tmp_path, a_source(server.url))
    assert found.gaps == []
    assert found.answers("kms:DescribeKey")[0].error_code == "NotFoundException"
    assert of_subject(found, ARN) == {"kms:DescribeKey"}


CANARY = "hunter2-canary"


def test_no_secret_that_people_paste_into_tags_policies_and_names_is_kept(tmp_path: Path) -> None:
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
    key = a_key(
        "one",
        description=f"postgres://app:{CANARY}@db/voice",
        tags={"db-password": CANARY, "note": f"password={CANARY}", "jwt": jwt, "owner": "platform"},
        grants=[grant("g", f"arn:aws:iam::{ACCOUNT}:role/r", "Decrypt", context={"api_key": CANARY})],
    )
    with simulated(a_world(key)) as aws:
        found = collect(tmp_path, a_source(aws.url))
    text = "".join(path.read_text() for path in tmp_path.iterdir())
    assert CANARY not in text
    assert jwt not in text
    assert '"TagKey":"db-password","TagValue":"[redacted]"' in text
    assert '"TagKey":"owner","TagValue":"platform"' in text
    assert sum(len(answer.redacted) for answer in found.answers()) == 5
