"""The layer before moto: what moto lacks of KMS, paging, faults, and a record of every request."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

from scanner.demo.aws import seeding
from scanner.demo.aws.faults import Fault, Faults
from scanner.demo.world import Key, World

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
App = Callable[[Environ, StartResponse], Iterable[bytes]]
Answer = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers, body."""

SERVICES = {"TrentService": "kms", "AWSOrganizationsV20161128": "organizations"}


@dataclass(frozen=True, slots=True)
class Listing:
    """How an operation lists: names of the items, of the page token it takes and gives, and of the page size."""

    items: str
    takes: str = "Marker"
    gives: str = "NextMarker"
    size: str = "Limit"
    flag: str = "Truncated"
    """Says that a page follows; empty: there is no such member."""
    refusal: str = "InvalidMarkerException"


LISTS = {
    "kms:ListKeys": Listing("Keys"),
    "kms:ListAliases": Listing("Aliases"),
    "kms:ListGrants": Listing("Grants"),
    "kms:ListResourceTags": Listing("Tags"),
    "kms:ListKeyRotations": Listing("Rotations"),
    "kms:DescribeCustomKeyStores": Listing("CustomKeyStores"),
    "organizations:ListAccounts": Listing(
        "Accounts", "NextToken", "NextToken", "MaxResults", "", "InvalidInputException"
    ),
}
XML = [("Content-Type", "text/xml")]
_CREDENTIAL = re.compile(r"Credential=([^/]+)/[0-9]+/([^/]+)/([^/]+)/")
_ASSUMED = re.compile(rb"<AccessKeyId>([^<]+)</AccessKeyId>")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it arrived."""

    operation: str
    account: str
    region: str
    params: dict[str, Any]
    access_key: str
    user_agent: str


@dataclass(slots=True)
class Layer:
    """A WSGI application around moto's."""

    app: App
    world: World
    now: datetime
    page_size: int
    faults: Faults = field(default_factory=Faults)
    requests: list[Recorded] = field(default_factory=list)
    latency: float = 0.0
    """Seconds that every answer waits."""
    _accounts: dict[str, str] = field(default_factory=dict)
    _keys: dict[tuple[str, str, str], Key] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._keys = {(key.account, key.region, key.id): key for key in self.world.keys}

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        request = self._understand(environ, body)
        with self._lock:
            self.requests.append(request)
        if self.latency:
            time.sleep(self.latency)
        fault = self.faults.hit(request.operation, json.dumps(request.params), request.account, request.region)
        if fault is not None:
            broken = _break(fault, request)
            if broken is not None:
                return _send(start, *broken)
        own = self._own(request)
        if own is not None:
            return self._json(start, request, own, fault)
        return self._from_moto(environ, start, request, fault)

    def _understand(self, environ: Environ, body: bytes) -> Recorded:
        match = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        access_key, region, service = match.groups() if match else ("", "", "")
        prefix, _, name = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        params: dict[str, Any]
        if name:
            service, params = SERVICES.get(prefix, service), json.loads(body or b"{}")
        else:
            form = parse_qs(body.decode())
            params = {key: values[0] for key, values in form.items()}
            name = params.get("Action", environ.get("PATH_INFO", ""))
        account = self._accounts.get(access_key, self.world.management_account)
        return Recorded(f"{service}:{name}", account, region, params, access_key, environ.get("HTTP_USER_AGENT", ""))

    def _key(self, request: Recorded) -> Key | None:
        identity = str(request.params.get("KeyId", "")).rpartition("/")[2]
        return self._keys.get((request.account, request.region, identity))

    def _own(self, request: Recorded) -> dict[str, Any] | None:
        """Answer what moto lacks, or None for what it has."""
        if request.operation == "kms:DescribeCustomKeyStores":
            return {"CustomKeyStores": self._stores(request)}
        if request.operation == "organizations:ListAccounts":
            if request.account != self.world.management_account:
                return _error("AccessDeniedException", "You don't have permissions to access this resource.")
            return {"Accounts": seeding.members(self.world)}
        answer = ANSWERS.get(request.operation)
        if answer is None:
            return None
        key = self._key(request)
        if key is None:
            return _error("NotFoundException", f"Key {request.params.get('KeyId')!r} does not exist")
        return answer(self.world, key, self.now)

    def _stores(self, request: Recorded) -> list[dict[str, Any]]:
        found = []
        for store in self.world.stores:
            if (store.account, store.region) != (request.account, request.region):
                continue
            entry: dict[str, Any] = {
                "CustomKeyStoreId": store.id,
                "CustomKeyStoreName": store.name,
                "CustomKeyStoreType": store.kind,
                "ConnectionState": store.state,
                "CreationDate": seeding.seconds(self.now, store.age_days),
            }
            if store.error:
                entry["ConnectionErrorCode"] = store.error
            if store.kind == "AWS_CLOUDHSM":
                entry["CloudHsmClusterId"] = f"cluster-{store.id[-11:]}"
                entry["TrustAnchorCertificate"] = "-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----"
            else:
                entry["XksProxyConfiguration"] = {
                    "Connectivity": "PUBLIC_ENDPOINT",
                    "AccessKeyId": "ABCDE12345670EXAMPLE",
                    "UriEndpoint": f"https://{store.name}.example.invalid",
                    "UriPath": "/example/kms/xks/v1",
                }
            found.append(entry)
        return found

    def _from_moto(
        self, environ: Environ, start: StartResponse, request: Recorded, fault: Fault | None
    ) -> Iterable[bytes]:
        status: list[str] = ["500 Internal Server Error"]
        headers: list[list[tuple[str, str]]] = [[]]

        def capture(line: str, fields: list[tuple[str, str]], *_: object) -> None:
            status[0], headers[0] = line, fields

        environ["HTTP_X_MOTO_ACCOUNT_ID"] = request.account
        answer = self.app(environ, capture)
        body = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        self._learn(request, body)
        if request.operation.startswith("kms:") and status[0].startswith("200"):
            return self._json(start, request, self._amend(request, json.loads(body or b"{}")), fault)
        return _send(start, status[0], headers[0], body)

    def _learn(self, request: Recorded, body: bytes) -> None:
        """Remember whose the assumed credentials are."""
        if request.operation == "sts:AssumeRole" and (match := _ASSUMED.search(body)):
            account = str(request.params.get("RoleArn", "")).split(":")[4]
            with self._lock:
                self._accounts[match.group(1).decode()] = account

    def _amend(self, request: Recorded, answer: dict[str, Any]) -> dict[str, Any]:
        key = self._key(request)
        if request.operation == "kms:DescribeKey" and key is not None:
            described = {name: v for name, v in answer["KeyMetadata"].items() if v not in (None, [])}
            extras = seeding.extras(self.world, key, self.now)
            if "MacAlgorithms" in extras or "KeyAgreementAlgorithms" in extras:
                described.pop("EncryptionAlgorithms", None)
                described.pop("SigningAlgorithms", None)
            answer["KeyMetadata"] = {**described, **extras}
        answer.pop("GrantCount", None)  # a member of moto's own
        if request.operation == "kms:ListGrants" and key is not None:
            for grant in answer["Grants"]:
                grant["KeyId"] = key.arn
                grant["IssuingAccount"] = f"arn:aws:iam::{key.account}:root"
                grant["CreationDate"] = seeding.seconds(self.now, 10)
                grant.pop("RetiringPrincipal")  # moto says null; a world's grants have none
        return answer

    def _json(
        self, start: StartResponse, request: Recorded, answer: dict[str, Any], fault: Fault | None
    ) -> Iterable[bytes]:
        listing = LISTS.get(request.operation)
        if listing is not None and "__type" not in answer:
            answer = self._page(listing, request, answer, endless=fault is not None and fault.kind == "endless")
        if "__type" in answer:
            return _send(start, "400 Bad Request", _headers(), json.dumps(answer).encode())
        if fault is not None and fault.kind == "wrong_types":
            answer = dict.fromkeys(answer, "surprise")
        return _send(start, "200 OK", _headers(), json.dumps(answer).encode())

    def _page(self, listing: Listing, request: Recorded, answer: dict[str, Any], *, endless: bool) -> dict[str, Any]:
        items = answer[listing.items]
        token = str(request.params.get(listing.takes) or 0)
        if not token.isdecimal() or int(token) > len(items):
            return _error(listing.refusal, f"{token} is not a token of this listing")
        first = int(token)
        size = min(self.page_size, int(request.params.get(listing.size) or self.page_size))
        more = endless or first + size < len(items)
        page = {**answer, listing.items: items[first : first + size]}
        page.pop(listing.gives, None)
        if listing.flag:
            page[listing.flag] = more
        if more:
            page[listing.gives] = str(first if endless else first + size)
        return page


def _rotates(key: Key) -> bool:
    return key.spec == "SYMMETRIC_DEFAULT" and key.origin in {"AWS_KMS", "EXTERNAL"}


def _unsupported(key: Key) -> dict[str, Any]:
    return _error("UnsupportedOperationException", f"{key.arn} does not support rotation.")


def _rotations(_: World, key: Key, now: datetime) -> dict[str, Any]:
    return {"Rotations": seeding.rotations(key, now), "Truncated": False} if _rotates(key) else _unsupported(key)


def _rotation_status(_: World, key: Key, now: datetime) -> dict[str, Any]:
    if not _rotates(key):
        return _unsupported(key)
    answer: dict[str, Any] = {"KeyId": key.arn, "KeyRotationEnabled": key.rotation is not None}
    if key.rotation is not None:
        since = min(key.rotated_days_ago, default=key.age_days)
        answer["RotationPeriodInDays"] = key.rotation.period_days
        answer["NextRotationDate"] = seeding.seconds(now, since - key.rotation.period_days)
    return answer


def _error(code: str, message: str) -> dict[str, Any]:
    return {"__type": code, "message": message}


def _headers() -> list[tuple[str, str]]:
    return [
        ("Content-Type", "application/x-amz-json-1.1"),
        ("x-amzn-RequestId", "00000000-0000-4000-8000-000000000000"),
    ]


def _send(start: StartResponse, status: str, headers: list[tuple[str, str]], body: bytes) -> Iterable[bytes]:
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    start(status, [*kept, ("Content-Length", str(len(body)))])
    return [body]


REFUSALS = {
    "expired": ("ExpiredTokenException", "ExpiredToken", "The security token included in the request is expired"),
    "throttle": ("ThrottlingException", "Throttling", "Rate exceeded"),
    "error": ("KMSInternalException", "InternalFailure", "internal"),
    "unsupported": ("UnknownOperationException", "InvalidAction", "unknown operation"),
    "stale_page": ("InvalidMarkerException", "InvalidNextToken", "the page token has expired"),
}
"""Kind of fault to (code in JSON protocols, code in XML protocols, message)."""


def _break(fault: Fault, request: Recorded) -> Answer | None:
    """Return the wrong answer of a fault, or None when the fault only spoils a right one."""
    if fault.kind == "deny":
        who = f"arn:aws:sts::{request.account}:assumed-role/keyaudit-audit/keyaudit"
        action = request.operation
        text = f"User: {who} is not authorized to perform: {action} because no identity-based policy allows it"
        return _refusal(request, "AccessDeniedException", "AccessDenied", text)
    if fault.kind in REFUSALS:
        return _refusal(request, *REFUSALS[fault.kind])
    if fault.kind == "malformed":
        return "200 OK", _headers(), b'{"Keys": [ this is not JSON'
    if fault.kind == "hang":
        time.sleep(fault.seconds)
    if fault.kind == "disconnect":
        raise ConnectionAbortedError("the simulator hung up, as it was told to")
    return None


def _refusal(request: Recorded, json_code: str, xml_code: str, text: str) -> Answer:
    status = "500 Internal Server Error" if xml_code == "InternalFailure" else "400 Bad Request"
    service = request.operation.partition(":")[0]
    if service in SERVICES.values():
        return status, _headers(), json.dumps(_error(json_code, text)).encode()
    status = "403 Forbidden" if xml_code == "AccessDenied" else status
    error = f"<Error><Type>Sender</Type><Code>{xml_code}</Code><Message>{text}</Message></Error>"
    if service == "ec2":
        return status, XML, f"<Response><Errors>{error}</Errors></Response>".encode()
    return status, XML, f"<ErrorResponse>{error}</ErrorResponse>".encode()


ANSWERS: Mapping[str, Callable[[World, Key, datetime], dict[str, Any]]] = {
    "kms:GetKeyLastUsage": seeding.last_usage,
    "kms:GetKeyRotationStatus": _rotation_status,
    "kms:ListKeyRotations": _rotations,
}
"""Operations about one key that this layer answers in moto's place."""
