"""Redaction: nothing planted survives, what an audit needs does, and hostile text is bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from scanner.evidence.canonical import canonical
from scanner.evidence.patterns import REMOVED
from scanner.evidence.redact import MAX_DEPTH, MAX_NAME, MAX_TEXT, names_a_secret, redact, redact_text
from scanner.model.ids import Json
from tests.evidence.samples import VALUES
from tests.evidence.test_patterns import JWT, PEM

CANARY = "canary-7f3a"
"""Looks like nothing: only its name can give it away."""

SECRET_NAMES = [
    *(
        "SecretAccessKey",
        "SessionToken",
        "secret_access_key",
        "aws-session-token",
        "Password",
        "DB_PASSWORD",
        "dbPassword",
    ),
    *("db.password", "passphrase", "PLAINTEXT", "Plaintext", "PrivateKey", "PrivateKeyPlaintext", "private_key"),
    *(
        "Authorization",
        "api_key",
        "apiKey",
        "X-Api-Key",
        "client_secret",
        "clientSecret",
        "secret",
        "token",
        "accessToken",
    ),
    *(
        "GITHUB_TOKEN",
        "KeyMaterial",
        "EncryptedKeyMaterial",
        "CiphertextForRecipient",
        "ImportToken",
        "GrantTokens"[:-1],
    ),
    *("pin", "HSM_PIN", "userPin", "hsm-pin", "Pwd", "DB_PASSWORD_PROD_2", "secretValue", "externalId", "ExternalId"),
    *("SSN", "mrn", "Patient Name", "patient-id", "date_of_birth"),
    *("webhook secret", "storage-account-key", "kv/prod/api-key", "credential"),
]
PUBLIC_NAMES = [
    *(
        "KeyId",
        "KeyArn",
        "KeyMaterialId",
        "KeyMaterialState",
        "KeyMaterialDescription",
        "IncludeKeyMaterial",
        "AccessKeyId",
    ),
    *("PublicKey", "Policy", "PolicyName", "AliasName", "NextToken", "NextMarker", "nextPageToken", "ClientToken"),
    *("ContinuationToken", "PasswordLastUsed", "MinimumPasswordLength", "password_encryption", "SecretArn", "SecretId"),
    *("TrustAnchorCertificate", "shopping", "spin", "tokens", "GrantId", "Description", "KeyUsage", "owner", "tenant"),
    *("", "secretary", "TokenIssueTime", "CustomKeyStoreId", "XksKeyConfiguration", "RoleSessionName"),
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_names_of_secrets(name: str) -> None:
    assert names_a_secret(name)
    assert redact({name: CANARY}) == redact({name: "another"})


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_names_of_what_an_audit_needs(name: str) -> None:
    assert not names_a_secret(name)
    assert redact({name: CANARY}).value == {name: CANARY}


TAGS: list[Json] = [
    {"TagKey": "db-password", "TagValue": CANARY},
    {"Key": "API_KEY", "Value": CANARY},
    {"key": "client.secret", "value": CANARY},
    {"name": "hsm pin", "value": CANARY},
    {"Name": "github-token", "Value": CANARY},
    {"tagKey": "password", "tagValue": CANARY},
    {"name": "pin", "value": 271828},
    {"name": "passwords", "value": [CANARY, {"also": CANARY}]},
    {"tags": {"DB_PASSWORD": CANARY}},
]


@pytest.mark.parametrize("tag", TAGS[:-2])
def test_a_tag_called_like_a_secret_loses_its_value_and_keeps_its_name(tag: dict[str, Json]) -> None:
    cleaned = redact([tag], "/response")
    text = json.dumps(cleaned.value)
    assert CANARY not in text
    assert "271828" not in text
    assert str(next(iter(tag.values()))) in text
    assert cleaned.paths == (f"/response/0/{[*tag][1]}",)


def test_a_tag_that_only_has_the_word_for_a_value_stays() -> None:
    tag: Json = {"TagKey": "owner", "TagValue": "password"}
    assert redact(tag).value == tag


NESTED: list[Json] = [
    {"a": [{"b": {"Password": CANARY}}]},
    {"Passwords": [CANARY, CANARY]},
    {"password": [[CANARY]]},
    {"secrets": [CANARY]},
    {"a": {"token": 7}},
    *TAGS[-2:-1],
]


@pytest.mark.parametrize("value", NESTED)
def test_secrets_are_found_however_deep(value: Json) -> None:
    cleaned = redact(value)
    assert cleaned.paths
    assert '": 7' not in json.dumps(cleaned.value)
    assert json.dumps(cleaned.value).count(CANARY) == json.dumps(value).count(f'"also": "{CANARY}"')


@pytest.mark.parametrize("value", [None, True, False, "", [], {}])
def test_what_holds_nothing_is_not_called_redacted(value: Json) -> None:
    assert redact({"password": value}).paths == ()
    assert redact({"password": value}).value == {"password": value}


def test_an_object_under_a_secrets_name_is_read_by_its_own_names() -> None:
    value: Json = {"secret": {"arn": "arn:aws:secretsmanager:us-east-1:1:secret:x", "password": CANARY}}
    cleaned = redact(value)
    assert cleaned.value == {"secret": {"arn": "arn:aws:secretsmanager:us-east-1:1:secret:x", "password": REMOVED}}
    assert cleaned.paths == ("/secret/password",)


def test_private_members_of_a_web_key_go_and_public_ones_stay() -> None:
    key: dict[str, Json] = {"kty": "RSA", "n": "AQAB0", "e": "AQAB", "kid": "1", "d": CANARY, "p": CANARY, "qi": CANARY}
    cleaned = redact(key)
    assert cleaned.value == {**key, "d": REMOVED, "p": REMOVED, "qi": REMOVED}
    assert redact({"d": "not a web key"}).value == {"d": "not a web key"}


@pytest.mark.parametrize("secret", [JWT, PEM.format(""), "sk-abcdefABCDEF1234567890abcdef"])
def test_a_secret_in_a_member_name_is_cut(secret: str) -> None:
    cleaned = redact({f"{secret} x": "1", f"{secret} y": "2", f"{secret} x ": "3"}, "/response")
    assert isinstance(cleaned.value, dict)
    assert all(name.startswith(REMOVED) for name in cleaned.value)
    assert sorted(map(str, cleaned.value.values())) == ["1", "2", "3"]  # no member is lost
    assert len(cleaned.paths) == 3


def test_names_that_become_alike_stay_apart() -> None:
    names = ["\ud800", "\ufffd", "\udfff", "\ufffd (2)"]
    cleaned = redact({name: str(i) for i, name in enumerate(names)})
    assert isinstance(cleaned.value, dict)
    assert sorted(map(str, cleaned.value.values())) == ["0", "1", "2", "3"]
    canonical(cleaned.value)


def test_paths_are_json_pointers_each_once() -> None:
    cleaned = redact({"a/b": {"~": {"password": f"{CANARY} {JWT}"}}, "c": [f"{JWT} {'x' * MAX_TEXT}"]}, "/params")
    assert cleaned.paths == ("/params/a~1b/~0/password", "/params/c/0")


# Hostile text.
BIG = 10 * 1024 * 1024


def test_a_huge_text_is_cut_and_says_so() -> None:
    cleaned = redact({"Description": "x" * BIG})
    assert isinstance(cleaned.value, dict)
    text = str(cleaned.value["Description"])
    assert len(text) == MAX_TEXT
    assert text.endswith(f" [cut, {BIG} characters]")
    assert cleaned.paths == ("/Description",)
    assert redact(cleaned.value) == redact(redact(cleaned.value).value)


def test_a_text_at_the_bound_is_kept() -> None:
    assert redact("x" * MAX_TEXT).paths == ()


@pytest.mark.parametrize("before", [MAX_TEXT - 1, MAX_TEXT - 40, MAX_TEXT - 400])
def test_a_secret_on_the_cut_does_not_survive_in_part(before: int) -> None:
    text = redact_text("x" * before + " password=" + CANARY * 200)
    assert "canary" not in text
    assert JWT[:20] not in redact_text(" " * (MAX_TEXT - 60) + JWT + "x" * 5000)


def test_a_huge_name_is_cut() -> None:
    cleaned = redact({"n" * BIG: "v", "n" * (BIG + 1): "w"})
    assert isinstance(cleaned.value, dict)
    assert all(len(name) <= MAX_NAME + 10 for name in cleaned.value)
    assert sorted(map(str, cleaned.value.values())) == ["v", "w"]


def nested(depth: int, kind: str) -> Json:
    value: Json = "end"
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    return value


@pytest.mark.parametrize("kind", ["list", "object"])
def test_deep_nesting_is_cut(kind: str) -> None:
    assert "end" in json.dumps(redact(nested(MAX_DEPTH, kind)).value)
    cleaned = redact(nested(MAX_DEPTH + 1, kind))
    assert f"nested deeper than {MAX_DEPTH}" in json.dumps(cleaned.value)
    assert len(cleaned.paths) == 1
    assert canonical(redact(nested(900, kind)).value)


@pytest.mark.parametrize(
    ("text", "clean", "listed"),
    [("nul \x00 stays", "nul \x00 stays", False), ("a\udc80b", "a\ufffdb", True), ("ünïcode 😀", "ünïcode 😀", False)],
)
def test_text_is_made_well_formed(text: str, clean: str, listed: bool) -> None:
    assert redact(text, "/r").value == clean
    assert bool(redact(text, "/r").paths) is listed
    assert redact_text(text) == clean


DESCRIBED: dict[str, Any] = {
    "KeyMetadata": {
        "AWSAccountId": "111122223333",
        "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab",
        "Arn": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "CreationDate": "2026-01-01T00:00:00.000Z",
        "Enabled": True,
        "PendingDeletionWindowInDays": 30,
        "CurrentKeyMaterialId": "0123456789abcdef" * 4,
        "XksKeyConfiguration": {"Id": "xks-key"},
    },
    "Aliases": [{"AliasName": "alias/token-service", "TargetKeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}],
    "Policy": '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}',
    "CustomKeyStores": [{"TrustAnchorCertificate": "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----"}],
    "NextMarker": "eyJ2IjoyfQ",
    "number": 0.5,
    "nothing": None,
}


def test_an_answer_of_a_key_service_stays_as_it_is() -> None:
    cleaned = redact(DESCRIBED, "/response")
    assert cleaned.value == DESCRIBED
    assert cleaned.paths == ()


@given(VALUES)
def test_redaction_is_idempotent_and_can_always_be_written(value: Json) -> None:
    once = redact(value)
    assert redact(once.value).value == once.value
    assert canonical(once.value)


def test_no_declared_answer_of_aws_has_a_member_that_is_taken_for_a_secret() -> None:
    import botocore.session

    from scanner.collect.aws import services
    from scanner.collect.aws.s3_objects import CALLS

    session = botocore.session.get_session()
    taken: set[str] = set()

    def walk(shape: Any, inside: tuple[str, ...] = ()) -> None:  # noqa: ANN401 - a botocore shape
        if shape is None or shape.name in inside:
            return
        if shape.type_name == "structure":
            taken.update(name for name in shape.members if names_a_secret(name))
            for member in shape.members.values():
                walk(member, (*inside, shape.name))
        elif shape.type_name in {"list", "map"}:
            walk(shape.member if shape.type_name == "list" else shape.value, inside)

    for operation in services.operations():
        service, _, name = CALLS.get(operation.name, operation.name).partition(":")
        model = session.get_service_model(service).operation_model(name)
        walk(model.input_shape)
        walk(model.output_shape)
    # What the last three hold is dropped before: see the collectors of Amazon RDS and AWS CloudHSM.
    of_stores = {"MasterUserSecret", "MasterUserPassword", "PreCoPassword"}
    assert taken == {"SecretAccessKey", "SessionToken", "ExternalId", *of_stores}


def test_what_a_collector_cut_itself_is_listed() -> None:
    assert redact({"label": f"HSM_PIN={REMOVED}", "b": "c"}, "/response").paths == ("/response/label",)
