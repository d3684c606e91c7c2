"""Which suites a server takes in one version of TLS: hello after hello, until none is left that it wants."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping

from scanner.collect.endpoints.hello import (
    MOST_BYTES,
    RANDOM_BYTES,
    REFUSALS,
    TLS13,
    VERSIONS,
    Alert,
    Chosen,
    client_hello,
    understood,
)
from scanner.collect.endpoints.suites import NEW, OLD
from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason

SECONDS = 10.0
"""What one connection may take, from its first byte to its last."""
CLOSED = "closed"


def connected(host: str, port: int, seconds: float = SECONDS) -> socket.socket:
    """Return a connection. Raises CallError when there is none."""
    try:
        return socket.create_connection((host, port), timeout=seconds)
    except OSError as error:
        raise unreachable(host, port, error) from error


def unreachable(host: str, port: int, error: OSError) -> CallError:
    """Return what it means that a connection failed."""
    detail = f"no connection to {host} port {port}: {error.strerror or error}"
    return CallError(GapReason.UNREACHABLE, code=type(error).__name__, detail=detail, retry=True)


def offers(version: str, host: str, port: int, late: Callable[[], bool]) -> dict[str, Json]:
    """Return what a server takes of one version. Raises CallError when it does not say.

    ``late`` tells whether the source's time is up. A server that hangs up on the first hello without a word may be one
    that does not know the version, or a guard before it: that is told as it is, and no more is made of it here.
    """
    number = VERSIONS[version]
    names: Mapping[int, str] = NEW if number == TLS13 else OLD
    left, taken = list(names), list[str]()
    ended = ""
    while left and not ended:
        if late():
            raise CallError(
                GapReason.LIMIT, detail="the time limit of the source was reached before every suite was tried"
            )
        said = _asked(number, left, host, port)
        if isinstance(said, Chosen) and said.version == number:
            if said.suite not in left:
                raise _nonsense(f"the server chose a suite that was not offered: 0x{said.suite:04X}")
            left.remove(said.suite)
            taken.append(names[said.suite])
        else:
            ended = _ending(said, taken)
    return {"version": version, "offered": bool(taken), "suites": list[Json](taken), "ended": ended or "none left"}


def _ending(said: Chosen | Alert | None, taken: list[str]) -> str:
    if said is None:
        if taken:
            raise CallError(
                GapReason.UNREACHABLE, code="Closed", detail="the server hung up amid the suites", retry=True
            )
        return CLOSED
    if isinstance(said, Chosen):
        if said.version > TLS13 or said.version not in VERSIONS.values():
            raise _nonsense(f"the server chose a version that there is not: 0x{said.version:04X}")
        return "another version"
    if said.number not in REFUSALS:
        raise CallError(
            GapReason.FAILED, code=f"alert {said.number}", detail=f"the server answers with alert {said.number}"
        )
    return REFUSALS[said.number]


def _asked(version: int, suites: list[int], host: str, port: int) -> Chosen | Alert | None:
    """Return what the server says to one hello; None: it hung up without a word."""
    until, data = time.monotonic() + SECONDS, b""
    with connected(host, port) as line:
        try:
            line.sendall(client_hello(version, suites, host, os.urandom(RANDOM_BYTES)))
            while len(data) <= MOST_BYTES:
                line.settimeout(max(0.001, until - time.monotonic()))
                more = line.recv(16_384)
                if not more:
                    break
                data += more
                if (said := understood(data)) is not None:
                    return said
        except (ConnectionResetError, BrokenPipeError):
            pass
        except OSError as error:
            raise unreachable(host, port, error) from error
        except ValueError as error:
            raise _nonsense(str(error)) from error
    if data:
        raise _nonsense("the server hung up amid its hello")
    return None


def _nonsense(detail: str) -> CallError:
    return CallError(GapReason.MALFORMED, code="Hello", detail=detail)
