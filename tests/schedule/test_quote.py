"""Hostile text stays text in every format; where a program reads the format, it is asked."""

from __future__ import annotations

import subprocess

import pytest
import yaml

from scanner.schedule import quote

HOSTILE = [
    "plain",
    "with space",
    "100%",
    "%h/%n",
    "$HOME",
    "${HOME} $(id) `id`",
    "it's",
    'say "hi"',
    """'"both"'""",
    "a;b|c&d>e",
    "- x: [y] #z",
    "${{ secrets.X }}",
    "$(NAME)",
    "größe",
]
each = pytest.mark.parametrize("text", HOSTILE)


@each
def test_a_shell_takes_it_literally(text: str) -> None:
    done = subprocess.run(["sh", "-c", f"printf %s {quote.shell(text)}"], capture_output=True, text=True, check=True)
    assert done.stdout == text


@each
def test_yaml_takes_it_literally(text: str) -> None:
    assert yaml.safe_load(f"x: {quote.yaml_text(text)}") == {"x": text}
    assert quote.yaml_text(text).isascii()


@pytest.mark.parametrize(
    ("text", "word", "program", "path"),
    [
        ("/a/b-c_d.e", "/a/b-c_d.e", "/a/b-c_d.e", "/a/b-c_d.e"),
        ("/a b", '"/a b"', '"/a b"', '"/a b"'),
        ("/100%", '"/100%%"', '"/100%%"', '"/100%%"'),
        ("/$x", '"/$$x"', '"/$x"', '"/$x"'),
        ("/it's", '''"/it's"''', '''"/it's"''', '''"/it's"'''),
        ('/a"b', '"/a\\"b"', '"/a\\"b"', """"/a"'"'"b\""""),
        ("a\\b", '"a\\\\b"', '"a\\\\b"', '"a\\b"'),
    ],
)
def test_units(text: str, word: str, program: str, path: str) -> None:
    assert (quote.unit_word(text), quote.unit_program(text), quote.unit_path(text)) == (word, program, path)


def test_the_other_formats() -> None:
    assert quote.unit_line("50% of it") == "50%% of it"
    assert quote.crontab("date +%F") == "date +\\%F"
    assert quote.kubernetes("$(NAME) $x") == '"$$(NAME) $$x"'
    assert quote.github("a ${{ secrets.X }} b") == "\"a ${{ '${{' }} secrets.X }} b\""
    assert quote.comment("a\nb\x1b[31m\u202e") == "a?b?[31m?"
