"""Places where keys may have leaked to as a kind of source."""

from __future__ import annotations

from dataclasses import replace

from scanner.collect.leaks.slack_transport import Workspace
from scanner.kinds.leaks import KIND
from scanner.model.estate import LeakSource, SecretRef
from tests.collect.fakes import Clock
from tests.kinds.given import AWS, OTHERS, context, observation

ASKED = frozenset({"leaks:Read"})


def test_it_is_read_where_a_control_needs_it() -> None:
    (made,) = KIND.units(OTHERS, context(wanted=ASKED))
    assert (made.id, made.deadline) == ("leaks/logs", 130.0)
    assert list(KIND.units(OTHERS, context())) == []
    assert list(KIND.units(OTHERS, context(wanted=ASKED, only=frozenset({"other"})))) == []
    assert KIND.of_estate(OTHERS)
    assert not KIND.of_estate(AWS)


def test_what_it_needs_is_told() -> None:
    assert KIND.permissions(KIND.operations())


def test_the_salt_is_looked_up_when_there_is_one() -> None:
    asked: list[SecretRef] = []

    def resolve(ref: SecretRef) -> str:
        asked.append(ref)
        return "hunter2"

    salt = SecretRef("env", "SALT")
    for estate in (OTHERS, replace(OTHERS, salt=salt)):
        (made,) = KIND.units(estate, context(wanted=ASKED, resolve=resolve))
        assert made.collector == "leaks.places"
    assert asked == [salt]
    assert KIND.identity(observation("leaks:Read", {})) == ""


def test_the_token_of_slack_is_looked_up_and_given_to_its_transport() -> None:
    asked: list[SecretRef] = []

    def resolve(ref: SecretRef) -> str:
        asked.append(ref)
        return "hunter2"

    token = SecretRef("env", "SLACK_TOKEN")
    estate = replace(OTHERS, leaks=(LeakSource(name="slack", kind="slack", token=token),))
    (made,) = KIND.units(estate, context(wanted=ASKED, resolve=resolve, outside=Clock().outside()))
    assert asked == [token]
    transport = made.transport()
    assert isinstance(transport, Workspace)
    assert transport.endpoint == "https://slack.com/api"
    transport.close()
