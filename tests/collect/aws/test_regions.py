"""Where a service is: the SDK's list, and what a name that does not resolve means beside it."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import dataclass

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)
from urllib3.exceptions import NameResolutionError, NewConnectionError

from scanner.collect.aws.regions import NO_ENDPOINT, NOT_OFFERED, missing_endpoint, offered
from scanner.model.observation import GapReason

URL = "https://bedrock.ap-east-1.amazonaws.com/guardrails"
NO_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
NO_ADDRESS = socket.gaierror(socket.EAI_NODATA, "No address associated with hostname")
TRY_AGAIN = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

LISTED = [
    ("bedrock", "us-east-1", True),
    ("bedrock", "us-gov-west-1", True),
    ("bedrock", "ap-east-1", False),
    ("bedrock", "cn-north-1", False),
    ("cloudhsmv2", "us-east-1", True),
    ("cloudhsmv2", "ap-southeast-4", False),
    ("kms", "cn-north-1", True),
    ("bedrock-agent", "us-east-1", None),  # the SDK has no list for it
    ("bedrock", "us-east-99", None),  # a region that is newer than the SDK
    ("bedrock", "mars-north-1", None),
]


@pytest.mark.parametrize(("service", "region", "answer"), LISTED, ids=[f"{s} {r}" for s, r, _ in LISTED])
def test_the_list_of_the_sdk(service: str, region: str, answer: bool | None) -> None:
    assert offered(service, region) is answer


def test_to_know_the_operations_no_sdk_is_loaded() -> None:
    script = (
        "import sys\nfrom scanner.collect.aws import bedrock, cloudhsm\n"
        "assert not {'boto3', 'botocore'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True, slots=True)
class Asked:
    endpoint_url: str
    region_name: str


def asked(service: str, region: str) -> Asked:
    return Asked(f"https://{service}.{region}.amazonaws.com", region)


def unresolved(why: socket.gaierror) -> EndpointConnectionError:
    """Return what botocore raises when urllib3 cannot resolve a name."""
    inner = NameResolutionError("bedrock.ap-east-1.amazonaws.com", None, why)  # type: ignore[arg-type]  # no connection
    inner.__cause__ = why
    return EndpointConnectionError(endpoint_url=URL, error=inner)


@pytest.mark.parametrize("why", [NO_NAME, NO_ADDRESS])
def test_no_name_and_not_listed_is_not_offered(why: socket.gaierror) -> None:
    error = missing_endpoint(unresolved(why), "bedrock", asked("bedrock", "ap-east-1"))
    assert error is not None
    assert (error.reason, error.code, error.retry) == (GapReason.UNSUPPORTED, NOT_OFFERED, False)
    assert URL in error.detail
    assert "does not list ap-east-1" in error.detail


CONFIGURED = [
    "http://127.0.0.1:5000",
    "https://bedrock.corp.example",
    "https://vpce-1.bedrock.ap-east-1.vpce.amazonaws.com",
]


@pytest.mark.parametrize("endpoint", CONFIGURED)
def test_an_endpoint_that_somebody_configured_says_nothing_of_the_provider(endpoint: str) -> None:
    assert missing_endpoint(unresolved(NO_NAME), "bedrock", Asked(endpoint, "ap-east-1")) is None


def test_of_a_region_that_the_sdk_does_not_know_nothing_is_said() -> None:
    assert missing_endpoint(unresolved(NO_NAME), "bedrock", asked("bedrock", "us-east-99")) is None


def test_no_name_and_no_list_is_something_else() -> None:
    error = missing_endpoint(unresolved(NO_NAME), "bedrock-agent", asked("bedrock-agent", "ap-east-1"))
    assert error is not None
    assert (error.reason, error.code, error.retry) == (GapReason.UNSUPPORTED, NO_ENDPOINT, False)
    assert "does not tell where" in error.detail


def test_botocore_raises_what_the_resolver_said_in_other_ways_too() -> None:
    error = missing_endpoint(
        EndpointConnectionError(endpoint_url=URL, error=NO_NAME), "bedrock", asked("bedrock", "ap-east-1")
    )
    assert error is not None
    assert error.code == NOT_OFFERED


def test_what_should_be_there_is_unreachable() -> None:
    assert missing_endpoint(unresolved(NO_NAME), "bedrock", asked("bedrock", "us-east-1")) is None


REFUSED = NewConnectionError(None, "Connection refused")  # type: ignore[arg-type]  # no connection
OTHERWISE: list[BotoCoreError] = [
    unresolved(TRY_AGAIN),
    EndpointConnectionError(endpoint_url=URL, error=REFUSED),
    EndpointConnectionError(endpoint_url=URL),
    ConnectTimeoutError(endpoint_url=URL, error=NO_NAME),
    ReadTimeoutError(endpoint_url=URL, error=NO_NAME),
    HTTPClientError(error=NO_NAME),
]


@pytest.mark.parametrize("error", OTHERWISE, ids=["again", "refused", "why", "connect", "read", "other"])
def test_other_failures_say_nothing(error: BotoCoreError) -> None:
    assert missing_endpoint(error, "bedrock", asked("bedrock", "ap-east-1")) is None


def test_causes_that_go_in_a_circle_end() -> None:
    error = EndpointConnectionError(endpoint_url=URL, error=REFUSED)
    error.kwargs["error"] = error
    assert missing_endpoint(error, "bedrock", asked("bedrock", "ap-east-1")) is None
