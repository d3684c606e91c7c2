"""The estate from its file: what is read, and that what it refers to is there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scanner.errors import ConfigError, MissingExtraError
from scanner.estate.load import check_needs, check_policy, load_estate, parse_estate, read_estate
from scanner.model.estate import AwsSource, DeclaredStore, SecretRef
from scanner.model.ids import Json
from tests.estate.faulty import ARN, GOOD, HEAD, NOT_YAML, PLAIN, SECRETS, SHAPE, URLS, Faulty, policy, source


def only(text: str) -> AwsSource:
    (found,) = parse_estate(text.encode(), "estate.yaml").estate.aws
    return found


WRONG = (*NOT_YAML, *SHAPE, *SECRETS, *URLS)


@pytest.mark.parametrize("case", WRONG, ids=[case.name for case in WRONG])
def test_a_faulty_file_is_refused_where_it_is_wrong(case: Faulty) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_estate(case.raw, "estate.yaml")
    assert caught.value.place is not None
    assert str(caught.value).startswith(f"{caught.value.place}: ")
    assert caught.value.__cause__ is None  # what is chained would show values of the file in a traceback


def test_a_source_has_defaults() -> None:
    assert only(source()) == AwsSource(name="main")


def test_everything_that_can_be_said_is_read() -> None:
    got = only(
        source(
            "profile: audit",
            f"role_chain: [{ARN}, {ARN}2]",
            "external_id: {file: /run/secret}",
            "organization: {role: auditor, accounts: ['111122223333']}",
            "regions: [us-east-1, us-west-2]",
            "endpoint_url: http://kms.example.com/",
            "insecure: true",
            "ca_bundle: ca.pem",
            "concurrency: 8",
            "time_limit: 60",
            "verify_digests: true",
        )
    )
    assert got == AwsSource(
        name="main",
        profile="audit",
        role_chain=(ARN, f"{ARN}2"),
        external_id=SecretRef("file", "/run/secret"),
        organization_role="auditor",
        accounts=("111122223333",),
        regions=("us-east-1", "us-west-2"),
        endpoint_url="http://kms.example.com",
        insecure=True,
        ca_bundle="ca.pem",
        concurrency=8,
        time_limit=60,
        verify_digests=True,
    )


def test_what_the_user_says_of_stores_and_certificates_is_read() -> None:
    text = f"{HEAD}certificates: newer.yaml\nstores:\n"
    text += "  - {match: '*-audio', ephi: true, sensitivity: [substance_use, behavioral_health]}\n"
    text += "  - {match: '*-logs', ephi: false}\nsources: {aws: [{name: a}]}\n"
    estate = parse_estate(text.encode(), "estate.yaml").estate
    assert estate.certificates == "newer.yaml"
    assert estate.stores == (
        DeclaredStore(match="*-audio", ephi=True, sensitivity=("behavioral_health", "substance_use")),
        DeclaredStore(match="*-logs", ephi=False),
    )


@pytest.mark.parametrize(
    ("line", "role", "regions"),
    [
        ("organization: true", "keyaudit-audit", ()),
        ("organization: {}", "keyaudit-audit", ()),
        ("organization: false", "", ()),
        ("regions: all", "", ("all",)),
        ("regions: [all]", "", ("all",)),
        ("regions: []", "", ()),
    ],
)
def test_short_forms_stand_for_long_ones(line: str, role: str, regions: tuple[str, ...]) -> None:
    got = only(source(line))
    assert (got.organization_role, got.regions) == (role, regions)


def test_one_role_is_a_chain_of_one() -> None:
    got = only(source(f"role_arn: {ARN}", "external_id: {keyring: audit}"))
    assert (got.role_chain, got.external_id) == ((ARN,), SecretRef("keyring", "audit"))


def test_the_estate_keeps_its_order_its_policy_and_its_digest(tmp_path: Path) -> None:
    text = f"{HEAD}policy: {{kek_max_days: 1, owner_tag: a, approved_accounts: ['1']}}\n"
    text += "sources: {aws: [{name: b}, {name: a}]}\n"
    path = tmp_path / "estate.yaml"
    path.write_text(text)
    estate = load_estate(path)
    assert estate.source_names == ("b", "a")
    assert estate.policy == {"kek_max_days": 1, "owner_tag": "a", "approved_accounts": ["1"]}
    assert estate.digest == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    assert read_estate(path).raw == text.encode()


@pytest.mark.parametrize(("text", "secret"), [(t, s) for _, t, s in PLAIN], ids=[name for name, _, _ in PLAIN])
def test_a_secret_in_plain_text_is_never_repeated(text: str, secret: str) -> None:
    with pytest.raises(ConfigError, match="looks like a secret in plain text") as caught:
        parse_estate(text.encode(), "estate.yaml")
    assert secret not in f"{caught.value}{caught.value.hint}"
    assert caught.value.place is not None
    assert caught.value.place.line > 0


HARMLESS = [
    source("ca_bundle: /opt/Company1/certs/Aaaaaaaaaaaaaaaaaaaaaaaa"),
    source("ca_bundle: ../Company1/certs/Aaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    source("ca_bundle: '~/Company1/certs/Aaaaaaaaaaaaaaaaaaaaaaaaaa1'"),
    source("role_arn: arn:aws:iam::111122223333:role/Team1/Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"),
    source("profile: da39a3ee5e6b4b0d3255bfef95601890afd80709"),  # a digest in hexadecimal
    source("endpoint_url: https://kms.example.com:443/path"),
    f"{GOOD}# see https://kms.example.com: it @ says\n",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_is_let_through(text: str) -> None:
    assert only(text).name == "main"


EXTERNAL = source(f"role_arn: {ARN}", "external_id: {env: EXTERNAL_ID}")
NEEDS = f"{EXTERNAL}    - name: other\n      ca_bundle: /nowhere/ca.pem\n"


def nothing(_: SecretRef) -> str:
    raise MissingExtraError("the keyring package is not installed", hint="pip install keyring")


def test_a_secret_that_is_not_there_is_told_where_it_is_referred_to() -> None:
    with pytest.raises(ConfigError) as caught:
        check_needs(parse_estate(EXTERNAL.encode(), "estate.yaml"), nothing)
    assert str(caught.value) == "estate.yaml:7: the keyring package is not installed"
    assert caught.value.hint == "pip install keyring"
    assert caught.value.exit_code == 2


def test_a_certificate_file_must_be_there(tmp_path: Path) -> None:
    text = parse_estate(NEEDS.encode(), "estate.yaml")
    with pytest.raises(ConfigError, match=r"estate.yaml:9: there is no file /nowhere/ca.pem"):
        check_needs(text, lambda _: "secret")
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    check_needs(parse_estate(NEEDS.replace("/nowhere/ca.pem", str(bundle)).encode(), "e"), lambda _: "secret")


def test_only_what_the_chosen_sources_need_is_looked_for() -> None:
    text = parse_estate(NEEDS.encode(), "estate.yaml")
    asked: list[SecretRef] = []

    def resolve(ref: SecretRef) -> str:
        asked.append(ref)
        return "secret"

    check_needs(text, resolve, {"main"})
    assert asked == [SecretRef("env", "EXTERNAL_ID")]
    with pytest.raises(ConfigError, match="there is no file"):
        check_needs(text, nothing, {"other"})


KNOWN: dict[str, Json] = {"kek_max_days": 730, "ratio": 0.5, "owner_tag": "owner", "approved_accounts": ["1"]}


@pytest.mark.parametrize(
    "line", ["kek_max_days: 1", "kek_max_days: 1.5", "ratio: 1", "owner_tag: a", "approved_accounts: []"]
)
def test_a_threshold_of_the_right_type_is_taken(line: str) -> None:
    check_policy(parse_estate(policy(line).encode(), "estate.yaml"), KNOWN)


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("kek_max_day: 1", "no control has a threshold 'kek_max_day'", "did you mean kek_max_days?"),
        ("zzz: 1", "no control has a threshold 'zzz'", "there are: approved_accounts, kek_max_days, owner_tag, ratio"),
        ("kek_max_days: a year", "policy.kek_max_days: must be a number, not text", "the default is 730"),
        ("owner_tag: 1", "policy.owner_tag: must be text, not a number", "the default is owner"),
        ("owner_tag: [a]", "policy.owner_tag: must be text, not a list of text", "the default is owner"),
        ("approved_accounts: a", "policy.approved_accounts: must be a list of text, not text", "the default is ['1']"),
    ],
)
def test_a_threshold_that_is_wrong_is_told_at_its_line(line: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_policy(parse_estate(policy(line).encode(), "estate.yaml"), KNOWN)
    assert str(caught.value) == f"estate.yaml:4: {message}"
    assert caught.value.hint == hint
