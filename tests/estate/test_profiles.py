"""Profiles, from the estate file to the estate: what they may say, and where an error stands."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest

from scanner.errors import ConfigError
from scanner.estate.load import parse_estate
from scanner.estate.schema import estate_schema
from scanner.estate.template import init_estate
from scanner.model.estate import SecretRef
from scanner.model.profile import (
    EmailTarget,
    Keep,
    Notify,
    Packaging,
    Profile,
    SlackTarget,
    Tls,
    WebhookTarget,
    When,
)
from scanner.yamlfile import parse

HEAD = "keyaudit: 1\norganization: T\nsources: {aws: [{name: main}]}\nprofiles:\n  nightly:\n"
MAIL = "server: 'smtp.example.com:587', from: k@example.com, to: [a@example.com]"
WHOLE = """\
    folder: nightly
    controls: [KM-ROT-04]
    frameworks: [hipaa-164.312]
    phases: [rotation]
    only: [main]
    store: {env: KEYAUDIT_STORE}
    period_days: 30
    package:
      sign: "file:audit.key"
      passphrase: {env: PASSPHRASE}
      pin: {file: /run/pin}
      sign_pdf: audit.crt
      timestamp: https://tsa.example.com
    keep: {scans: 7, packages: 90}
    fail_on: high
    accept_waived: true
    notify:
      - email:
          server: "smtp.example.com:465"
          tls: implicit
          from: keyaudit@example.com
          to: [a@example.com, b@example.com]
          username: keyaudit
          password: {env: SMTP_PASSWORD}
          ca_bundle: ca.pem
          attach: [pdf, diff]
        when: failed
      - {email: {server: "[::1]:25", tls: none, from: k@example.com, to: [a@example.com]}}
      - {slack: {url: {env: SLACK}, ca_bundle: /etc/ca.pem}, when: changed}
      - {webhook: {url: "https://hooks.example.com/keyaudit/", secret: {env: S}}, name: tickets}
      - {webhook: {url: {env: HOOK}}}
"""


def profile(text: str) -> Profile:
    (found,) = parse_estate((HEAD + text).encode(), "/etc/keyaudit/estate.yaml").estate.profiles
    return found


def test_a_whole_profile() -> None:
    assert profile(WHOLE) == Profile(
        name="nightly",
        folder=Path("/etc/keyaudit/nightly"),
        controls=("KM-ROT-04",),
        frameworks=("hipaa-164.312",),
        phases=("rotation",),
        only=("main",),
        store=SecretRef("env", "KEYAUDIT_STORE"),
        period_days=30,
        package=Packaging(
            sign="file:/etc/keyaudit/audit.key",
            passphrase=SecretRef("env", "PASSPHRASE"),
            pin=SecretRef("file", "/run/pin"),
            sign_pdf="/etc/keyaudit/audit.crt",
            timestamp="https://tsa.example.com",
        ),
        keep=Keep(7, 90),
        fail_on="high",
        accept_waived=True,
        notify=(
            Notify(
                "email",
                EmailTarget(
                    host="smtp.example.com",
                    port=465,
                    tls=Tls.IMPLICIT,
                    sender="keyaudit@example.com",
                    to=("a@example.com", "b@example.com"),
                    username="keyaudit",
                    password=SecretRef("env", "SMTP_PASSWORD"),
                    ca_bundle="/etc/keyaudit/ca.pem",
                    attach=("pdf", "diff"),
                ),
                When.FAILED,
            ),
            Notify(
                "email-2",
                EmailTarget(host="::1", port=25, tls=Tls.NONE, sender="k@example.com", to=("a@example.com",)),
                When.ALWAYS,
            ),
            Notify("slack", SlackTarget(url=SecretRef("env", "SLACK"), ca_bundle="/etc/ca.pem"), When.CHANGED),
            Notify(
                "tickets",
                WebhookTarget(url="https://hooks.example.com/keyaudit/", secret=SecretRef("env", "S")),
                When.ALWAYS,
            ),
            Notify("webhook", WebhookTarget(url=SecretRef("env", "HOOK")), When.ALWAYS),
        ),
    )


def test_the_least_that_a_profile_says() -> None:
    assert profile("    folder: /var/n\n") == Profile(name="nightly", folder=Path("/var/n"))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("history.db", "/etc/keyaudit/history.db"),
        ("/var/history.db", "/var/history.db"),
        ("postgresql://keyaudit@db/history", "postgresql://keyaudit@db/history"),
    ],
)
def test_the_store_is_a_file_or_a_url(given: str, meant: str) -> None:
    assert profile(f"    folder: n\n    store: {given}\n").store == meant


@pytest.mark.parametrize(
    ("given", "meant"), [("file:~/a.key", "file:~/a.key"), ("awskms:arn:aws:kms:x", "awskms:arn:aws:kms:x")]
)
def test_a_key_elsewhere_stays_as_it_is(given: str, meant: str) -> None:
    assert profile(f'    folder: n\n    package: {{sign: "{given}"}}\n').package.sign == meant


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("notify: [{slack: {url: 'https://hooks.slack.com/x'}}]", "slack.url: a secret is given by reference"),
        ("notify: [{webhook: {url: 5}}]", "webhook.url: must be"),
        ("notify: [{webhook: {url: 'http://h.example.com/x'}}]", "plain http is allowed only to this machine"),
        ("notify: [{webhook: {url: 'https://169.254.169.254/x'}}]", "instance-metadata"),
        (f"notify: [{{email: {{{MAIL}, tls: none}}}}]", "email.tls: mail would leave this machine in plain text"),
        (f"notify: [{{email: {{{MAIL}, username: x}}}}]", "has half a login"),
        (f"notify: [{{email: {{{MAIL}}}, slack: {{url: {{env: A}}}}}}]", "must have exactly one of"),
        ("notify: [{when: always}]", "must have exactly one of"),
        ("notify: [{email: {server: smtp, from: k@x, to: [a@x]}}]", "the name and port of a mail server"),
        ("notify: [{email: {server: 'smtp:0', from: k@x, to: [a@x]}}]", "the name and port of a mail server"),
        ("notify: [{email: {server: 'smtp:25', from: 'k@x, e@x', to: [a@x]}}]", "must be one e-mail address"),
        ("notify: [{email: {server: 'smtp:25', from: k@x, to: []}}]", "at least 1"),
        ("notify: [{email: {server: 'smtp:25', frm: k@x, to: [a@x]}}]", "unknown key 'frm'"),
        (
            "notify: [{webhook: {url: {env: A}}, name: one}, {webhook: {url: {env: B}}, name: one}]",
            "two targets have this name",
        ),
        ("package: {passphrase: {env: X}}", "goes with `sign`, and there is none"),
        ("package: {sign: audit.key}", "must be file:PATH"),
        ("package: {sign: 'file:k', sign_pdf: c.pem}\n    report: false", "needs a report, and `report` is false"),
        ("keep: {scans: 30, packages: 3}", "is less than `scans`"),
        ("keep: {scans: 1}", "greater than or equal to 2"),
        ("period_days: -1", "greater than or equal to 0"),
        ("fail_on: worst", "must be"),
        ("store: 5", "must be text"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(lines: str, why: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(why)) as caught:
        profile(f"    folder: n\n    {lines}\n")
    assert str(caught.value).startswith("/etc/keyaudit/estate.yaml:7: ")
    assert "hooks.slack.com" not in f"{caught.value} {caught.value.hint}"


def test_the_json_schema_knows_profiles() -> None:
    validator = jsonschema.Draft202012Validator(estate_schema())
    assert validator.is_valid(parse((HEAD + WHOLE).encode(), "x").data)
    for wrong in ("notify: [{when: always}]", "more: 1", "package: {pin: {env: A}}", "keep: {scans: 1}"):
        assert not validator.is_valid(parse(f"{HEAD}    folder: n\n    {wrong}\n".encode(), "x").data), wrong


def test_the_profile_that_init_shows_is_right() -> None:
    text = init_estate("Example Health", parameters={})
    shown = re.findall(r"^# profiles:\n(?:#   .*\n)+", text, re.MULTILINE)
    (given,) = parse_estate(
        (text + re.sub(r"^# ", "", shown[0], flags=re.MULTILINE)).encode(), "e.yaml"
    ).estate.profiles
    assert [one.name for one in given.notify] == ["email", "slack", "webhook"]
    assert given.keep == Keep()
    assert given.fail_on == "high"
