"""The layer before moto: what it answers has the documented shape, and it breaks exactly as it is told to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scanner.demo.aws.faults import Fault, Kind
from scanner.demo.aws.simulator import ENVIRON, AwsSimulator, aws_simulator
from scanner.demo.embedded import environment
from scanner.demo.world import Account, Store, World, load_world
from tests.support import ACCOUNT, NOW, REGION, a_key, a_world, simulated

MEMBER = "444455556666"


class Caller:
    """A plain botocore client that also keeps the raw bodies."""

    def __init__(
        self, aws: AwsSimulator, service: str, region: str = REGION, credentials: dict[str, str] | None = None
    ) -> None:
        session = botocore.session.Session()
        if credentials is not None:
            session.set_credentials(
                credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
            )
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False, read_timeout=30)
        self.client = session.create_client(service, region_name=region, endpoint_url=aws.url, config=config)
        self.raw: dict[str, Any] = {}
        self.client.meta.events.register("before-parse", self._keep)

    def _keep(self, response_dict: dict[str, Any], **_: object) -> None:
        self.raw = response_dict

    def __call__(self, operation: str, **params: Any) -> Any:  # noqa: ANN401 - an answer
        return self.client._make_api_call(operation, params)  # type: ignore[attr-defined]

    def refused(self, operation: str, **params: Any) -> tuple[str, int]:  # noqa: ANN401 - parameters
        with pytest.raises(ClientError) as caught:
            self(operation, **params)
        response = caught.value.response
        return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]

    def close(self) -> None:
        self.client.close()


@contextmanager
def calling(aws: AwsSimulator, service: str, region: str = REGION, *, account: str = "") -> Iterator[Caller]:
    """Yield a caller, by a role of ``account`` when one is named."""
    credentials = None
    if account:
        with calling(aws, "sts") as sts:
            role = f"arn:aws:iam::{account}:role/keyaudit-audit"
            credentials = sts("AssumeRole", RoleArn=role, RoleSessionName="test")["Credentials"]
    caller = Caller(aws, service, region, credentials)
    try:
        yield caller
    finally:
        caller.close()


# Shapes.
def strays(shape: Any, value: Any, where: str) -> Iterator[str]:  # noqa: ANN401 - a botocore shape, JSON
    """Yield what in an answer is not documented: members, enumeration values, types, and members that are missing."""
    if shape.type_name == "structure":
        yield from (f"{where}.{name} is not documented" for name in value if name not in shape.members)
        yield from (f"{where}.{name} is missing" for name in shape.required_members if name not in value)
        for name, inner in value.items():
            if name in shape.members:
                yield from strays(shape.members[name], inner, f"{where}.{name}")
    elif shape.type_name in {"list", "map"}:
        items = value if shape.type_name == "list" else value.values()
        for item in items:
            yield from strays(shape.member if shape.type_name == "list" else shape.value, item, f"{where}[]")
    elif shape.type_name == "string" and getattr(shape, "enum", []) and value not in shape.enum:
        yield f"{where} is {value!r}"
    else:
        types: dict[str, Any] = {"string": str, "boolean": bool, "integer": int, "timestamp": (int, float)}
        if not isinstance(value, types[shape.type_name]):
            yield f"{where} is of type {type(value).__name__}"


def call_everything(kms: Caller, keys: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield (operation, raw answer) of every call that the collector makes, refusals left out."""
    listings: list[tuple[str, dict[str, str]]] = [
        ("ListKeys", {}),
        ("ListAliases", {}),
        ("DescribeCustomKeyStores", {}),
    ]
    for key in keys:
        one = {"KeyId": key}
        listings += [("DescribeKey", one), ("GetKeyRotationStatus", one), ("GetKeyLastUsage", one), ("ListGrants", one)]
        listings += [("ListResourceTags", one), ("GetKeyPolicy", {**one, "PolicyName": "default"})]
        listings += [("ListKeyRotations", {**one, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"})]
    for operation, params in listings:
        try:
            kms(operation, **params)
        except ClientError as error:
            assert error.response["Error"]["Code"] in {"UnsupportedOperationException", "AccessDeniedException"}  # noqa: PT017
        else:
            yield operation, json.loads(kms.raw["body"])


def test_every_answer_about_the_reference_world_has_its_documented_shape() -> None:
    world = load_world()
    seen: set[str] = set()
    found: list[str] = []
    with simulated(world, page_size=4) as aws:
        for account, region in sorted({(key.account, key.region) for key in world.keys}):
            with calling(aws, "kms", region, account=account) as kms:
                keys = [key.arn for key in world.keys if (key.account, key.region) == (account, region)]
                for operation, answer in call_everything(kms, keys):
                    shape = kms.client.meta.service_model.operation_model(operation).output_shape
                    found += strays(shape, answer, operation)
                    seen.add(operation)
        with calling(aws, "organizations") as organizations:
            organizations("ListAccounts")
            shape = organizations.client.meta.service_model.operation_model("ListAccounts").output_shape
            found += strays(shape, json.loads(organizations.raw["body"]), "ListAccounts")
    assert sorted(set(found)) == []
    assert len(seen) == 10


def test_the_shape_check_can_fail() -> None:
    with simulated(a_world(a_key("one"))) as aws, calling(aws, "kms") as kms:
        shape = kms.client.meta.service_model.operation_model("DescribeKey").output_shape
    wrong = {"KeyMetadata": {"KeyState": "Tired", "Mood": 1, "Enabled": "yes", "SigningAlgorithms": ["X"]}, "x": 1}
    assert set(strays(shape, wrong, "D")) == {
        "D.x is not documented",
        "D.KeyMetadata.KeyId is missing",
        "D.KeyMetadata.Mood is not documented",
        "D.KeyMetadata.KeyState is 'Tired'",
        "D.KeyMetadata.Enabled is of type str",
        "D.KeyMetadata.SigningAlgorithms[] is 'X'",
    }


# Whose request it is.
def test_credentials_of_a_role_are_those_of_its_account() -> None:
    with simulated(a_world(a_key("own"), a_key("member", account=MEMBER), accounts=[MEMBER])) as aws:
        with calling(aws, "kms") as own, calling(aws, "kms", account=MEMBER) as member:
            one = [key["KeyArn"] for key in own("ListKeys")["Keys"]]
            other = [key["KeyArn"] for key in member("ListKeys")["Keys"]]
        assert (one, other) == ([aws.layer.world.keys[0].arn], [aws.layer.world.keys[1].arn])
        assert [request.account for request in aws.requests] == [ACCOUNT, ACCOUNT, MEMBER]


def test_requests_are_remembered_with_who_asked_for_what() -> None:
    with simulated(a_world(a_key("one"))) as aws, calling(aws, "kms", "us-west-2") as kms:
        kms("ListKeys", Limit=7)
        (request,) = aws.requests
    assert (request.operation, request.account, request.region) == ("kms:ListKeys", ACCOUNT, "us-west-2")
    assert request.params == {"Limit": 7}
    assert request.access_key == ENVIRON["AWS_ACCESS_KEY_ID"]
    assert "Botocore" in request.user_agent


def test_only_the_management_account_lists_accounts() -> None:
    with simulated(a_world(accounts=[MEMBER])) as aws, calling(aws, "organizations", account=MEMBER) as member:
        assert member.refused("ListAccounts") == ("AccessDeniedException", 400)


def test_states_of_accounts() -> None:
    world = a_world(accounts=[MEMBER])
    closed = Account(id=MEMBER, name="closed", about="", state="CLOSED")
    world = world.model_copy(update={"accounts": [world.accounts[0], closed]})
    with simulated(world) as aws, calling(aws, "organizations") as caller:
        states = {a["Id"]: (a["State"], a["Status"]) for a in caller("ListAccounts")["Accounts"]}
    assert states == {ACCOUNT: ("ACTIVE", "ACTIVE"), MEMBER: ("CLOSED", "SUSPENDED")}


@pytest.mark.parametrize("operation", ["DescribeKey", "GetKeyLastUsage", "GetKeyRotationStatus", "ListKeyRotations"])
def test_a_key_of_elsewhere_is_not_found(operation: str) -> None:
    west = a_key("west", region="us-west-2")
    with simulated(a_world(west)) as aws, calling(aws, "kms") as kms:
        assert kms.refused(operation, KeyId=west.id) == ("NotFoundException", 400)


def test_key_stores() -> None:
    common: dict[str, Any] = {"account": ACCOUNT, "region": REGION, "age_days": 9}
    stores = [
        Store(name="hsm", kind="AWS_CLOUDHSM", state="FAILED", error="INVALID_CREDENTIALS", **common),
        Store(name="xks", kind="EXTERNAL_KEY_STORE", **common),
        Store(name="west", kind="AWS_CLOUDHSM", **{**common, "region": "us-west-2"}),
    ]
    with simulated(a_world(stores=stores)) as aws, calling(aws, "kms") as kms:
        hsm, xks = kms("DescribeCustomKeyStores")["CustomKeyStores"]
    assert (hsm["ConnectionState"], hsm["ConnectionErrorCode"]) == ("FAILED", "INVALID_CREDENTIALS")
    assert hsm["CloudHsmClusterId"].startswith("cluster-")
    assert "ConnectionErrorCode" not in xks
    assert xks["XksProxyConfiguration"]["UriEndpoint"] == "https://xks.example.invalid"


# Pages.
def pages(caller: Caller, operation: str, items: str, takes: str, gives: str, **params: Any) -> list[int]:  # noqa: ANN401
    """Return the sizes of the pages of a listing."""
    sizes: list[int] = []
    token: dict[str, str] = {}
    while True:
        answer = caller(operation, **params, **token)
        sizes.append(len(answer[items]))
        assert answer.get("Truncated", gives in answer) is (gives in answer)
        if gives not in answer:
            return sizes
        token = {takes: answer[gives]}


@pytest.mark.parametrize(
    ("size", "limit", "sizes"),
    [(50, {}, [5]), (2, {}, [2, 2, 1]), (50, {"Limit": 3}, [3, 2]), (2, {"Limit": 3}, [2, 2, 1])],
)
def test_listings_come_in_pages(size: int, limit: dict[str, int], sizes: list[int]) -> None:
    with simulated(a_world(*(a_key(f"k{i}") for i in range(5))), page_size=size) as aws, calling(aws, "kms") as kms:
        assert pages(kms, "ListKeys", "Keys", "Marker", "NextMarker", **limit) == sizes


def test_accounts_come_in_pages() -> None:
    with (
        simulated(a_world(accounts=[MEMBER, "222233334444"]), page_size=2) as aws,
        calling(aws, "organizations") as caller,
    ):
        assert pages(caller, "ListAccounts", "Accounts", "NextToken", "NextToken") == [2, 1]
        assert pages(caller, "ListAccounts", "Accounts", "NextToken", "NextToken", MaxResults=1) == [1, 1, 1]


@pytest.mark.parametrize("token", ["x", "-1", "99", "1.5"])
def test_a_token_that_was_never_given_is_refused(token: str) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        with calling(aws, "kms") as kms:
            assert kms.refused("ListKeys", Marker=token) == ("InvalidMarkerException", 400)
        with calling(aws, "organizations") as caller:
            assert caller.refused("ListAccounts", NextToken=token) == ("InvalidInputException", 400)


# Faults.
REFUSED: list[tuple[Kind, tuple[str, int], tuple[str, int]]] = [
    ("deny", ("AccessDeniedException", 400), ("AccessDenied", 403)),
    ("throttle", ("ThrottlingException", 400), ("Throttling", 400)),
    ("error", ("KMSInternalException", 500), ("InternalFailure", 500)),
    ("expired", ("ExpiredTokenException", 400), ("ExpiredToken", 400)),
    ("unsupported", ("UnknownOperationException", 400), ("InvalidAction", 400)),
    ("stale_page", ("InvalidMarkerException", 400), ("InvalidNextToken", 400)),
]


@pytest.mark.parametrize(("kind", "by_json", "by_xml"), REFUSED, ids=[kind for kind, _, _ in REFUSED])
def test_refusals_in_every_protocol(kind: Kind, by_json: tuple[str, int], by_xml: tuple[str, int]) -> None:
    with simulated(a_world(a_key("one"))) as aws:
        aws.faults.add(Fault(kind))
        calls = [
            ("kms", "ListKeys"),
            ("organizations", "ListAccounts"),
            ("sts", "GetCallerIdentity"),
            ("ec2", "DescribeRegions"),
        ]
        for service, operation in calls:
            with calling(aws, service) as caller:
                expected = by_json if service in {"kms", "organizations"} else by_xml
                assert caller.refused(operation) == expected


def test_a_denial_says_who_and_what() -> None:
    with simulated(a_world(a_key("one"))) as aws, calling(aws, "kms") as kms:
        aws.faults.add(Fault("deny", "kms:ListKeys"))
        with pytest.raises(ClientError, match=rf"arn:aws:sts::{ACCOUNT}:assumed-role.*kms:ListKeys"):
            kms("ListKeys")


@pytest.mark.parametrize("service", ["kms", "sts"])
def test_a_disconnect_is_a_disconnect(service: str) -> None:
    with simulated(a_world(a_key("one"))) as aws, calling(aws, service) as caller:
        aws.faults.add(Fault("disconnect", times=1))
        operation = {"kms": "ListKeys", "sts": "GetCallerIdentity"}[service]
        with pytest.raises(BotoCoreError, match="Connection was closed"):
            caller(operation)
        caller(operation)


def test_a_malformed_answer_is_no_json() -> None:
    with simulated(a_world(a_key("one"))) as aws, calling(aws, "kms") as kms:
        aws.faults.add(Fault("malformed"))
        kms("ListKeys")
        with pytest.raises(ValueError, match="Expecting value"):
            json.loads(kms.raw["body"])


def test_wrong_types_are_text_in_place_of_everything() -> None:
    with simulated(a_world(a_key("one"))) as aws, calling(aws, "kms") as kms:
        aws.faults.add(Fault("wrong_types"))
        with pytest.raises(AttributeError):
            kms("ListKeys")
        assert set(json.loads(kms.raw["body"]).values()) == {"surprise"}


def test_an_endless_listing_gives_the_same_token_for_ever() -> None:
    with simulated(a_world(a_key("one"))) as aws, calling(aws, "kms") as kms:
        aws.faults.add(Fault("endless"))
        first = kms("ListKeys")
        second = kms("ListKeys", Marker=first["NextMarker"])
    assert first["NextMarker"] == second["NextMarker"]
    assert first["Truncated"] is second["Truncated"] is True


def test_a_hang_answers_late() -> None:
    with simulated(a_world(a_key("one"))) as aws, calling(aws, "kms") as kms:
        aws.faults.add(Fault("hang", seconds=0.01))
        assert len(kms("ListKeys")["Keys"]) == 1


def test_latency_delays_and_changes_nothing() -> None:
    with simulated(a_world(a_key("one"))) as aws, calling(aws, "kms") as kms:
        aws.layer.latency = 0.001
        assert len(kms("ListKeys")["Keys"]) == 1


# What moto says of a key, amended.
def described(world: World, alias: str) -> Any:  # noqa: ANN401 - KeyMetadata
    key = world.key(alias)
    with aws_simulator(world, NOW) as aws, environment(ENVIRON), calling(aws, "kms", key.region) as kms:
        return kms("DescribeKey", KeyId=key.arn)["KeyMetadata"]


CASES: list[tuple[str, Callable[[Any], bool]]] = [
    ("mac", lambda k: k["MacAlgorithms"] == ["HMAC_SHA_256"] and "SigningAlgorithms" not in k),
    ("agreement", lambda k: k["KeyAgreementAlgorithms"] == ["ECDH"] and "SigningAlgorithms" not in k),
    ("edwards", lambda k: k["KeySpec"] == "ECC_NIST_EDWARDS25519"),
    ("plain", lambda k: len(k["CurrentKeyMaterialId"]) == 64 and not k["MultiRegion"]),
    ("imported", lambda k: k["ExpirationModel"] == "KEY_MATERIAL_EXPIRES" and "ValidTo" in k),
    ("lasting", lambda k: k["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE" and "ValidTo" not in k),
    ("going", lambda k: k["DeletionDate"].isoformat().startswith("2026-06-24") and k["KeyState"] == "PendingDeletion"),
    ("disabled", lambda k: k["Enabled"] is False),
]


@pytest.mark.parametrize(("alias", "holds"), CASES, ids=[alias for alias, _ in CASES])
def test_descriptions(alias: str, holds: Callable[[Any], bool]) -> None:
    world = a_world(
        a_key("mac", spec="HMAC_256", usage="GENERATE_VERIFY_MAC", rotation=None),
        a_key("agreement", spec="ECC_NIST_P256", usage="KEY_AGREEMENT", rotation=None),
        a_key("edwards", spec="ECC_NIST_EDWARDS25519", usage="SIGN_VERIFY", rotation=None),
        a_key("plain"),
        a_key("imported", origin="EXTERNAL", expires_in_days=12, rotation=None),
        a_key("lasting", origin="EXTERNAL", rotation=None),
        a_key("going", state="PendingDeletion", deleted_in_days=9, rotation=None),
        a_key("disabled", state="Disabled"),
    )
    assert holds(described(world, alias))
