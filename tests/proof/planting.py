"""A server before the simulated AWS that puts texts into its answers: wherever AWS gives what somebody typed."""

from __future__ import annotations

import base64
import json
import re
import threading
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree as ET

from werkzeug.serving import WSGIRequestHandler, make_server

from scanner.demo.aws.layer import Layer, StartResponse
from scanner.demo.aws.request import Environ, received
from tests.proof.payloads import for_xml

OWNER = "444455556666"
TYPED = re.compile(
    r"(?i).*description|message|.*reason|value|tagvalue|comment|note|displayname|email|instruction|text|prompt|"
    r"username|useragent|errormessage|sid|.*error|aliasname|tagkey|connectionerrorcode"
)
"""Names of members that hold what somebody typed."""
FIXED = re.compile(r"[0-9.:TZ+-]*|true|false|(?i:marker|.*token)")
"""Numbers, instants, truth values: what a client would not take another text for."""
KEPT = re.compile(r"(?i).*(token|marker|etag|date|time|size|count|version|type|class|status|state|region|requestid)")
"""Members without which a copy would be no entry of its listing."""
MANY = 3
HUGE_IN = frozenset({"kms:ListResourceTags", "kms:ListAliases", "rds:DescribeDBInstances"})
"""Where one text is as long as can be."""
PUBLIC = frozenset({"cloudtrail:ListPublicKeys", "iam:GetAccountSummary"})
"""Operations whose answers hold nothing that somebody typed."""


@dataclass(slots=True)
class Planter:
    """Puts texts into answers."""

    texts: Sequence[str]
    """One of them stands in each place of an entry of a listing."""
    everything: str
    """Stands in what somebody typed."""
    header: str
    """Stands in the response's headers."""
    huge: str = ""
    """Stands once in what was typed of each operation."""
    served: Counter[str] = field(default_factory=Counter)
    """Operation, with the kind of the place, to how often something was put into its answer."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spoil(self, operation: str, status: str, body: bytes) -> bytes:
        """Return the body of an answer with texts in it."""
        if operation == "s3:GetBucketPolicy" and body[:1] == b"{":
            made = self._document(operation, json.loads(body)).encode()
        elif body[:1] == b"{":
            made = json.dumps(self._object(operation, "", json.loads(body))).encode()
        elif body[:1] == b"<":
            root = ET.fromstring(body)  # noqa: S314 - what the simulator made
            self._element(operation, root)
            made = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        else:
            return body
        return made

    def _count(self, operation: str, place: str) -> None:
        with self._lock:
            self.served[f"{operation} {place}"] += 1

    def _object(self, operation: str, path: str, value: dict[str, Any]) -> dict[str, Any]:
        return {name: self._member(operation, f"{path}/{name}", name, item) for name, item in value.items()}

    def _member(self, operation: str, path: str, name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            return self._object(operation, path, value)
        if isinstance(value, list):
            entries = [self._every(operation, path, one) for one in value[:1] if isinstance(one, dict)]
            return [self._member(operation, path, name, one) for one in value] + entries
        return self._text(operation, path, name, value) if isinstance(value, str) else value

    def _text(self, operation: str, path: str, name: str, value: str) -> str:
        if value[:2] in {'{"', "{\n"}:
            return self._document(operation, self._object(operation, path, json.loads(value)))
        if not TYPED.fullmatch(name) or operation in PUBLIC:
            return value
        place = "error" if name.lower() == "message" else "text"
        self._count(operation, place)
        if self.served[f"{operation} {place}"] == MANY and operation in HUGE_IN:
            self._count(operation, "huge")
            return value + self.huge
        # What has stood in many answers already makes the report longer, and proves no more.
        return f"{value} {self._of(operation, path) if self.served[f'{operation} {place}'] > MANY else self.everything}"

    def _document(self, operation: str, document: dict[str, Any]) -> str:
        """Return a policy with one more statement, or an event with more parameters."""
        self._count(operation, "document")
        if self.served[f"{operation} document"] > MANY:
            return json.dumps(document)
        if isinstance(statements := document.get("Statement"), list):
            held = {"StringEquals": {"kms:EncryptionContext:note": [self.everything, *self.texts]}}
            allowed = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": held}
            statements.append({"Sid": self.everything, "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"}, **allowed})
        if "eventName" in document:
            asked = document.get("requestParameters") or {}
            context = {"note": self.everything, "tenant": self.everything}
            document["requestParameters"] = {**asked, "encryptionContext": context, "note": self.everything}
            document |= {"errorMessage": self.everything, "userAgent": self.everything}
        return json.dumps(document)

    def _every(self, operation: str, path: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """Return a copy of an entry with a text in every place."""
        if isinstance(value, dict):
            return {
                name: item if KEPT.fullmatch(name) else self._every(operation, f"{path}/{name}", item)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [self._every(operation, path, one) for one in value]
        return self._one_more(operation, path, value) if isinstance(value, str) else value

    def _one_more(self, operation: str, path: str, value: str) -> str:
        if FIXED.fullmatch(value) or operation in PUBLIC:
            return value
        self._count(operation, "entry")
        return f"{value} {self._of(operation, path)}"

    def _of(self, operation: str, path: str) -> str:
        return self.texts[zlib.crc32(f"{operation}{path}".encode()) % len(self.texts)]

    def _element(self, operation: str, element: ET.Element) -> None:
        name, text, children = _name(element), element.text or "", list(element)
        for child in children:
            self._element(operation, child)
        listed = [child for child in children if _name(child) in {"member", "item", "Contents", name.removesuffix("s")}]
        if listed and len(listed[0]):
            element.append(self._copy(operation, listed[0]))
        if children or not text.strip():
            return
        if text.startswith("%7B"):
            element.text = quote(self._document(operation, self._object(operation, name, json.loads(unquote(text)))))
        elif name == "Content":
            element.text = base64.b64encode(self._table(operation, base64.b64decode(text))).decode()
        else:
            element.text = for_xml(self._text(operation, name, name, text))

    def _copy(self, operation: str, element: ET.Element) -> ET.Element:
        made = ET.fromstring(ET.tostring(element))  # noqa: S314 - as above
        for one in made.iter():
            if not len(one) and (one.text or "").strip() and not KEPT.fullmatch(_name(one)):
                one.text = for_xml(self._one_more(operation, _name(one), one.text or ""))
        return made

    def _table(self, operation: str, report: bytes) -> bytes:
        """Return the report of credentials with one more user."""
        self._count(operation, "document")
        lines = report.decode().split("\n")
        quoted = for_xml(self.everything).replace('"', '""').replace("\n", " ").replace("\r", " ")
        return "\n".join([*lines, f'"{quoted}",{lines[-1].partition(",")[2]}']).encode()


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


@dataclass(slots=True)
class Planted:
    """A WSGI application that asks the simulator and plants."""

    layer: Layer
    planter: Planter

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        operation = received(environ, lambda _: "").operation
        said: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(self.layer(environ, lambda status, fields, *_: said.append((status, fields))))
        status, fields = said[-1]
        made = self.planter.spoil(operation, status, body)
        kept = [(name, value) for name, value in fields if name.lower() != "content-length"]
        more = [(name, self.planter.header) for name in ("x-amz-meta-note", "x-amz-id-2", "server-note")]
        start(status, [*kept, *more, ("Content-Length", str(len(made)))])
        return [made]


@contextmanager
def planted(layer: Layer, planter: Planter) -> Iterator[str]:
    """Run the server before a simulator, and give its address."""

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            """Keep the terminal clean."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            """Say what time it is in the world."""
            return layer.now.strftime("%a, %d %b %Y %H:%M:%S GMT")

    server = make_server("127.0.0.1", 0, Planted(layer, planter), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
