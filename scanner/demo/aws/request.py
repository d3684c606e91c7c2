"""A request as it arrived: who asks what of which service, in any protocol and with any style of address."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

from scanner.demo.aws.wire import understand

Environ = dict[str, Any]
_CREDENTIAL = re.compile(r"Credential=([^/]+)/[0-9]+/([^/]+)/([^/]+)/")
_VIRTUAL = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9.-]+?)\.(?P<host>(?:s3[.-][a-z0-9.-]*amazonaws\.com|localhost)(?::\d+)?)"
)
"""A host that begins with the name of a bucket."""


class Asked(Protocol):
    """What a request asks, as the parts of the simulator need it."""

    @property
    def operation(self) -> str:
        """``kms:ListKeys``."""
        ...

    @property
    def account(self) -> str:
        """Whose it is."""
        ...

    @property
    def region(self) -> str:
        """Where it is asked."""
        ...

    @property
    def params(self) -> dict[str, Any]:
        """Its parameters."""
        ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it arrived."""

    operation: str
    account: str
    region: str
    params: dict[str, Any]
    access_key: str
    user_agent: str

    @property
    def service(self) -> str:
        """Name of the service."""
        return self.operation.partition(":")[0]


def received(environ: Environ, account_of: Callable[[str], str]) -> Recorded:
    """Return what a request asks. ``account_of`` tells whose an access key is; the body can be read again."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    match = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    access_key, region, signed_for = match.groups() if match else ("", "", "")
    if signed_for == "s3":
        _into_path(environ)
    headers = {
        "x-amz-target": environ.get("HTTP_X_AMZ_TARGET", ""),
        "content-type": environ.get("CONTENT_TYPE", ""),
    }
    # As it was sent: a server decodes the slashes of an ARN in PATH_INFO.
    path = environ["RAW_URI"].partition("?")[0]
    asked = understand(signed_for, environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers, body)
    return Recorded(
        f"{asked.service}:{asked.name}",
        account_of(access_key),
        region,
        asked.params,
        access_key,
        environ.get("HTTP_USER_AGENT", ""),
    )


def _into_path(environ: Environ) -> None:
    """Move the bucket from the name of the host into the path, where routes and moto look for it."""
    match = _VIRTUAL.fullmatch(environ.get("HTTP_HOST", ""))
    if match is not None:
        environ["HTTP_HOST"] = match["host"]
        for name in ("PATH_INFO", "RAW_URI", "REQUEST_URI"):
            environ[name] = f"/{match['bucket']}{environ[name]}"
