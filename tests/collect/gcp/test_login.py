"""The application default credentials: a real signed JWT for a token, who that is, and what goes wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from google.auth import credentials as base

from scanner.collect.gcp.login import SCOPES, Login
from scanner.collect.interface import CallError
from scanner.demo.gcp.simulator import GcpSimulator
from scanner.model.observation import GapReason
from tests.demo.gcp.reference import VOICE


def test_a_service_account_gets_a_token_for_what_is_asked_and_tells_who_it_is(gcp: GcpSimulator) -> None:
    login = Login()
    token = login.token()
    assert gcp.tokens.scopes(f"Bearer {token}") == set(SCOPES)
    assert login.token() == token
    who = login.who()
    assert who == {
        "principal": f"keyaudit@{VOICE}.iam.gserviceaccount.com",
        "login": "service account key",
        "scopes": sorted(SCOPES),
    }
    assert token not in json.dumps(who)


def test_a_request_is_signed_and_names_who_pays_for_it(gcp: GcpSimulator) -> None:
    login, headers = Login(), dict[str, str]()
    login.sign(headers)
    assert gcp.tokens.scopes(headers.pop("authorization")) == set(SCOPES)
    assert headers == {}
    held: Any = login.credentials()
    login._held = held.with_quota_project("example-billing")
    login.sign(headers)
    assert headers["x-goog-user-project"] == "example-billing"


def test_a_token_that_is_too_old_is_asked_again(gcp: GcpSimulator) -> None:
    login = Login(SCOPES[:1])
    first = login.token()
    held: Any = login.credentials()
    held.expiry = held.expiry.replace(year=2020)
    assert login.token() != first
    assert gcp.tokens.scopes(f"Bearer {login.token()}") == set(SCOPES[:1])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "DefaultCredentialsError"),
        ("{}", "DefaultCredentialsError"),
        ('{"type": "service_account"}', "DefaultCredentialsError"),
    ],
)
def test_without_credentials_it_is_denied(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None, code: str
) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(CallError) as caught:
        Login().token()
    assert (caught.value.reason, caught.value.code) == (GapReason.DENIED, code)


def test_a_key_that_nobody_knows_gets_no_token(gcp: GcpSimulator, tmp_path: Path) -> None:
    path = tmp_path / "gcp-credentials.json"
    body = json.loads(path.read_text())
    path.write_text(json.dumps({**body, "client_email": "else@example-voice.iam.gserviceaccount.com"}))
    with pytest.raises(CallError, match="account not found") as caught:
        Login().token()
    assert (caught.value.reason, caught.value.code) == (GapReason.DENIED, "RefreshError")
    assert gcp.requests == []


def test_a_file_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path))
    with pytest.raises(CallError, match="the credentials cannot be read") as caught:
        Login().credentials()
    assert caught.value.reason is GapReason.DENIED


class Own(base.Credentials):
    """A user's own login, as the library has it: an account, and scopes that were granted."""

    account = "ann@example.com"
    granted_scopes = ("b", "a")

    def refresh(self, request: object) -> None:
        """Get a token from nowhere."""
        del request
        self.token = "made-up"


Own.__module__ = "google.oauth2.credentials"


def test_a_users_own_login_is_told_as_one(gcp: GcpSimulator) -> None:
    login = Login()
    login.credentials()
    user: Any = Own
    login._held = user()
    assert login.who() == {"principal": "ann@example.com", "login": "user login", "scopes": ["a", "b"]}
    assert gcp.requests == []


@pytest.mark.parametrize("missing", ["requests", "google.auth"])
def test_without_the_libraries_the_hint_is_given(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    for ask in (Login().token, Login().credentials):
        if ask.__name__ == "credentials" and missing == "requests":
            continue
        with pytest.raises(CallError, match=r'pip install "keyaudit\[gcp\]"') as caught:
            ask()
        assert caught.value.reason is GapReason.UNSUPPORTED
