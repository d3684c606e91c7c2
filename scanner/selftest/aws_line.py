"""How self-tests call AWS: clients guarded twice, and a record of every call.

Clients refuse every operation that is not listed here, and every call for another key than the estate names; what
changes a key's state goes to canaries alone. Both happen before anything leaves this machine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from scanner.collect.ask import Outside, stamp
from scanner.collect.aws.errors import understand
from scanner.collect.aws.hub import Hub
from scanner.collect.aws.transport import check_endpoint, guard_client
from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.model.observation import GapReason
from scanner.selftest.interface import Call, CannotRunError, DeniedError, RefusedError
from scanner.selftest.permissions import CHANGES

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

USES = frozenset({"kms:DescribeKey", "kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt"})
LOOKUP = "cloudtrail:LookupEvents"
OBJECTS = frozenset({"s3:ListObjectsV2", "s3:GetObject"})
"""Of the made-up objects that the estate names: see :mod:`scanner.selftest.objects`."""
ALLOWED = USES | CHANGES | OBJECTS | {LOOKUP, "sts:GetCallerIdentity", "sts:AssumeRole"}
REFUSALS = frozenset(
    {
        "DisabledException",
        "IncorrectKeyException",
        "InvalidCiphertextException",
        "InvalidKeyUsageException",
        "KMSInvalidStateException",
        "NotFoundException",
        "ValidationException",
    }
)
"""Codes by which AWS KMS says no to what it was asked. Others tell of something else: the line, the login, a limit."""
DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
MALFORMED = "ValidationException"
"""The request was no request: no key was looked at, and AWS does not promise an event."""
FINAL = frozenset({"LimitExceededException"})
"""Limits that waiting does not lift: rotations on demand that a key bears."""
ATTEMPTS = 6
_KEYS = ("KeyId", "SourceKeyId", "DestinationKeyId")
_UNREADABLE = (ResponseParserError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(slots=True)
class ProvingHub(Hub):
    """Makes guarded clients whose answers are bytes; a hub of collectors keeps no bytes."""

    def client(self, role: str, region: str, service: str) -> BaseClient:
        """Return a client that refuses what is not allowed. Raises CallError."""
        with self._lock:
            made = self._client(self._session(role), service, region)
        check_endpoint(made.meta.endpoint_url, insecure=self.source.insecure)
        guard_client(made, self.allowed)
        return made


@dataclass(slots=True)
class KeyGuard:
    """Which keys may be named in a call to AWS KMS."""

    described: set[str]
    """What the estate calls them: may be described."""
    used: set[str] = field(default_factory=set)
    """ARNs that may be used."""
    changed: set[str] = field(default_factory=set)
    """ARNs and ids of canaries."""

    def watch(self, client: BaseClient) -> None:
        """Make a client refuse every other key, before anything is sent."""
        client.meta.events.register_first("before-parameter-build.kms", self._refuse, unique_id="keyaudit-keys")

    def _refuse(self, params: Mapping[str, Any], model: OperationModel, **_: object) -> None:
        operation = f"kms:{model.name}"
        allowed = self.changed if operation in CHANGES else self.used
        if operation == "kms:DescribeKey":
            allowed = self.used | self.described
        named = [params[name] for name in _KEYS if name in params]
        if not named or not set(named) <= allowed:
            raise ForbiddenOperationError(f"{operation} for a key that the estate does not name for self-tests")


@dataclass(slots=True, kw_only=True)
class Line:
    """One guarded client, with a record of every call through it."""

    client: BaseClient
    outside: Outside
    calls: list[Call] = field(default_factory=list)
    """Shared by the lines of one key."""
    logged: bool = True
    """Its calls are in the audit log of the key's account."""
    sleep: Callable[[float], object] = time.sleep
    """For what must not be stopped."""
    _signing: threading.local = field(default_factory=threading.local)

    def __post_init__(self) -> None:
        self.client.meta.events.register("before-send", self._sign, unique_id="keyaudit-access-key")

    def call(self, operation: str, params: Mapping[str, object], *, always: bool = False) -> dict[str, Any]:
        """Call, again where that may help; ``always``: even when the run is stopped.

        Raises RefusedError, DeniedError, or CannotRunError.
        """
        attempt = 1
        while True:
            try:
                return self._once(operation, params)
            except CallError as error:
                if error.code in DENIED:
                    raise DeniedError(error.code, error.detail) from error
                if error.code in REFUSALS:
                    raise RefusedError(error.code, error.detail) from error
                if not error.retry or attempt == ATTEMPTS or error.code in FINAL:
                    raise CannotRunError(f"{operation}: {error}", error.reason) from error
            delay = 0.1 * 2**attempt
            attempt += 1
            if always:
                self.sleep(delay)
            elif self.outside.wait(delay):
                raise CannotRunError("stopped", GapReason.LIMIT)

    def _once(self, operation: str, params: Mapping[str, object]) -> dict[str, Any]:
        started = stamp(self.outside.now())
        self._signing.signer = ""
        try:
            answer: dict[str, Any] = getattr(self.client, xform_name(operation.partition(":")[2]))(**params)
        except (ClientError, BotoCoreError) as error:
            problem = understand(error)
            looked_at = problem.code in REFUSALS | DENIED and problem.code != MALFORMED
            self._keep(operation, started, problem.request_id, problem.code, logged=looked_at)
            raise problem from error
        except OSError as error:
            # Credentials that are refreshed on the way can need a program or a file that is not there.
            raise CallError(GapReason.FAILED, code=type(error).__name__, detail=str(error)) from error
        except _UNREADABLE as error:
            self._keep(operation, started, "", type(error).__name__, logged=False)
            raise CallError(GapReason.MALFORMED, code=type(error).__name__, detail=str(error)) from error
        meta = answer.pop("ResponseMetadata", {})
        self._keep(operation, started, str(meta.get("RequestId", "")), "", logged=True)
        return answer

    def _keep(self, operation: str, started: str, request_id: str, code: str, *, logged: bool) -> None:
        # A list's append is whole, whichever thread does it.
        self.calls.append(
            Call(operation, request_id, code, started, logged=logged and self.logged, signer=self._signing.signer)
        )

    def _sign(self, request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's prepared request
        """Note the id of the access key; the secret is not in the request."""
        signed = request.headers.get("Authorization", b"")
        text = signed.decode() if isinstance(signed, bytes) else str(signed)
        self._signing.signer = text.partition("Credential=")[2].partition("/")[0]
