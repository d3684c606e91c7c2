"""Canonical JSON against RFC 8785's own vectors and an independent implementation."""

from __future__ import annotations

import json
import struct

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from scanner.evidence.canonical import canonical, clean_text
from scanner.model.ids import Json
from tests.evidence.samples import EXACT, VALUES

# RFC 8785, appendix B: IEEE 754 bits and their text.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_the_standards_numbers(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(number) == text.encode()


# RFC 8785, 3.2.2 and 3.2.3.
SAMPLES = [
    (
        r"""{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}""",
        (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            r""""string":"€$\u000f\nA'B\"\\\\\"/"}"""
        ),
    ),
    (
        r"""{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet", "1": "One",
        "\ud83d\ude00": "Grinning Face", "\u0080": "Control", "\u00f6": "O With Diaeresis"}""",
        (
            '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"O With Diaeresis",'
            '"€":"Euro Sign","😀":"Grinning Face","\ufb33":"Hebrew Letter Dalet"}'
        ),
    ),
]


@pytest.mark.parametrize(("given_text", "expected"), SAMPLES, ids=["values", "names"])
def test_the_standards_samples(given_text: str, expected: str) -> None:
    assert canonical(json.loads(given_text)) == expected.encode()


@given(VALUES)
def test_agrees_with_an_independent_implementation(value: Json) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_is_written_as_ecmascript_writes_it(number: float) -> None:
    assert canonical(number) == rfc8785.dumps(number)


@given(VALUES)
def test_reading_it_back_gives_the_same_bytes(value: Json) -> None:
    line = canonical(value)
    assert canonical(json.loads(line)) == line


@pytest.mark.parametrize("number", [2**53, -(2**53), 10**20, 295147905179352830000])
def test_a_double_that_reads_as_an_integer_stays_what_it_is(number: int) -> None:
    assert canonical(number) == canonical(float(number)) == str(number).encode()


@given(EXACT | st.booleans() | st.text(st.characters(exclude_categories=["Cs"])))
def test_the_short_way_and_the_long_way_agree(value: Json) -> None:
    # A float anywhere sends the whole value the long way.
    assert canonical([value, 0.5]) == b"[" + canonical(value) + b",0.5]"


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), float("-inf"), 2**53 + 1, -(2**53) - 1, 10**21, 10**5000, "\ud800", {"\udfff": 1}],
    ids=["nan", "inf", "-inf", "2^53+1", "-2^53-1", "10^21", "huge", "lone surrogate", "in a name"],
)
@pytest.mark.parametrize("beside", [[], [0.5]], ids=["short way", "long way"])
def test_what_json_cannot_hold_exactly_is_refused(value: Json, beside: list[Json]) -> None:
    with pytest.raises(ValueError, match=r"JSON|surrogates|integer string"):
        canonical([value, *beside])


def test_control_characters_are_escaped_as_the_standard_says() -> None:
    assert canonical('\x00\b\t\n\f\r\x1f\x7f/"\\') == b'"\\u0000\\b\\t\\n\\f\\r\\u001f\x7f/\\"\\\\"'


@pytest.mark.parametrize(
    ("text", "clean"),
    [("plain", "plain"), ("a\ud800b", "a\ufffdb"), ("\udc00\ud800", "\ufffd\ufffd"), ("😀", "😀"), ("\x00", "\x00")],
)
def test_lone_surrogates_are_replaced(text: str, clean: str) -> None:
    assert clean_text(text) == clean
