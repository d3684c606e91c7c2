"""The transport: only declared operations leave, only whole answers come back, and nothing follows a redirect."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.config import Config

from scanner.collect.aws.hub import Hub, Timeouts
from scanner.collect.aws.transport import AwsTransport, check_endpoint, guard_client, plain
from scanner.collect.interface import CallError, ForbiddenOperationError, Reply
from scanner.demo.aws.simulator import ENVIRON
from scanner.demo.embedded import environment
from scanner.model.observation import GapReason
from tests.collect.aws.running import EVERYTHING, a_source
from tests.collect.aws.servers import JSON, Answer, Behavior, Server, serving
from tests.support import REGION


@pytest.fixture(autouse=True)
def _credentials() -> Iterator[None]:
    with environment(ENVIRON):
        yield


def hub(url: str, **given: Any) -> Hub:  # noqa: ANN401 - fields of AwsSource
    return Hub(a_source(url, **given), EVERYTHING, Timeouts(connect=30, read=30))


def send(behavior: Behavior, operation: str = "kms:ListKeys", **params: Any) -> Reply:  # noqa: ANN401 - JSON
    with serving(behavior) as server:
        transport = hub(server.url).transport("", REGION)
        try:
            return transport.send(operation, params)
        finally:
            transport.close()


def refused(answer: Answer, operation: str = "kms:ListKeys") -> CallError:
    with pytest.raises(CallError) as caught:
        send(lambda _: answer, operation)
    return caught.value


# Read-only.
NEEDED = {"CopySnapshot": {"SourceRegion": REGION}}
"""What botocore itself reads of a call before it comes to the hook."""


@pytest.mark.parametrize("service", ["kms", "sts", "organizations", "ec2"])
def test_every_operation_that_is_not_declared_is_refused_before_it_leaves(service: str) -> None:
    with serving(lambda _: Answer()) as server:
        session = botocore.session.Session()
        config = Config(parameter_validation=False, retries={"total_max_attempts": 1})
        client = session.create_client(service, region_name=REGION, endpoint_url=server.url, config=config)
        guard_client(client, EVERYTHING)
        names = {name for name in client.meta.service_model.operation_names if f"{service}:{name}" not in EVERYTHING}
        for name in sorted(names):
            with pytest.raises(ForbiddenOperationError, match=name):
                getattr(client, xform_name(name))(**NEEDED.get(name, {}))
        client.close()
        assert len(names) >= 10
        assert server.requests == []


@pytest.mark.parametrize("name", sorted(EVERYTHING))
def test_every_declared_operation_leaves(name: str) -> None:
    with serving(lambda _: Answer(status=400)) as server:
        transport = hub(server.url).transport("", REGION)
        with pytest.raises(CallError):
            transport.send(name, {})
        transport.close()
        assert len(server.requests) == 1


FORBIDDEN = [
    *("kms:Encrypt", "kms:Decrypt", "kms:ScheduleKeyDeletion", "s3:GetObject"),
    *("kms:Close", "kms:CanPaginate", "kms:GetWaiter", "kms:GeneratePresignedUrl"),  # methods that are no operations
    *("kms:listKeys", "kms:", "", "ListKeys", ":ListKeys", "kms:ListKeys "),
]


@pytest.mark.parametrize("operation", FORBIDDEN)
def test_a_transport_sends_nothing_else(operation: str) -> None:
    with serving(lambda _: Answer()) as server:
        transport = hub(server.url).transport("", REGION)
        with pytest.raises(ForbiddenOperationError):
            transport.send(operation, {})
        assert server.requests == []


def test_an_operation_that_this_botocore_does_not_know_is_unsupported() -> None:
    transport = Hub(a_source("http://127.0.0.1:9"), {"kms:ListUnicorns"}).transport("", REGION)
    with pytest.raises(CallError) as caught:
        transport.send("kms:ListUnicorns", {})
    assert (caught.value.reason, caught.value.code) == (GapReason.UNSUPPORTED, "UnknownToSdk")


# Answers.
def test_an_answer_comes_back_as_json() -> None:
    body = b'{"Keys":[{"KeyId":"k","KeyArn":"arn"}],"Truncated":false,"New":"member"}'
    reply = send(lambda _: Answer(body))
    assert reply == Reply(200, "scripted", {"Keys": [{"KeyId": "k", "KeyArn": "arn"}], "Truncated": False})


BROKEN: list[tuple[str, Answer]] = [
    ("not JSON", Answer(b"<html>login</html>")),
    ("cut off in the middle", Answer(b'{"Keys":[{"KeyId":"k"')),
    ("shorter than it says", Answer(b'{"Keys":[]', length=500)),
    ("empty", Answer(b"")),
    ("a list", Answer(b"[]")),
    ("text", Answer(b'"surprise"')),
    ("null", Answer(b"null")),
    ("not UTF-8", Answer(b'{"Keys":"\xff"}')),
    ("a list that is text", Answer(b'{"Keys":["surprise"]}')),
    ("a list that is a number", Answer(b'{"Keys":7}')),
    ("an object that is a list", Answer(b'{"Keys":[[]]}')),
    ("a list that is an object", Answer(b'{"Keys":{}}')),
    ("a list that is empty text", Answer(b'{"Keys":""}')),
    ("nested beyond reading", Answer(b'{"Keys":' + b"[" * 100_000)),
    ("a number beyond reading", Answer(b'{"Keys":' + b"7" * 10_000 + b"}")),
]


@pytest.mark.parametrize("answer", [a for _, a in BROKEN], ids=[name for name, _ in BROKEN])
def test_a_broken_answer_is_malformed(answer: Answer) -> None:
    error = refused(answer)
    assert (error.reason, error.retry) == (GapReason.MALFORMED, False)
    assert "could not be understood" in error.detail


@pytest.mark.parametrize("date", [b'"yesterday"', b"1e400", b"1e300", b"-1e18", b"[]", b"{}"])
def test_a_date_that_is_none_is_malformed(date: bytes) -> None:
    error = refused(Answer(b'{"KeyMetadata":{"KeyId":"k","CreationDate":' + date + b"}}"), "kms:DescribeKey")
    assert error.reason is GapReason.MALFORMED


@pytest.mark.parametrize("body", [b"{}", b"<broken", b"", b"<a/>", b"\xff"])
@pytest.mark.parametrize("operation", ["sts:GetCallerIdentity", "ec2:DescribeRegions"])
def test_broken_xml_holds_nothing(operation: str, body: bytes) -> None:
    xml = Answer(body, headers={"Content-Type": "text/xml"})
    try:
        reply = send(lambda _: xml, operation)
    except CallError as error:
        assert error.reason is GapReason.MALFORMED  # noqa: PT017 - one of two ways to say that nothing is known
    else:
        assert reply.body == {}


FAILED = [
    (
        Answer(b'{"__type":"AccessDeniedException","message":"no"}', 400),
        GapReason.DENIED,
        "AccessDeniedException",
        False,
    ),
    (
        Answer(b'{"__type":"com.amazonaws.kms#ThrottlingException"}', 400),
        GapReason.THROTTLED,
        "ThrottlingException",
        True,
    ),
    (Answer(b'{"__type":"KMSInternalException"}', 500), GapReason.FAILED, "KMSInternalException", True),
    (Answer(b'{"__type":"Sorry"}', 418), GapReason.FAILED, "Sorry", False),
    (Answer(b"<html>bad gateway</html>", 502), GapReason.FAILED, "502", True),
    (Answer(b"", 503), GapReason.FAILED, "503", True),
    (Answer(b"", 429), GapReason.THROTTLED, "429", True),
    (Answer(b"", 403), GapReason.DENIED, "403", False),
    (Answer(b"<html>not here</html>", 404), GapReason.UNSUPPORTED, "404", False),
    (Answer(b"[]", 400), GapReason.MALFORMED, "AttributeError", False),
    (Answer(b'{"__type":7}', 400), GapReason.MALFORMED, "TypeError", False),
    (Answer(raw=b""), GapReason.UNREACHABLE, "ConnectionClosedError", True),
    (Answer(raw=b"nonsense\r\n\r\n"), GapReason.UNREACHABLE, "ConnectionClosedError", True),
]


@pytest.mark.parametrize(
    ("answer", "reason", "code", "retry"), FAILED, ids=[f"{c}-{a.status}" for a, _, c, _ in FAILED]
)
def test_failures(answer: Answer, reason: GapReason, code: str, retry: bool) -> None:
    error = refused(answer)
    assert (error.reason, error.code, error.retry) == (reason, code, retry)


def test_an_error_keeps_status_message_and_request_id() -> None:
    error = refused(Answer(b'{"__type":"X","message":"why"}', 418))
    assert (error.status, error.detail, error.request_id) == (418, "why", "scripted")


def test_a_silent_server_is_given_up() -> None:
    never = threading.Event()
    with serving(lambda _: Answer(hang=never)) as server:
        transport = Hub(a_source(server.url), EVERYTHING, Timeouts(connect=30, read=0.2)).transport("", REGION)
        with pytest.raises(CallError) as caught:
            transport.send("kms:ListKeys", {})
        never.set()
        transport.close()
    assert (caught.value.reason, caught.value.code, caught.value.retry) == (
        GapReason.UNREACHABLE,
        "ReadTimeoutError",
        True,
    )


def test_each_call_is_sent_once() -> None:
    for answer in (Answer(b"", 500), Answer(b'{"__type":"ThrottlingException"}', 400), Answer(raw=b"")):
        with serving(lambda _, answer=answer: answer) as server:  # type: ignore[misc]  # bound now
            transport = hub(server.url).transport("", REGION)
            with pytest.raises(CallError):
                transport.send("kms:ListKeys", {})
            transport.close()
            assert len(server.requests) == 1


# Redirects.
READS = ["kms:ListKeys", "sts:GetCallerIdentity", "ec2:DescribeRegions"]


def redirected(status: int, operation: str) -> CallError:
    with serving(lambda _: Answer(b'{"Keys":[]}')) as elsewhere:
        error = refused(Answer(b"", status, {**JSON, "Location": f"{elsewhere.url}/"}), operation)
        assert elsewhere.requests == []
    return error


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("operation", READS)
def test_a_redirect_is_not_followed(status: int, operation: str) -> None:
    assert redirected(status, operation).reason in {GapReason.FAILED, GapReason.MALFORMED}


@pytest.mark.parametrize("operation", READS)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_urllib3_trips_over_see_other_and_does_not_follow_it_either(operation: str) -> None:
    assert redirected(303, operation).reason is GapReason.UNREACHABLE
    gc.collect()  # it leaves its socket behind


# Endpoints.
GOOD = [
    ("https://kms.us-east-1.amazonaws.com", False),
    ("https://10.0.0.1:8443/x", False),
    ("http://127.0.0.1:5000", False),
    ("http://127.9.9.9", False),
    ("http://[::1]:5000", False),
    ("http://localhost:5000", False),
    ("http://LOCALHOST", False),
    ("http://10.0.0.1", True),
]
BAD = [
    ("http://10.0.0.1", False),
    ("http://localhost.evil.example", False),
    ("http://127.0.0.1.evil.example", False),
    ("http://127.0.0.1@evil.example", False),
    ("http://2130706433", False),
    ("http://", False),
    ("ftp://127.0.0.1", False),
    ("ftp://127.0.0.1", True),
    ("//kms.us-east-1.amazonaws.com", True),
    ("", True),
]


@pytest.mark.parametrize(("url", "insecure"), GOOD)
def test_endpoints_that_may_be_used(url: str, insecure: bool) -> None:
    check_endpoint(url, insecure=insecure)


@pytest.mark.parametrize(("url", "insecure"), BAD)
def test_endpoints_that_may_not(url: str, insecure: bool) -> None:
    with pytest.raises(CallError) as caught:
        check_endpoint(url, insecure=insecure)
    assert (caught.value.reason, caught.value.code) == (GapReason.UNREACHABLE, "PlainHttpRefused")


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS"])
def test_plain_http_is_refused_whoever_configured_it(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "http://203.0.113.1")
    transport = hub("").transport("", REGION)
    with pytest.raises(CallError) as caught:
        transport.send("kms:ListKeys", {})
    assert caught.value.code == "PlainHttpRefused"


def test_the_endpoint_is_what_the_client_uses() -> None:
    with serving(lambda _: Answer(b'{"Keys":[]}')) as server:
        transport = hub(server.url).transport("", REGION)
        transport.send("kms:ListKeys", {})
        assert transport.endpoint == server.url
        transport.close()
    assert hub("").transport("", REGION).endpoint == ""


# Clients.
def made(server: Server, seen: list[tuple[Any, Any]] | None = None) -> tuple[AwsTransport, list[str]]:
    names: list[str] = []

    def client(service: str) -> Any:  # noqa: ANN401 - a botocore client
        names.append(service)
        return botocore.session.Session().create_client(service, region_name=REGION, endpoint_url=server.url)

    def capture(params: Any, answer: Any) -> None:  # noqa: ANN401 - as the transport gives them
        assert seen is not None
        seen.append((params, answer))

    shown = None if seen is None else capture
    return AwsTransport(client, allowed=EVERYTHING, insecure=False, endpoint="", capture=shown), names


def test_one_client_a_service_however_many_threads_and_a_new_one_after_closing() -> None:
    with serving(lambda _: Answer(b'{"Keys":[]}')) as server:
        transport, names = made(server)
        threads = [threading.Thread(target=transport.send, args=("kms:ListKeys", {})) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert names == ["kms"]
        transport.close()
        transport.send("kms:ListKeys", {})
        assert names == ["kms", "kms"]
        transport.close()


def test_the_raw_answer_is_shown_to_who_keeps_credentials() -> None:
    seen: list[tuple[Any, Any]] = []
    with serving(lambda _: Answer(b'{"Keys":[]}')) as server:
        transport, _ = made(server, seen)
        transport.send("kms:ListKeys", {"Limit": 5})
        transport.close()
    assert seen == [({"Limit": 5}, {"Keys": []})]


def test_a_program_that_is_not_there_is_no_disk_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def vanished(_: str) -> Any:  # noqa: ANN401 - a client whose credentials fail when they are refreshed
        client = botocore.session.Session().create_client("kms", region_name=REGION, endpoint_url="http://127.0.0.1:9")

        def fail(**_: object) -> None:
            raise FileNotFoundError(2, "No such file or directory", "helper")

        client.meta.events.register("before-sign", fail)
        return client

    transport = AwsTransport(vanished, allowed=EVERYTHING, insecure=False, endpoint="")
    with pytest.raises(CallError) as caught:
        transport.send("kms:ListKeys", {})
    assert (caught.value.reason, caught.value.code) == (GapReason.FAILED, "FileNotFoundError")


# Values.
EAST = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        ("x", "x"),
        (EAST, "2025-12-31T23:30:00.000Z"),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00.000Z"),
        (b"\x00\x01", "[2 bytes]"),
        (bytearray(3), "[3 bytes]"),
        (90.0, 90),
        (0.5, "0.5"),
        (float("inf"), "inf"),
        ((1, [b""]), [1, ["[0 bytes]"]]),
        ({1: {"a": EAST}}, {"1": {"a": "2025-12-31T23:30:00.000Z"}}),
        (3 + 4j, "(3+4j)"),
    ],
)
def test_values_become_json(value: object, expected: object) -> None:
    assert plain(value) == expected
