"""The first message and its answer, byte by byte."""

from __future__ import annotations

import pytest

from scanner.collect.endpoints.hello import VERSIONS, Alert, Chosen, client_hello, understood

RANDOM = bytes(range(64))


def record(kind: int, content: bytes, version: int = 0x0303) -> bytes:
    return bytes([kind]) + version.to_bytes(2, "big") + len(content).to_bytes(2, "big") + content


def server_hello(version: int, suite: int, *, session: bytes = b"", selected: int = 0) -> bytes:
    extensions = b"\x00\x17\x00\x00" + (b"\x00\x2b\x00\x02" + selected.to_bytes(2, "big") if selected else b"")
    body = version.to_bytes(2, "big") + bytes(32) + bytes([len(session)]) + session + suite.to_bytes(2, "big") + b"\0"
    body += len(extensions).to_bytes(2, "big") + extensions
    return b"\x02" + len(body).to_bytes(3, "big") + body


def test_an_old_hello_has_no_extensions() -> None:
    hello = client_hello(VERSIONS["SSL 3.0"], [0x0005], "ehr.example", RANDOM)
    assert hello.hex() == ("160300002f0100002b0300" + RANDOM[:32].hex() + "000004000500ff0100")


@pytest.mark.parametrize(("version", "outer", "inner"), [("TLS 1.0", "0301", "0301"), ("TLS 1.2", "0301", "0303")])
def test_a_hello_offers_one_version(version: str, outer: str, inner: str) -> None:
    hello = client_hello(VERSIONS[version], [0xC02F, 0x002F], "ehr.example", RANDOM)
    assert (hello[1:3].hex(), hello[9:11].hex()) == (outer, inner)
    assert int.from_bytes(hello[3:5], "big") == len(hello) - 5
    assert b"ehr.example" in hello
    assert bytes.fromhex("0006c02f002f00ff") in hello
    # Which signatures it takes, a client says since 1.2.
    assert (b"\x00\x0d\x00" in hello) == (version == "TLS 1.2")


def test_the_newest_version_is_offered_by_an_extension() -> None:
    hello = client_hello(VERSIONS["TLS 1.3"], [0x1301], "127.0.0.1", RANDOM)
    assert hello[9:11].hex() == "0303"
    assert bytes.fromhex("002b0003020304") in hello
    assert bytes.fromhex("00330026002 4001d0020".replace(" ", "")) + RANDOM[32:] in hello
    # An address is no name of a host, and there is nothing to signal.
    assert b"127.0.0.1" not in hello
    assert bytes.fromhex("00021301") in hello


HELLO = server_hello(0x0303, 0xC02F, session=b"s" * 32)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (record(22, HELLO), Chosen(0x0303, 0xC02F)),
        (record(22, server_hello(0x0303, 0x1301, selected=0x0304)), Chosen(0x0304, 0x1301)),
        (record(22, server_hello(0x0300, 0x0005)[:1] + b"\0\0\x26\3\0" + bytes(33) + b"\0\5\0"), Chosen(0x0300, 5)),
        (record(22, HELLO[:20]) + record(22, HELLO[20:]), Chosen(0x0303, 0xC02F)),
        (record(21, b"\x02\x28"), Alert(40)),
        (record(21, b"\x01\x70") + record(22, HELLO), Chosen(0x0303, 0xC02F)),
        (record(21, b"\x01\x70"), None),
        (record(22, HELLO)[:30], None),
        (record(22, HELLO[:2]), None),
        (record(22, HELLO[:20]), None),
        (b"", None),
        (b"\x16\x03", None),
    ],
)
def test_answers_are_understood(data: bytes, said: Chosen | Alert | None) -> None:
    assert understood(data) == said


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "not TLS"),
        (b"220", "not TLS"),
        (b"\x16\x02\x00\x00\x05hello", "not TLS"),
        (b"\x16\x03\x03\x00\x00", "not TLS"),
        (b"\x16\x03\x03\xff\xff", "not TLS"),
        (record(22, b"\x0e\0\0\0"), "does not begin with its hello"),
        (record(22, b"\x02\0\0\x04\3\3ab"), "too short"),
    ],
)
def test_what_is_no_answer_is_told(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        understood(data)
