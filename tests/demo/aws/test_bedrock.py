"""The simulated Amazon Bedrock answers in the documented shapes: real botocore reads every one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from scanner.demo.aws import bedrock
from scanner.demo.aws.bedrock_world import Bedrock, Kind, Logging, Project, Region, Thing
from scanner.demo.aws.request import Asked
from tests.demo.aws.composing import Request, composed
from tests.support import ACCOUNT, NOW, REGION

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
MODELS: list[tuple[Kind, str, str]] = [
    ("custom_model", "list_custom_models", "get_custom_model"),
    ("imported_model", "list_imported_models", "get_imported_model"),
]


@contextmanager
def client(region: Region, *, service: str = "bedrock", page_size: int = 50) -> Iterator[Any]:
    """Run the part of the world and yield a real client for it."""
    part = Bedrock(regions=[region])

    def answer(asked: Asked) -> dict[str, Any] | None:
        return bedrock.answer(part, asked, NOW, lambda alias: KEY if alias == "mine" else alias)

    with composed(answer, bedrock.LISTS, page_size=page_size) as app:
        made = botocore.session.Session().create_client(service, region_name=REGION, endpoint_url=app.url)
        try:
            yield made
        finally:
            made.close()


def a_region(*things: Thing, **given: Any) -> Region:  # noqa: ANN401 - any field of Region
    return Region(account=ACCOUNT, region=REGION, things=list(things), **given)


def test_a_region_that_the_world_does_not_name_is_empty() -> None:
    with client(
        Region(account=ACCOUNT, region="eu-west-1", retention="none", things=[Thing(kind="guardrail", name="g")])
    ) as c:
        assert c.list_guardrails()["guardrails"] == []
        assert c.get_account_data_retention()["mode"] == "inherit"
        assert "loggingConfig" not in c.get_model_invocation_logging_configuration()


def test_retention_and_its_projects() -> None:
    given = {"retention": "none", "retention_age_days": 3}
    loose = Project(name="loose", mode="aws_review", state="archived", age_days=5)
    with client(a_region(projects=[loose], **given)) as c:
        mode, listed = c.get_account_data_retention(), c.list_projects()["projectSummaries"]
    assert (mode["mode"], (NOW - mode["updatedAt"]).days) == ("none", 3)
    assert [(p["id"], p["status"], p["dataRetention"]) for p in listed] == [
        ("default", "active", {"mode": "inherit"}),
        ("proj_loose", "archived", {"mode": "aws_review"}),
    ]


def test_where_prompts_are_logged() -> None:
    with client(a_region(logging=Logging(bucket="b", group="/g", large_bucket="l", audio=True))) as c:
        config = c.get_model_invocation_logging_configuration()["loggingConfig"]
    assert config["s3Config"]["bucketName"] == "b"
    assert config["cloudWatchConfig"]["logGroupName"] == "/g"
    assert config["cloudWatchConfig"]["largeDataDeliveryS3Config"] == {"bucketName": "l"}
    assert (config["textDataDeliveryEnabled"], config["audioDataDeliveryEnabled"]) == (True, True)
    assert config["videoDataDeliveryEnabled"] is False


PLACES = [
    (Logging(group="/g"), {"cloudWatchConfig": {"logGroupName", "roleArn"}}),
    (Logging(bucket="b"), {"s3Config": {"bucketName", "keyPrefix"}}),
]


@pytest.mark.parametrize(("logging", "places"), PLACES, ids=["group", "bucket"])
def test_one_place_alone(logging: Logging, places: dict[str, set[str]]) -> None:
    with client(a_region(logging=logging)) as c:
        config = c.get_model_invocation_logging_configuration()["loggingConfig"]
    assert {name: set(value) for name, value in config.items() if name.endswith("Config")} == places


@pytest.mark.parametrize(("kind", "list_", "get"), MODELS)
def test_models(kind: Kind, list_: str, get: str) -> None:
    mine, theirs = Thing(kind=kind, name="mine", key="mine", age_days=9), Thing(kind=kind, name="theirs")
    region = a_region(mine, theirs)
    with client(region) as c:
        listed = getattr(c, list_)()["modelSummaries"]
        told = [getattr(c, get)(modelIdentifier=region.arn(thing)) for thing in (mine, theirs)]
    assert [model["modelArn"] for model in listed] == [region.arn(mine), region.arn(theirs)]
    assert [model.get("modelKmsKeyArn") for model in told] == [KEY, None]
    assert (NOW - told[0]["creationTime"]).days == 9


def test_guardrails_with_everything_that_somebody_wrote() -> None:
    thing = Thing(kind="guardrail", name="careful", key="mine", text="CANARY")
    region = a_region(thing)
    with client(region) as c:
        (listed,) = c.list_guardrails()["guardrails"]
        told = c.get_guardrail(guardrailIdentifier=listed["id"])
    assert (listed["arn"], told["guardrailArn"], told["kmsKeyArn"]) == (region.arn(thing), region.arn(thing), KEY)
    assert told["wordPolicy"]["words"] == [{"text": "CANARY"}]
    assert told["topicPolicy"]["topics"][0]["definition"] == told["blockedInputMessaging"] == "CANARY"


def test_pages() -> None:
    with client(a_region(*(Thing(kind="guardrail", name=f"g{i}") for i in range(3))), page_size=2) as c:
        first = c.list_guardrails()
        second = c.list_guardrails(nextToken=first["nextToken"])
    assert [len(page["guardrails"]) for page in (first, second)] == [2, 1]
    assert "nextToken" not in second


UNKNOWN = [
    ("get_custom_model", {"modelIdentifier": "x"}),
    ("get_imported_model", {"modelIdentifier": "x"}),
    ("get_guardrail", {"guardrailIdentifier": "x"}),
]


@pytest.mark.parametrize(("method", "params"), UNKNOWN, ids=[method for method, _ in UNKNOWN])
def test_what_is_not_there(method: str, params: dict[str, str]) -> None:
    with client(a_region()) as c, pytest.raises(ClientError) as caught:
        getattr(c, method)(**params)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_what_is_not_of_bedrock_is_left_to_others() -> None:
    assert bedrock.answer(Bedrock(), Request("kms:ListKeys"), NOW) is None
    assert bedrock.answer(Bedrock(), Request("bedrock:InvokeModel"), NOW) is None


def test_a_key_is_what_the_world_calls_it_when_nobody_knows_better() -> None:
    region = a_region(Thing(kind="custom_model", name="m", key=KEY))
    asked = Request("bedrock:GetCustomModel", params={"modelIdentifier": region.arn(region.things[0])})
    answered = bedrock.answer(Bedrock(regions=[region]), asked, NOW)
    assert answered is not None
    assert answered["modelKmsKeyArn"] == KEY
