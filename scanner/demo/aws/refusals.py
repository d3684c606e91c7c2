"""Wrong answers, on purpose: what a fault makes of a request, in the protocol of its service."""

from __future__ import annotations

import json
import time
from xml.sax.saxutils import escape

from scanner.demo.aws.encode import REQUEST_ID, Encoded, members_of, protocol_of
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.request import Recorded

JSON_HEADERS = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", REQUEST_ID)]
XML_HEADERS = [("Content-Type", "text/xml"), ("x-amzn-RequestId", REQUEST_ID)]
REFUSALS = {
    "expired": ("ExpiredTokenException", "ExpiredToken", "The security token included in the request is expired"),
    "throttle": ("ThrottlingException", "Throttling", "Rate exceeded"),
    "error": ("KMSInternalException", "InternalFailure", "internal"),
    "unsupported": ("UnknownOperationException", "InvalidAction", "unknown operation"),
    "stale_page": ("InvalidMarkerException", "InvalidNextToken", "the page token has expired"),
}
"""Kind of fault to (code in JSON protocols, code in XML protocols, message)."""


def broken(fault: Fault, request: Recorded) -> Encoded | None:
    """Return the wrong answer of a fault, or None when the fault only spoils a right one."""
    if fault.kind == "deny":
        who = f"arn:aws:sts::{request.account}:assumed-role/keyaudit-audit/keyaudit"
        action = request.operation
        text = f"User: {who} is not authorized to perform: {action} because no identity-based policy allows it"
        return _refusal(request, "AccessDeniedException", "AccessDenied", text)
    if fault.kind in REFUSALS:
        return _refusal(request, *REFUSALS[fault.kind])
    if fault.kind == "malformed":
        if _speaks_json(request):
            return "200 OK", JSON_HEADERS, b'{"Keys": [ this is not JSON'
        return "200 OK", XML_HEADERS, b"<Cut><off"
    if fault.kind == "wrong_types":
        return _wrong_types(request)
    if fault.kind == "hang":
        time.sleep(fault.seconds)
    if fault.kind == "disconnect":
        raise ConnectionAbortedError("the simulator hung up, as it was told to")
    return None


def _speaks_json(request: Recorded) -> bool:
    return protocol_of(request.service) in {"json", "rest-json"}


def _wrong_types(request: Recorded) -> Encoded:
    """Return an answer that has text in place of everything."""
    members = members_of(request.operation)
    if _speaks_json(request):
        return "200 OK", JSON_HEADERS, json.dumps(dict.fromkeys(members, "surprise")).encode()
    name = request.operation.partition(":")[2]
    inside = "".join(f"<{member}>surprise</{member}>" for member in members)
    return "200 OK", XML_HEADERS, f"<{name}Response><{name}Result>{inside}</{name}Result></{name}Response>".encode()


def _refusal(request: Recorded, json_code: str, xml_code: str, text: str) -> Encoded:
    status = "500 Internal Server Error" if xml_code == "InternalFailure" else "400 Bad Request"
    if _speaks_json(request):
        return status, JSON_HEADERS, json.dumps({"__type": json_code, "message": text}).encode()
    status = "403 Forbidden" if xml_code == "AccessDenied" else status
    told = f"<Code>{xml_code}</Code><Message>{escape(text)}</Message>"
    error = f"<Error><Type>Sender</Type>{told}</Error>"
    shapes = {"s3": f"<Error>{told}</Error>", "ec2": f"<Response><Errors>{error}</Errors></Response>"}
    return status, XML_HEADERS, shapes.get(request.service, f"<ErrorResponse>{error}</ErrorResponse>").encode()
