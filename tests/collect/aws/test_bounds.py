"""Answers that are too large, and answers that never end, over real HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from scanner.collect.aws.bounds import BoundedSession
from scanner.collect.interface import CallError
from scanner.demo.aws.simulator import ENVIRON
from scanner.demo.embedded import environment
from scanner.model.observation import GapReason
from tests.collect.aws.servers import JSON, Answer, serving
from tests.support import REGION


@pytest.fixture(autouse=True)
def _credentials() -> Iterator[None]:
    with environment(ENVIRON):
        yield


def client(url: str, **bounds: Any) -> Any:  # noqa: ANN401 - boto makes its clients at run time
    config = Config(retries={"total_max_attempts": 1}, read_timeout=1)
    made: Any = botocore.session.Session().create_client("kms", region_name=REGION, endpoint_url=url, config=config)
    inner = made._endpoint.http_session
    made._endpoint.http_session = BoundedSession(inner, **bounds)
    return made


def test_an_answer_within_the_bounds_is_read() -> None:
    with serving(lambda _: Answer(body=b'{"Keys": [], "Truncated": false}', headers=JSON)) as server:
        kms = client(server.url)
        assert kms.list_keys()["Keys"] == []
        kms.close()


def test_an_answer_that_is_too_large_is_cut_off() -> None:
    body = b'{"Keys": [], "Note": "' + b"x" * 300_000 + b'"}'
    with serving(lambda _: Answer(body=body, headers=JSON)) as server:
        kms = client(server.url, most_bytes=100_000)
        with pytest.raises(CallError, match="the answer has over 100000 bytes") as caught:
            kms.list_keys()
        kms.close()
    assert caught.value.reason is GapReason.LIMIT


def test_an_answer_that_takes_too_long_is_cut_off() -> None:
    clock = count(0.0, 61.0)
    body = b'{"Keys": [], "Note": "' + b"x" * 300_000 + b'"}'
    with serving(lambda _: Answer(body=body, headers=JSON)) as server:
        kms = client(server.url, monotonic=lambda: next(clock))
        with pytest.raises(CallError, match="the answer took over 120 seconds") as caught:
            kms.list_keys()
        kms.close()
    assert caught.value.reason is GapReason.LIMIT


def test_an_answer_that_breaks_off_is_a_closed_connection() -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n{"
    with serving(lambda _: Answer(raw=raw)) as server:
        kms = client(server.url)
        with pytest.raises(ConnectionClosedError):
            kms.list_keys()
        kms.close()


def test_an_answer_that_stops_coming_is_a_timeout() -> None:
    resume = threading.Event()
    with stalling(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{", resume) as url:
        kms = client(url)
        try:
            with pytest.raises(ReadTimeoutError):
                kms.list_keys()
        finally:
            resume.set()
            kms.close()


@contextmanager
def stalling(beginning: bytes, resume: threading.Event) -> Iterator[str]:
    """Serve one request with ``beginning``, and nothing more until ``resume`` is set."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(beginning)
                resume.wait(60)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            resume.set()
            thread.join()
