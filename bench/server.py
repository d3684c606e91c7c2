"""A fast HTTP server with a fixed latency, in a process of its own, so that clients are what is measured."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

JSON = b"application/x-amz-json-1.1"
XML = b"text/xml"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    content: bytes
    kind: bytes = JSON
    status: int = 200


Answer = Callable[[Mapping[bytes, bytes], bytes], Reply]
"""From headers (lower-case names) and body to an answer."""


async def _serve(answer: Answer, latency: float, ready: Connection) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = (line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
                headers = {name.lower(): value for name, value in fields}
                body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
                await asyncio.sleep(latency)
                reply = answer(headers, body)
                writer.write(
                    b"HTTP/1.1 %d OK\r\nContent-Type: %b\r\nx-amzn-RequestId: 00000000-0000-4000-8000-0000\r\n"
                    b"Content-Length: %d\r\n\r\n%b" % (reply.status, reply.kind, len(reply.content), reply.content)
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=512)
    ready.send(server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


def _main(make: Callable[..., Answer], given: tuple[object, ...], latency: float, ready: Connection) -> None:
    asyncio.run(_serve(make(*given), latency, ready))


@contextmanager
def running(make: Callable[..., Answer], *given: object, latency: float) -> Iterator[str]:
    """Run what ``make(*given)`` answers, each time after ``latency`` seconds; yield its URL."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(make, given, latency, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()
