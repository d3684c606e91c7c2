"""Text from outside: what is hidden is spelled out, what is long is counted, what is escaped stays whole."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.ids import Json
from scanner.render.text import (
    MOST,
    MOST_OF_VALUE,
    Translation,
    breakable,
    hidden,
    observed_pairs,
    prose,
    short_digest,
    value_text,
    visible,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("alias/voice", "alias/voice"),
        ("Klinik Zürich 日本語", "Klinik Zürich 日本語"),
        ("a\tb\nc", "a b c"),
        ("a\x00b", r"a\u0000b"),
        ("\x1b[31mred\x07", r"\u001b[31mred\u0007"),
        ("\x9b2J", r"\u009b2J"),
        ("a\x7fb", r"a\u007fb"),
        ("evil\u202egnp.exe", r"evil\u202egnp.exe"),
        ("a\u200bb\u200dc\ufeff", r"a\u200bb\u200dc\ufeff"),
        ("a\u00adb", r"a\u00adb"),
        ("a\ud800b", r"a\ud800b"),
        ("a\u2028b", r"a\u2028b"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("blank\u3164\u2800\ufe0f", r"blank\u3164\u2800\ufe0f"),
        ("thin\u2009space", r"thin\u2009space"),
        ("no\u00a0break\u3000wide", "no\u00a0break\u3000wide"),
        ("\ue000", r"\ue000"),
    ],
)
def test_what_is_hidden_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_what_is_cut_off_is_counted() -> None:
    assert visible("x" * MOST) == "x" * MOST
    assert visible("x" * 10_000_000, 5) == "xxxxx… (cut, 10000000 characters)"


@given(st.text())
def test_visible_text_can_be_written_and_shows_no_hidden_character(text: str) -> None:
    shown = visible(text)
    assert shown.encode().decode() == shown
    assert not any(hidden(char) for char in shown)
    assert visible(shown) == shown


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("<>&\"':/-.=")))
def test_breakable_text_is_the_visible_text_and_nothing_else(text: str) -> None:
    assert html.unescape(str(breakable(text)).replace("<wbr>", "")) == visible(text)


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("arn:aws:sts::111122223333:role/a-b", "arn:<wbr>aws:<wbr>sts::<wbr>111122223333:<wbr>role/<wbr>a-<wbr>b"),
        ("short-enough:to/stay 2026-11-14 22:19 UTC", "short-enough:to/stay 2026-11-14 22:19 UTC"),
        ("x" * 30, "x" * 30),
        ("a <b> &amp; 'c'", "a &lt;b&gt; &amp;amp; &#39;c&#39;"),
        ("<img/src=http://a.example/x>", "&lt;img/<wbr>src=<wbr>http://<wbr>a.<wbr>example/<wbr>x&gt;"),
    ],
)
def test_what_is_long_may_wrap_after_its_separators(text: str, markup: str) -> None:
    assert breakable(text) == markup


def test_backticks_become_code_and_the_rest_is_escaped() -> None:
    assert prose("a `<b>` c <i> `") == "a <code>&lt;b&gt;</code> c &lt;i&gt; `"
    assert prose("`private_key_encapsulation`") == "<code>private_<wbr>key_<wbr>encapsulation</code>"
    assert prose("`{}` {0} \x1b") == r"<code>{}</code> {0} \u001b"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "not known"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (2.5, "2.5"),
        (float("nan"), "nan"),
        ("2026-11-14T22:19:00Z", "2026-11-14 22:19 UTC"),
        ("2026-11-14T22:19:00.25Z", "2026-11-14 22:19 UTC"),
        ("2026-11-14T22:19Z", "2026-11-14 22:19 UTC"),
        ("2026-11-14T22:19:00+02:00", "2026-11-14T22:19:00+02:00"),
        ("RSA_2048", "RSA_2048"),
        ("none", "none"),
        ("encrypt,sign", "encrypt,sign"),
        ("", '""'),
        (" ", '" "'),
        ("yes", '"yes"'),
        ("not known", '"not known"'),
        ([], "none"),
        (["Decrypt", "DescribeKey"], "Decrypt, DescribeKey"),
        (["a, b", "c"], '"a, b", c'),
        (["none", None, True, 3], '"none", not known, yes, 3'),
        ([["a"], {}], "a, none"),
        (["2026-11-14T22:19:00Z"], "2026-11-14 22:19 UTC"),
        ({"b": 1, "a": [True]}, "a: yes, b: 1"),
        ([str(i) for i in range(25)], ", ".join(str(i) for i in range(20)) + " and 5 more"),
    ],
)
def test_values_in_words(value: Json, words: str) -> None:
    assert value_text(value) == words


@pytest.mark.parametrize("value", ["x" * 10_000_000, ["y" * 1_000_000] * 50, {"k" * 1_000_000: "z"}])
def test_huge_values_are_bounded_and_say_so(value: Json) -> None:
    words = value_text(value)
    assert len(words) < MOST_OF_VALUE + 60
    assert "characters)" in words


def test_observed_values_keep_their_order() -> None:
    assert observed_pairs({"z_z": 1, "a": None}) == [("z z", "1"), ("a", "not known")]


def test_a_digest_is_shortened_to_its_first_digits() -> None:
    assert short_digest("sha256:0123456789abcdef") == "0123456789ab"


def test_a_translation_asks_once_a_character() -> None:
    asked: list[str] = []

    def double(char: str) -> str:
        asked.append(char)
        return char * 2

    assert "abab".translate(Translation(double)) == "aabbaabb"
    assert asked == ["a", "b"]
