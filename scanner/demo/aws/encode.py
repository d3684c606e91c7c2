"""An answer as bytes, in whatever protocol its service speaks: JSON, query, or XML."""

from __future__ import annotations

import functools
import json
from typing import Any
from xml.sax.saxutils import escape

REQUEST_ID = "00000000-0000-4000-8000-000000000000"
_STATUS = {200: "200 OK", 400: "400 Bad Request", 404: "404 Not Found"}

Encoded = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers, body."""


@functools.cache
def protocol_of(service: str) -> str:
    """Return the protocol that a service speaks; of one that botocore lacks, that of most old ones."""
    from botocore.exceptions import UnknownServiceError
    from moto.core.utils import get_service_model

    try:
        return str(get_service_model(service).resolved_protocol)
    except UnknownServiceError:
        return "query"


def members_of(operation: str) -> tuple[str, ...]:
    """Return the members of the answer of ``service:Operation``."""
    from moto.core.utils import get_service_model

    service, _, name = operation.partition(":")
    shape = get_service_model(service).operation_model(name).output_shape
    return tuple(shape.members) if shape is not None else ()


def encode(operation: str, answer: dict[str, Any]) -> Encoded:
    """Return an answer of ``service:Operation`` (JSON-able, instants as Unix seconds) as the service would send it.

    An answer with ``__type`` is an error of that code.
    """
    from moto.core.serialize import SerializationContext, get_serializer_class
    from moto.core.utils import get_service_model

    service, _, name = operation.partition(":")
    model = get_service_model(service)
    protocol = model.resolved_protocol
    if "__type" in answer:
        return _error(service, protocol, str(answer["__type"]), str(answer.get("message", "")))
    serializer = get_serializer_class(service, protocol)(model.operation_model(name), SerializationContext(REQUEST_ID))
    made = serializer.serialize(answer)
    body = made["body"]
    headers = {"x-amzn-RequestId": REQUEST_ID, **made["headers"]}
    return _STATUS[made["status_code"]], sorted(headers.items()), body if isinstance(body, bytes) else body.encode()


def _error(service: str, protocol: str, code: str, message: str) -> Encoded:
    headers = [("x-amzn-RequestId", REQUEST_ID)]
    if protocol in {"json", "rest-json"}:
        body = json.dumps({"__type": code, "message": message})
        return _STATUS[400], [("Content-Type", "application/x-amz-json-1.1"), *headers], body.encode()
    told = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    shapes = {
        "s3": f"<Error>{told}</Error>",
        "ec2": f"<Response><Errors><Error>{told}</Error></Errors></Response>",
    }
    body = shapes.get(service, f"<ErrorResponse><Error><Type>Sender</Type>{told}</Error></ErrorResponse>")
    return _STATUS[400], [("Content-Type", "text/xml"), *headers], body.encode()
