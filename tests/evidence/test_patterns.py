"""What looks like a secret is cut out of text; what only resembles one stays."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner.evidence.patterns import REMOVED, cut_secrets

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
PEM = "-----BEGIN {0}PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEF\n-----END {0}PRIVATE KEY-----"

# (text with the secret between « and », and all of that goes)
SECRETS = [
    f"key «{PEM.format('')}» end",
    f"«{PEM.format('RSA ')}»",
    f"«{PEM.format('OPENSSH ')}»",
    "«-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIB9 and no end»",
    "«-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQdGBF\n-----END PGP PRIVATE KEY BLOCK-----»",
    "«LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV2UUlCQURBTg==»",
    "«LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlF»",
    "«AGE-SECRET-KEY-1QQPQR5YCVJ6T2LT4HT9RFLP»",
    f"«AKIAIOSFODNN7EXAMPLE:{AWS_SECRET}»",
    f"«AKIAIOSFODNN7EXAMPLE, {AWS_SECRET}»",
    f"«ASIAIOSFODNN7EXAMPLE\naws_secret_access_key = {AWS_SECRET}»",
    "«sk-abcdefABCDEF1234567890abcdef»",
    "the key is «sk-proj-abcdef1234567890ABCDEF-_x».",
    "«sk-ant-api03-AbCdEf1234567890AbCdEf-AA»",
    "«sk_live_4eC39HqLyjWDarjtT1zdp7dc»",
    "«sk_0123456789abcdef0123456789abcdef0123456789abcdef»",
    "«xoxb-123456789012-abcdefghij»",
    "«xapp-1-A0123456789-1234567890-abcdef»",
    "https://hooks.slack.com/«services/T00000000/B00000000/XXXXXXXXXXXX»",
    "«ghp_0123456789abcdefghijABCDEFGHIJ012345»",
    "«github_pat_11ABCDEFG0_abcdefghijklmnop»",
    "«glpat-abcdefghij1234567890»",
    "«AIzaSyA1234567890abcdefghijklmnopqrstuv»",
    "«ya29.a0AfH6SMBabcdefghijklmnop»",
    "«hvs.CAESIJabcdefghijklmnopqrstuv»",
    f"«{JWT}»",
    "«eyJhbGciOiJkaXIifQ..iv1234567890.ciphertext.tag»",
    "postgres://«user:hunter2»@db.example/app",
    "postgres://«user:p@ss:w0rd»@db.example/app",
    "redis://«:hunter2»@cache.example",
    "https://«oauth2:glpat-abcdefghij1234567890»@git.example/x",
    "Bearer «abcdefghij.klmnop_qrs-t=»",
    "BEARER   «abcdefghijklmnopqrst»",
    "Authorization: Basic «dXNlcjpwYXNz»",
    '{"Authorization": "Basic «dXNlcjpwYXNz»"}',
    "pkcs11:token=root;object=root-2026?pin-value=«1234»",
    "HSM_PIN=«1234»",
    "token=«abcdef»;object=x",
    "password=«hunter2»",
    "password:«hunter2»",
    "DB_PASSWORD: «hunter2» is old",
    "passwd='«hunter 2»'",
    '{"password": "«correct horse \\" battery»", "user": "x"}',
    r"{\"password\":\"«hunter2»\",\"user\":\"x\"}",
    "host=db password=«hunter2» dbname=x",
    "https://x.example/?user=a&password=«hunter2»&x=1",
    "https://x.blob.example/c?sv=1&sig=«abc%2Fdef%3D»&se=2",
    "AccountName=a;AccountKey=«Zm9vYmFy==»;EndpointSuffix=x",
    "api_key: «0123456789abcdef»",
    "apiKey=«0123456789abcdef»",
    "client_secret=«abc~def»",
    "https://x.example/?X-Amz-Security-Token=«IQoJb3JpZ2lu»&X-Amz-Signature=«0123abcd»",
    "token=«abcdef123456»",
    "Authorization: Token «0123456789abcdef0123456789abcdef01234567»",
    f"«AKIAIOSFODNN7EXAMPLE\\naws_secret_access_key = {AWS_SECRET}»",
    r"{\"Sid\": \"one\n«sk-abcdefABCDEF1234567890abcdef»\"}",
    r"\u000a«ghp_0123456789abcdefghijABCDEFGHIJ012345»",
    rf"{{\"note\": \"\n«{JWT}»\"}}",
    "«IQoJb3JpZ2luX2VjEPT7wAaCXVzLWVhc3QtMSJHMEUCIQ»",
    '{"kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","d":"«jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI»"}',
    "data key «3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=»",
    "TENANT_DEK=«3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=»",
    "PIN: «123456»",
    "arn:aws:iam::111122223333:user/password=«hunter2»",
    "SSN «078-05-1120»",
    "MRN: «00731946», DOB «1970-01-31», born «1/31/1970»",
]


@pytest.mark.parametrize("marked", SECRETS)
def test_a_secret_is_cut_out_and_nothing_else(marked: str) -> None:
    expected, rest = "", marked
    while "«" in rest:
        before, _, rest = rest.partition("«")
        _, _, rest = rest.partition("»")
        expected += before + REMOVED
    assert cut_secrets(marked.replace("«", "").replace("»", "")) == expected + rest


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_what_is_url_encoded_is_looked_into(layers: int) -> None:
    text = "x password=hunter2 y"
    for _ in range(layers):
        text = quote(text, safe="")
    assert cut_secrets(text) == f"x password={REMOVED} y"


@pytest.mark.parametrize("marked", SECRETS)
def test_cutting_twice_changes_nothing_more(marked: str) -> None:
    once = cut_secrets(marked.replace("«", "").replace("»", ""))
    assert cut_secrets(once) == once


POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Sid":"Root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"},'
    '"Action":["kms:*","iam:ChangePassword","secretsmanager:GetSecretValue"],"Resource":"*","Condition":{"Bool":'
    '{"aws:SecureTransport":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"300"},"DateGreaterThan":'
    '{"aws:TokenIssueTime":"2026-01-01T00:00:00Z"},"StringEquals":{"kms:EncryptionContext:SecretARN":'
    '"arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db/password-AbCdEf","kms:ViaService":'
    '"secretsmanager.us-east-1.amazonaws.com"}}}]}'
)
PUBLIC = [
    "",
    "x",
    "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "arn:aws:kms:us-east-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef",
    "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db/password-AbCdEf",
    "pkcs11:token=root;object=root-2026",
    "arn:aws:kms:us-east-1:111122223333:key/1 > pkcs11:token=root;serial=ab12",
    "arn:aws:ssm:us-east-1:111122223333:parameter/app/password:production",
    "arn:aws:iam::111122223333:role/api-key-rotation",
    "arn:aws:sts::111122223333:assumed-role/token-service/session",
    "see arn:aws:ssm:us-east-1:111122223333:parameter/secret_key:15 for it",
    "1234abcd-12ab-34cd-56ef-1234567890ab",
    "0123456789abcdef" * 4,
    "AKIAIOSFODNN7EXAMPLE",
    "alias/sk-patients-and-their-notes",
    "alias/tenant-key-password-reset",
    "alias/desk-booking",
    "alias/keyboard=layout",
    "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkq\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n-----END PUBLIC KEY-----",
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSURkekND",
    "https://kms.us-east-1.amazonaws.com/",
    "http://127.0.0.1:5000/path?email=a%40b.example",
    "https://example.com/users/a@b.example",
    "eyJ2IjoyLCJuIjoiYWJjZGVmIn0",
    "bearer of good news",
    "password",
    "the password is rotated by the vault",
    'password=""',
    "token_count=3",
    "public key: 3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "the key 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "mapping: 123456",
    "2026-06-15 and 1-078-05-1120 and 078-05-11201",
    "a patient identifier, the member list",
    "https://example.com/?q=100%25%20of%20keys",
    POLICY,
]


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_stays(text: str) -> None:
    assert cut_secrets(text) == text


@given(st.text(max_size=200))
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(cut_secrets(text), str)


@given(
    st.lists(st.sampled_from(["password", "=", ": ", '"', "'", "\\", "x" * 20, "sk-", "A1" * 9, "://", "@", REMOVED]))
)
@example(["password", "=", "\\", "password"])
@example(["password", "=", "\\", "password", "]"])
def test_cutting_is_idempotent_on_pieces_of_secrets(pieces: list[str]) -> None:
    once = cut_secrets("".join(pieces))
    assert cut_secrets(once) == once


# Quadratic work on these would take hours, not seconds.
HOSTILE = """
from scanner.evidence.redact import redact_text
n = 130_000
pieces = [
    "sk-", "sk-a-", "a-", "eyJ-", "eyJaaaaaaaaaaaaa.", "eyJaaaaaaaaaa", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY----------END ", "://a:", "://", "x@", "a:", "bearer", "bearer ", " ", "password",
    "password=", 'password="', "password='", "password= ", "password:", "token=", "\\\\", "=", "AKIA",
    "AKIAAAAAAAAAAAAAAAAA ", "arn:", "LS0tLS1CRUdJTiB", "LS0tLS1CRUdJTiBQUklWQVRFIEtFW", "hooks.slack.com/", "xoxb-",
    "ghp_", "AIza", "hvs.", "authorization:", "authorization: token ", "PIN: ", "pin=1", 'kty"d":"', "key ", "dek=",
    "123-45-", "mrn ", "born ", "%", "%25", "IQoJb3JpZ2lu", "\\\\n", "\\\\neyJa",
]
for first in ["", "sk-", "eyJ", "-----BEGIN PRIVATE KEY-----", "://", "bearer", 'password="', "AKIAAAAAAAAAAAAAAAAA"]:
    for piece in pieces:
        redact_text(first + piece * (n // len(piece)))
"""


@pytest.mark.slow
def test_hostile_text_costs_no_more_than_other_text() -> None:
    subprocess.run([sys.executable, "-c", HOSTILE], check=True, timeout=120)
