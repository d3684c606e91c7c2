"""A small server on loopback."""

from __future__ import annotations

import urllib.request
from http.server import BaseHTTPRequestHandler

import pytest

from scanner.demo.serving import serving


def test_every_method_is_answered_until_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[str, str]] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append((handler.command, handler.path))
        handler.send_response(200)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"ok")

    methods = ("GET", "POST", "PUT", "PATCH", "DELETE")
    with serving(answer) as url:
        for method in methods:
            with urllib.request.urlopen(urllib.request.Request(f"{url}/a?b", method=method)) as reply:
                assert reply.read() == b"ok"
    assert seen == [(method, "/a?b") for method in methods]
    assert capsys.readouterr().err == ""
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url)
