"""The keys of a database: those that the estate names, by whatever name the database has for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.demo.aws.simulator import AwsSimulator
from scanner.model.observation import GapReason
from scanner.selftest.aws import Access
from scanner.selftest.bench import CONTEXT
from scanner.selftest.interface import CannotRunError
from scanner.selftest.named import NamedKeys
from tests.selftest.aws_world import CANARY, OTHER, SECOND, a_test, arn, connected, logged_in, running
from tests.support import ACCOUNT, REGION


@pytest.fixture(scope="module")
def simulator() -> Iterator[AwsSimulator]:
    with running() as aws:
        yield aws


@pytest.fixture
def access(simulator: AwsSimulator, tmp_path: Path) -> Iterator[Access]:
    with logged_in(simulator, tmp_path), connected(simulator) as access:
        yield access


def test_a_key_is_known_by_each_of_its_names(access: Access) -> None:
    keys = NamedKeys([(a_test(), access)], access.keys.calls)
    data = keys.generate_data_key(arn(CANARY), CONTEXT)
    identity = arn(CANARY).rpartition("/")[2]
    for name in (f"alias/{CANARY}", identity, f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/{CANARY}", arn(CANARY)):
        assert keys.unwrap(name, data.wrapped, CONTEXT) == data.plaintext
        assert keys.describe(name).key_id == arn(CANARY)
    moved = keys.rewrap(identity, data.wrapped, CONTEXT, f"alias/{SECOND}")
    assert keys.unwrap(arn(SECOND), moved, CONTEXT) == data.plaintext
    wrapped = keys.wrap(f"alias/{SECOND}", b"k" * 32, CONTEXT)
    assert keys.unwrap(f"alias/{SECOND}", wrapped, CONTEXT) == b"k" * 32
    assert (keys.provider, keys.binds_context) == ("aws", True)


def test_a_key_that_the_estate_does_not_name_is_never_used(access: Access) -> None:
    calls = access.keys.calls
    keys = NamedKeys([(a_test(), access)], calls)
    for name in (arn(OTHER), f"alias/{OTHER}", ""):
        with pytest.raises(CannotRunError, match="the estate does not name it: add it under `selftest:") as caught:
            keys.unwrap(name, b"x", CONTEXT)
        assert caught.value.reason is GapReason.NOT_ALLOWED
    assert access.keys.calls == calls


def test_a_second_key_that_is_not_named_has_no_name(simulator: AwsSimulator, tmp_path: Path) -> None:
    with logged_in(simulator, tmp_path), connected(simulator, second_key="") as access:
        keys = NamedKeys([(a_test(second_key=""), access)], ())
        with pytest.raises(CannotRunError):
            keys.describe("")
        assert keys.describe(f"alias/{CANARY}").state == "active"
