"""How large an answer of AWS may be, and how long it may take: a server that never ends must not hold a scan."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from urllib3.exceptions import HTTPError
from urllib3.exceptions import ReadTimeoutError as Slow

from scanner.collect.interface import CallError
from scanner.model.observation import GapReason

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

MAX_ANSWER = 64 * 1024 * 1024
"""Bytes of an answer that is read into memory: as much as the evidence log keeps of one."""
MAX_SECONDS = 120.0
"""Seconds from its first byte to its last."""


class Session(Protocol):
    """What botocore sends with."""

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Send once."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


@dataclass(frozen=True, slots=True)
class _Read:
    """A body that was read whole, as botocore's answer wants it."""

    body: bytes

    def stream(self) -> Iterator[bytes]:
        """Give it in one piece."""
        yield self.body


@dataclass(frozen=True, slots=True)
class BoundedSession:
    """Sends by another session, and reads answers within the bounds. What is streamed, its reader bounds."""

    inner: Session
    monotonic: Callable[[], float] = time.monotonic
    most_bytes: int = MAX_ANSWER
    most_seconds: float = MAX_SECONDS

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Send once. Raises CallError for an answer out of bounds, and what botocore raises for a broken one."""
        streams, request.stream_output = request.stream_output, True
        answer = self.inner.send(request)
        if streams:
            return answer
        try:
            body = b"".join(self._pieces(answer))
        except Slow as error:
            raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
        except HTTPError as error:
            raise ConnectionClosedError(error=error, request=request, endpoint_url=request.url) from error
        return AWSResponse(answer.url, answer.status_code, answer.headers, _Read(body))  # type: ignore[arg-type] # as botocore makes it

    def _pieces(self, answer: AWSResponse) -> Iterator[bytes]:
        began, size = self.monotonic(), 0
        for piece in answer.raw.stream():
            size += len(piece)
            slow = self.monotonic() - began > self.most_seconds
            if slow or size > self.most_bytes:
                answer.raw.close()
                what = f"took over {self.most_seconds:g} seconds" if slow else f"has over {self.most_bytes} bytes"
                raise CallError(GapReason.LIMIT, code="AnswerOutOfBounds", detail=f"the answer {what}")
            yield piece

    def close(self) -> None:
        """Close the connections."""
        self.inner.close()


def bound(client: Any) -> None:  # noqa: ANN401 - botocore's stubs hide what is behind a client
    """Make a client read answers within the bounds."""
    endpoint = client._endpoint  # botocore offers no other way to its session
    endpoint.http_session = BoundedSession(endpoint.http_session)
