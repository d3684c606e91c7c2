"""The simulated AWS: it starts, it ends, and it leaves nothing behind."""

from __future__ import annotations

import os
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from scanner.demo.aws.people_world import People, Policy
from scanner.demo.aws.simulator import ENVIRON, IMAGES, aws_simulator
from scanner.demo.embedded import environment
from scanner.errors import ConfigError, MissingExtraError
from tests.collect.aws.running import a_source, collect
from tests.support import ACCOUNT, NOW, a_key, a_world, simulated


def test_it_listens_on_loopback_alone_and_on_any_free_port() -> None:
    with aws_simulator(a_world(), NOW) as one:
        assert one.url.startswith("http://127.0.0.1:")
        first = one.url
    with aws_simulator(a_world(), NOW) as two:
        assert two.url != "http://127.0.0.1:0"
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(first, timeout=10)


def test_no_thread_is_left() -> None:
    before = set(threading.enumerate())
    with aws_simulator(a_world(), NOW):
        assert set(threading.enumerate()) - before
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("given", [None, "true"])
def test_the_environment_is_given_back(monkeypatch: pytest.MonkeyPatch, given: str | None) -> None:
    monkeypatch.delenv(IMAGES, raising=False)
    if given is not None:
        monkeypatch.setenv(IMAGES, given)
    with aws_simulator(a_world(), NOW):
        assert os.environ[IMAGES] == (given or "false")
    assert os.environ.get(IMAGES) == given


def test_it_ends_when_its_user_fails() -> None:
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), aws_simulator(a_world(), NOW):
        raise ZeroDivisionError
    assert set(threading.enumerate()) <= before


def test_reads_that_the_world_denies_are_denied(tmp_path: Path) -> None:
    key = a_key("hidden", denied=["kms:GetKeyPolicy", "kms:ListGrants"])
    with simulated(a_world(key, a_key("open"))) as aws:
        found = collect(tmp_path, a_source(aws.url))
    assert {(gap.operation, gap.subject) for gap in found.gaps} == {
        ("kms:GetKeyPolicy", key.arn),
        ("kms:ListGrants", key.arn),
    }


def test_the_same_world_gives_the_same_answers(tmp_path: Path) -> None:
    world = a_world(a_key("one", rotated_days_ago=[5]), a_key("two"))
    answers = []
    for name in "ab":
        with simulated(world) as aws:
            found = collect(tmp_path / name, a_source(aws.url))
        answers.append({(a.operation, a.subject, str(a.response)) for a in found.answers() if a.subject})
    assert answers[0] == answers[1]


def test_its_credentials_keep_everybody_elses_out() -> None:
    with environment(ENVIRON):
        assert ENVIRON["AWS_CONFIG_FILE"] == ENVIRON["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert ENVIRON["AWS_EC2_METADATA_DISABLED"] == "true"


def test_a_world_that_moto_refuses_to_hold_is_told_and_starts_nothing() -> None:
    people = People(policies=[Policy(name="p", account=ACCOUNT, about="", document={"Statement": "x"})])
    before = set(threading.enumerate())
    world = a_world().model_copy(update={"people": people})
    with pytest.raises(ConfigError, match=r"cannot be simulated: .*policy") as caught, aws_simulator(world, NOW):
        raise AssertionError("it ran")
    assert caught.value.hint == "is every policy document of the world a valid one?"
    assert set(threading.enumerate()) <= before


def test_without_moto_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moto.moto_server.werkzeug_app", None)
    with pytest.raises(MissingExtraError, match="the demo needs moto") as caught, aws_simulator(a_world(), NOW):
        raise AssertionError("it ran")
    assert 'pip install "keyaudit[demo]"' in caught.value.hint
