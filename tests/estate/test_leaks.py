"""Places where keys leak to, from the estate file to the estate."""

from __future__ import annotations

import jsonschema
import pytest

from scanner.errors import ConfigError
from scanner.estate.load import check_needs, parse_estate
from scanner.estate.schema import estate_schema
from scanner.model.estate import Estate, LeakSource, SecretRef
from scanner.yamlfile import parse
from tests.estate.faulty import HEAD

EVERY = f"""\
{HEAD}salt: {{env: KEYAUDIT_SALT}}
sources:
  leaks:
    - {{name: logs, paths: [/var/log/voice, app.log], exclude: ["*.wav"], time_limit: 60}}
    - {{name: source, git: repo.git, exclude: [vendor]}}
    - {{name: slack, slack_export: slack.zip}}
    - {{name: live, slack: {{token: {{env: SLACK_TOKEN}}}}}}
    - {{name: few, slack: {{token: {{env: SLACK_TOKEN}}}}, endpoint_url: "http://127.0.0.1:80/api",
       channels: [C0A, D0B], since_days: 30}}
"""


def loaded(text: str) -> Estate:
    return parse_estate(text.encode(), "estate.yaml").estate


def test_every_key_is_taken() -> None:
    estate = loaded(EVERY)
    assert estate.leaks == (
        LeakSource(name="logs", kind="files", places=("/var/log/voice", "app.log"), exclude=("*.wav",), time_limit=60),
        LeakSource(name="source", kind="git", places=("repo.git",), exclude=("vendor",)),
        LeakSource(name="slack", kind="slack_export", places=("slack.zip",)),
        LeakSource(name="live", kind="slack", token=SecretRef("env", "SLACK_TOKEN")),
        LeakSource(
            name="few",
            kind="slack",
            token=SecretRef("env", "SLACK_TOKEN"),
            endpoint_url="http://127.0.0.1:80/api",
            channels=("C0A", "D0B"),
            since_days=30,
        ),
    )
    assert estate.salt == SecretRef("env", "KEYAUDIT_SALT")
    assert estate.source_names == ("logs", "source", "slack", "live", "few")


@pytest.mark.parametrize(
    ("entry", "words", "hint"),
    [
        ("{name: a}", "does not say what to read", "give exactly one of paths, git, slack_export, slack"),
        ("{name: a, git: r, paths: [p]}", "names places of several kinds", "give exactly one of"),
        ("{name: a, slack_export: s, exclude: [p]}", "of an export nothing is left out", "remove `exclude:`"),
        ("{name: a, slack: {token: {env: T}}, exclude: [p]}", "of messages nothing is left out", "remove `exclude:`"),
        ("{name: a, slack: {token: {env: T}}, git: r}", "names places of several kinds", "give exactly one of"),
        ("{name: a, slack: {token: xoxp}}", "a secret is given by reference", ""),
        ("{name: a, slack: {}}", "token", ""),
        ("{name: a, slack: {token: {env: T}}, channels: [general]}", "must be the id of a channel", ""),
        ("{name: a, slack: {token: {env: T}}, channels: [C0A, C0A]}", "is given twice", ""),
        ("{name: a, slack: {token: {env: T}}, channels: []}", "at least 1", ""),
        ("{name: a, slack: {token: {env: T}}, since_days: 0}", "greater than or equal to 1", ""),
        ('{name: a, slack: {token: {env: T}}, endpoint_url: "http://slack.com/api"}', "endpoint_url", ""),
        ("{name: a, git: r, channels: [C0A]}", "is for `slack:` alone", "remove `channels:`, or give `slack:`"),
        ("{name: a, git: r, since_days: 3}", "is for `slack:` alone", "remove `since_days:`"),
        ("{name: a, paths: []}", "at least 1", ""),
        ("{name: a, paths: [p, p]}", "is given twice", ""),
        ('{name: a, git: ""}', "must not be empty", ""),
        ("{name: a, svn: r}", "svn", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_line(entry: str, words: str, hint: str) -> None:
    text = f"{HEAD}sources:\n  leaks:\n    - {entry}\n"
    line = text.split("\n").index(f"    - {entry}") + 1
    with pytest.raises(ConfigError, match=words) as caught:
        loaded(text)
    assert caught.value.place is not None
    assert caught.value.place.line == line
    assert hint in caught.value.hint
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(parse(text.encode(), "a").data, estate_schema())


def test_the_schema_takes_what_the_loader_takes() -> None:
    jsonschema.validate(parse(EVERY.encode(), "a").data, estate_schema())


def test_the_salt_must_be_there_when_a_place_is_read() -> None:
    def missing(ref: SecretRef) -> str:
        if ref.name != "KEYAUDIT_SALT":
            return "token"
        raise ConfigError(f"the environment variable {ref.name} is not set")

    text = parse_estate(EVERY.encode(), "estate.yaml")
    with pytest.raises(ConfigError, match="KEYAUDIT_SALT is not set") as caught:
        check_needs(text, missing)
    assert caught.value.place is not None
    assert caught.value.place.line == EVERY.split("\n").index("salt: {env: KEYAUDIT_SALT}") + 1
    check_needs(text, lambda _: "salt")
    check_needs(text, missing, only=["other"])


def test_the_token_must_be_there() -> None:
    def missing(ref: SecretRef) -> str:
        if ref.name == "SLACK_TOKEN":
            raise ConfigError(f"the environment variable {ref.name} is not set")
        return "salt"

    with pytest.raises(ConfigError, match="SLACK_TOKEN is not set") as caught:
        check_needs(parse_estate(EVERY.encode(), "estate.yaml"), missing)
    assert caught.value.place is not None
    assert "name: live" in EVERY.split("\n")[caught.value.place.line - 1]
