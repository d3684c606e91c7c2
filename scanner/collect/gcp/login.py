"""Who asks Google Cloud: the application default credentials, and the access token that they give.

The token is asked for scopes that open as little as the APIs allow: Resource Manager and Cloud Logging take
``cloud-platform.read-only``; Cloud KMS takes no read-only scope, only ``cloudkms`` or all of ``cloud-platform``; IAM
takes ``iam`` or that. A user's own login and a machine's service account have the scopes that they were given.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from scanner.collect.gcp.errors import no_login
from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

_AUTH = "https://www.googleapis.com/auth/"
SCOPES = (f"{_AUTH}cloudkms", f"{_AUTH}cloud-platform.read-only", f"{_AUTH}iam")
HINT = 'pip install "keyaudit[gcp]"'
_KINDS: Mapping[str, str] = {
    "google.oauth2.service_account": "service account key",
    "google.oauth2.credentials": "user login",
    "google.auth.compute_engine": "service account of the machine",
    "google.auth.impersonated_credentials": "impersonated service account",
    "google.auth.identity_pool": "workload identity federation",
    "google.auth.aws": "workload identity federation",
    "google.auth.pluggable": "workload identity federation",
    "google.auth.external_account_authorized_user": "workforce identity federation",
}
"""Module of a credential's class to what it is, for the report."""


class Login:
    """The credential of one source, shared by its units. Safe from several threads."""

    def __init__(self, scopes: tuple[str, ...] = SCOPES) -> None:
        self._scopes = scopes
        self._lock = threading.Lock()
        self._held: Credentials | None = None

    def credentials(self) -> Credentials:
        """Return the credentials, found once. Raises CallError."""
        with self._lock:
            return self._find()

    def token(self) -> str:
        """Return an access token that is good for some minutes. Raises CallError."""
        try:
            import requests
            from google.auth.exceptions import GoogleAuthError
            from google.auth.transport.requests import Request
        except ImportError as error:
            raise missing(error) from error
        with self._lock:
            held: Any = self._find()
            if not held.valid:
                with requests.Session() as session:
                    try:
                        held.refresh(Request(session))
                    except GoogleAuthError as error:
                        raise no_login(error) from error
            return str(held.token)

    def sign(self, headers: MutableMapping[str, Any]) -> None:
        """Put the token into the headers of a request, and the project that pays for it, where the login names one.

        Raises CallError.
        """
        self.token()
        held: Any = self.credentials()
        held.apply(headers)

    def who(self) -> dict[str, Json]:
        """Return who that is and by which credential, when there is a token. Raises CallError."""
        self.token()
        held: Any = self.credentials()
        name = next(filter(None, (getattr(held, one, "") for one in ("service_account_email", "account"))), "")
        module = type(held).__module__
        kind = next((told for start, told in _KINDS.items() if module.startswith(start)), module)
        scopes = getattr(held, "granted_scopes", None) or getattr(held, "scopes", None) or ()
        asked: list[Json] = [*sorted(map(str, scopes))]
        return {"principal": str(name), "login": kind, "scopes": asked}

    def _find(self) -> Credentials:
        if self._held is None:
            try:
                import google.auth
                from google.auth.exceptions import GoogleAuthError
            except ImportError as error:
                raise missing(error) from error
            try:
                self._held = google.auth.default(scopes=self._scopes)[0]
            except GoogleAuthError as error:
                raise no_login(error) from error
            except (OSError, ValueError) as error:
                detail = f"the credentials cannot be read: {error}"
                raise CallError(GapReason.DENIED, code=type(error).__name__, detail=detail) from error
        return self._held


def missing(error: ImportError) -> CallError:
    """Return that the libraries of Google Cloud are not installed."""
    detail = f"reading Google Cloud needs more libraries ({error}): {HINT}"
    return CallError(GapReason.UNSUPPORTED, code="MissingExtra", detail=detail)
