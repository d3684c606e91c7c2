"""A simulated AWS KMS with canaries, and the ways into it: shared by the tests of AWS under self-test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scanner.demo.aws.crypto import STRANGER
from scanner.demo.aws.simulator import ENVIRON, AwsSimulator
from scanner.demo.embedded import environment
from scanner.model.estate import AwsSelftest, AwsSource
from scanner.selftest.aws import Access, connect
from tests.collect.fakes import Clock
from tests.support import REGION, a_key, a_world, simulated

CANARY, SECOND, OTHER = "keyaudit-canary", "keyaudit-canary-2", "production"
OTHER_ACCOUNT = "999988887777"
WORLD = a_world(
    a_key(CANARY),
    a_key(SECOND),
    a_key(OTHER),
    a_key("signing", spec="RSA_2048", usage="SIGN_VERIFY", rotation=None),
    a_key("member", account=OTHER_ACCOUNT),
    accounts=[OTHER_ACCOUNT],
)
STRANGER_PROFILE = f"""[same]
aws_access_key_id = {ENVIRON["AWS_ACCESS_KEY_ID"]}
aws_secret_access_key = simulated
[stranger]
aws_access_key_id = {STRANGER}
aws_secret_access_key = simulated
"""


def arn(alias: str) -> str:
    """Return the ARN of a key of the world."""
    return WORLD.key(alias).arn


@contextmanager
def running() -> Iterator[AwsSimulator]:
    """Run the simulator, for several tests."""
    with simulated(WORLD) as aws:
        yield aws


@contextmanager
def logged_in(aws: AwsSimulator, folder: Path) -> Iterator[None]:
    """Have the caller's credentials, and a profile of a stranger; afterwards the simulator behaves again."""
    (folder / "credentials").write_text(STRANGER_PROFILE)
    with environment({**ENVIRON, "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials")}):
        yield
    aws.faults.clear()


def a_source(aws: AwsSimulator, **given: Any) -> AwsSource:  # noqa: ANN401 - any field
    """Return the source of the simulator."""
    return AwsSource(**{"name": "main", "regions": (REGION,), "endpoint_url": aws.url, **given})


def a_test(**given: Any) -> AwsSelftest:  # noqa: ANN401 - any field
    """Return what the estate names: both canaries."""
    fields = {"source": "main", "key": f"alias/{CANARY}", "second_key": f"alias/{SECOND}", "canary": True}
    return AwsSelftest(**{**fields, **given})


@contextmanager
def connected(aws: AwsSimulator, clock: Clock | None = None, **given: Any) -> Iterator[Access]:  # noqa: ANN401
    """Connect what the estate names; ``given`` are fields of it."""
    access = connect(a_source(aws), a_test(**given), (clock or Clock()).outside(), "")
    try:
        yield access
    finally:
        access.close()
