"""Sampling objects: which buckets, how many objects, and that no name of an object leaves the transport."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from scanner.collect.aws import s3_objects
from scanner.collect.aws.s3_objects import BUCKETS, GET, LIST, OPERATIONS, SENT, Objects, collect, matches
from scanner.collect.interface import CallError, ForbiddenOperationError, Reply, Transport
from scanner.model.estate import AwsSource
from scanner.model.facts import columns_of
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.tables import BY_NAME
from tests.collect.aws.kept import a_unit, collect_kept, transport
from tests.collect.aws.running import Collected
from tests.collect.postgres.voice import KEK, PLAIN, message

NAMES = frozenset(operation.name for operation in OPERATIONS)


@dataclass(slots=True)
class Below:
    """S3 as the transport below answers it."""

    contents: list[dict[str, Json]] = field(default_factory=list)
    truncated: Json = False
    error: CallError | None = None
    asked: list[tuple[str, dict[str, Json]]] = field(default_factory=list)
    endpoint: str = "https://s3.example"
    closed: bool = False

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Answer, or fail."""
        self.asked.append((operation, dict(params)))
        if self.error is not None:
            raise self.error
        bodies: dict[str, Json] = {
            "s3:ListBuckets": {
                "Buckets": [{"Name": "a"}],
                "Owner": {"DisplayName": "Jane Roe"},
                "ContinuationToken": "n",
            },
            "s3:ListObjectsV2": {"Contents": list(self.contents), "IsTruncated": self.truncated, "Prefix": ""},
            "s3:GetObject": {"format": "none", "understood": False, "plain": "JSON", "nonce": "wrapped iv"},
        }
        return Reply(200, "r", bodies[operation])

    def close(self) -> None:
        """Remember it."""
        self.closed = True


def keys(*names: str) -> list[dict[str, Json]]:
    return [{"Key": name, "Size": 9} for name in names]


def listed(objects: Objects) -> Any:  # noqa: ANN401 - an answer
    return objects.send(LIST, {"Bucket": "a"}).body


def test_a_listing_tells_hashes_and_no_names() -> None:
    below = Below([*keys("jane-roe.wav", "b.wav", "b.wav.instruction"), {"Key": "folder/", "Size": 0}])
    body = listed(Objects(below, 1))
    assert (body["Count"], body["Truncated"], len(body["Sample"])) == (2, False, 1)
    assert re.fullmatch("[0-9a-f]{32}", body["Sample"][0])
    assert "jane" not in json.dumps(body)
    assert below.asked == [("s3:ListObjectsV2", {"Bucket": "a", "MaxKeys": 1000})]


@pytest.mark.parametrize(("told", "expected"), [(False, False), (True, True), (None, True)])
def test_only_a_listing_that_says_so_is_whole(told: Json, expected: bool) -> None:
    assert listed(Objects(Below(truncated=told), 5))["Truncated"] is expected


@pytest.mark.parametrize("contents", [[{"Size": 1}], "text", ["name"]])
def test_a_listing_of_another_shape_is_none(contents: Any) -> None:  # noqa: ANN401 - anything
    with pytest.raises(CallError) as caught:
        listed(Objects(Below(contents), 5))
    assert caught.value.reason is GapReason.MALFORMED


def test_an_object_is_read_by_its_hash_and_only_its_beginning() -> None:
    below = Below(keys("jane-roe.wav"))
    objects = Objects(below, 5)
    (one,) = listed(objects)["Sample"]
    body: Any = objects.send(GET, {"Bucket": "a", "Object": one}).body
    assert below.asked[-1] == ("s3:GetObject", {"Bucket": "a", "Key": "jane-roe.wav", "Range": "bytes=0-4095"})
    assert re.fullmatch("[0-9a-f]{32}", body["nonce"])
    assert body["plain"] == "JSON"


def test_what_was_not_chosen_is_not_read() -> None:
    objects = Objects(Below(keys("x")), 5)
    (one,) = listed(objects)["Sample"]
    for operation, params in (
        (GET, {"Bucket": "b", "Object": one}),
        (GET, {"Bucket": "a", "Object": "x"}),
        ("s3:GetObject", {}),
    ):
        with pytest.raises(ForbiddenOperationError):
            objects.send(operation, params)


def test_what_s3_says_of_an_object_is_not_kept() -> None:
    below = Below(keys("jane-roe.wav"))
    objects = Objects(below, 5)
    (one,) = listed(objects)["Sample"]
    below.error = CallError(
        GapReason.DENIED,
        code="AccessDenied",
        detail="no GetObject on a/jane-roe.wav",
        request_id="r",
        status=403,
        retry=True,
    )
    with pytest.raises(CallError) as caught:
        objects.send(GET, {"Bucket": "a", "Object": one})
    error = caught.value
    assert (error.reason, error.code, error.status, error.retry, error.request_id) == (
        *(GapReason.DENIED, "AccessDenied", 403, True),
        "r",
    )
    assert "jane" not in f"{error} {error.__cause__}"


def test_owners_of_buckets_are_not_kept_and_the_rest_is_passed_on() -> None:
    below = Below()
    objects: Transport = Objects(below, 5)
    assert objects.send(BUCKETS, {"MaxBuckets": 9}).body == {"Buckets": [{"Name": "a"}], "ContinuationToken": "n"}
    assert objects.endpoint == "https://s3.example"
    objects.close()
    assert below.closed


def test_a_body_that_is_no_object_stays_for_whoever_checks_it() -> None:
    class Odd(Below):
        def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
            reply = Below.send(self, operation, params)
            return reply if operation == "s3:ListObjectsV2" else Reply(200, "r", "text")

    objects = Objects(Odd(keys("x")), 5)
    assert objects.send(BUCKETS, {}).body == "text"
    (one,) = listed(objects)["Sample"]
    assert objects.send(GET, {"Bucket": "a", "Object": one}).body == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("voice-audio-1", True),
        ("voice-audio-", True),
        ("my-voice-audio-1", False),
        ("logs-7", True),
        ("logs-77", False),
    ],
)
def test_patterns_of_buckets(name: str, expected: bool) -> None:
    assert matches(name, ["voice-audio-*", "logs-?", "[a-z]*"]) is expected


def test_the_columns_that_are_fed_are_there() -> None:
    for operation in OPERATIONS:
        assert operation.purpose
        assert set(operation.needs) <= NAMES
        assert not operation.feeds_any(["envelopes@column.*", "envelopes@column.parsed"])
        for column in operation.feeds:
            table, _, name = column.partition(".")
            assert name == "*" or name in {c.name for c in columns_of(BY_NAME[table])}


class S3(BaseHTTPRequestHandler):
    """An S3 of two buckets, of which one may not be listed."""

    OBJECTS: Mapping[str, bytes] = {
        "t-1/jane-roe call.wav": message(tenant="t-1") + b"\0" * 9000,
        "t-2/plain.json": PLAIN,
    }
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Answer."""
        where = urlsplit(self.path)
        bucket, _, key = unquote(where.path).strip("/").partition("/")
        type(self).asked.append(f"{bucket}/{key} {self.headers.get('Range', '')}".strip())
        if not bucket:
            assert parse_qs(where.query)["bucket-region"] == ["us-east-1"]
            names = ("voice-audio", "voice-secret", "logs", "voice-far")
            listed = "".join(f"<Bucket><Name>{n}</Name>{_region(n)}</Bucket>" for n in names)
            self._send(200, f"<ListAllMyBucketsResult><Buckets>{listed}</Buckets></ListAllMyBucketsResult>".encode())
        elif bucket == "voice-secret":
            self._send(403, b"<Error><Code>AccessDenied</Code><Message>not voice-secret</Message></Error>")
        elif not key:
            found = "".join(f"<Contents><Key>{k}</Key><Size>9</Size></Contents>" for k in (*self.OBJECTS, "gone"))
            self._send(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>".encode())
        elif key == "gone":
            self._send(404, b"<Error><Code>NoSuchKey</Code><Message>no key</Message><Key>gone</Key></Error>")
        else:
            body = self.OBJECTS[key]
            self._send(206, body[:4096], **{"Content-Range": f"bytes 0-{len(body[:4096]) - 1}/{len(body)}"})

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the terminal clean."""


def _region(bucket: str) -> str:
    return f"<BucketRegion>{'us-west-2' if bucket == 'voice-far' else 'us-east-1'}</BucketRegion>"


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the address of the S3, with made-up credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    S3.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), S3)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def sampled(folder: Path, url: str, objects: int | None, wanted: frozenset[str] = NAMES) -> Collected:
    source = AwsSource(name="main", sample_objects=objects, sample_buckets=("voice-*",))
    allowed = frozenset(operation.name for operation in SENT)
    unit = a_unit(
        url,
        s3_objects.NAME,
        OPERATIONS,
        lambda asking: collect(asking, source),
        transport=lambda: transport(url, allowed),
    )
    return collect_kept(folder, unit, wanted=wanted)


def test_objects_are_sampled_over_http_and_no_name_is_in_the_evidence(tmp_path: Path, url: str) -> None:
    found = sampled(tmp_path, url, 50)
    assert found.asked == {BUCKETS: 1, LIST: 1, GET: 3}
    assert found.why == {(LIST, "denied", "AccessDenied")}
    bodies = [(answer.error_code, answer.response) for answer in found.answers(GET)]
    heads = {(code, body.get("format")) for code, body in bodies if isinstance(body, dict)}
    assert heads == {("", "aws-encryption-sdk"), ("", "none"), ("NoSuchKey", None)}
    assert {a.subject.partition("#")[0] for a in found.answers(GET) if a.subject} == {"arn:aws:s3:::voice-audio"}
    assert not any(bucket in one for one in S3.asked for bucket in ("logs", "voice-far"))
    assert {one.partition(" bytes")[2] for one in S3.asked if "plain.json" in one} == {"=0-4095"}
    text = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert KEK in text
    for secret in ("jane", "plain.json", "Jane", "t-1/", "buprenorphine"):
        assert secret not in text


def test_a_resumed_scan_samples_anew(tmp_path: Path, url: str) -> None:
    sampled(tmp_path, url, 50)
    found = sampled(tmp_path, url, 50)
    assert (found.asked[BUCKETS], found.asked[LIST], found.asked[GET]) == (1, 2, 6)


@pytest.mark.parametrize(("objects", "wanted", "gaps"), [(None, NAMES, 3), (None, frozenset({LIST}), 1), (0, NAMES, 0)])
def test_nothing_is_sampled_that_nobody_allowed(
    tmp_path: Path, url: str, objects: int | None, wanted: frozenset[str], gaps: int
) -> None:
    found = sampled(tmp_path, url, objects, wanted)
    assert (S3.asked, found.answers(), len(found.gaps)) == ([], [], gaps)
    for gap in found.gaps:
        assert gap.reason is GapReason.NOT_ALLOWED
        assert "add `sample: {objects: 50, buckets:" in gap.detail
