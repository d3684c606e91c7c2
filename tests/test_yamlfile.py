"""Strict YAML: what it reads, where it says things are, and what it says is wrong."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from scanner import yamlfile
from scanner.errors import ConfigError, Place
from scanner.model.ids import Json
from scanner.resources import controls_dir
from scanner.yamlfile import MAX_BYTES, MAX_DEPTH, load, parse, read, validate
from tests.cli.system import as_nobody

VALUES = [
    ("true", True),
    ("false", False),
    ("null", None),
    ("~", None),
    ("", None),
    ("yes", "yes"),
    ("on", "on"),
    ("True", "True"),
    ("2026-11-24", "2026-11-24"),
    ("12:30:45", "12:30:45"),
    ("0", 0),
    ("-7", -7),
    ("+7", 7),
    ("007", "007"),
    ("012345678901", "012345678901"),
    ("0x1f", "0x1f"),
    ("1_000", "1_000"),
    ("9223372036854775807", 2**63 - 1),
    ("-9223372036854775807", -(2**63) + 1),
    ("1.5", 1.5),
    ("1.0e3", 1000.0),
    ("1.0e999", "1.0e999"),
    (".inf", ".inf"),
    (".nan", ".nan"),
    ("1e3", "1e3"),
    ("'1'", "1"),
    ('"true"', "true"),
    ('"\\x41"', "A"),
    ("|\n  a\n  b", "a\nb"),
    (">\n  a\n  b", "a b"),
    ("[1, [two]]", [1, ["two"]]),
    ("{a: 1}", {"a": 1}),
    ("# nothing", None),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_value_is_what_it_looks_like(text: str, value: object) -> None:
    got = parse(f"k: {text}".encode(), "f.yaml").data
    assert got == {"k": value}
    assert isinstance(got, dict)
    assert type(got["k"]) is type(value)


def test_every_value_has_its_place() -> None:
    document = parse(b"a:\n  - x\n  - b: 1\n    c:\n      d: 2\n", "f.yaml")
    places = {(): 1, ("a",): 1, ("a", 0): 2, ("a", 1): 3, ("a", 1, "b"): 3, ("a", 1, "c"): 4, ("a", 1, "c", "d"): 5}
    assert {path: document.place(path).line for path in places} == places
    assert document.place(("a", 1, "c", "d")) == Place("f.yaml", 5, 7)


def test_what_is_not_in_the_file_has_the_place_of_its_parent() -> None:
    document = parse(b"a:\n  b: 1\n", "f.yaml")
    assert document.place(("a", "b", "c", 7)).line == 2
    assert document.place(("z",)).line == 1
    assert str(parse(b"", "f.yaml").place(("z",))) == "f.yaml"


def test_a_byte_order_mark_and_windows_lines_are_read() -> None:
    assert parse("\ufeffa: 1\r\nb: 2\r\n".encode(), "f.yaml").data == {"a": 1, "b": 2}


REFUSED = [
    ("a: 1\na: 2", "f.yaml:2: the key 'a' is given twice", "remove one of them"),
    ("a: 1\n'a': 2", "f.yaml:2: the key 'a' is given twice", "remove one of them"),
    ("? [a]\n: b", "f.yaml:1: a key must be plain text", "put the key in quotes"),
    ("a: 9223372036854775808", "f.yaml:1: the number is too large", "put it in quotes if it is text"),
    ("a: -9223372036854775808", "f.yaml:1: the number is too large", "put it in quotes if it is text"),
    (f"a: {'9' * 5000}", "f.yaml:1: the number is too large", "put it in quotes if it is text"),
    ("a:\n  - &x 1", "f.yaml:2: anchors and aliases are not allowed", "write the value out"),
    ("a: *x", "f.yaml:1: anchors and aliases are not allowed", "write the value out"),
    ("&x a: 1", "f.yaml:1: anchors and aliases are not allowed", "write the value out"),
    ("a: !!str 1", "f.yaml:1: the tag 'tag:yaml.org,2002:str' is not allowed", "use plain values"),
    ("a: ! 1", "f.yaml:1: the tag '!' is not allowed", "use plain values"),
    ("a: !<x> 1", "f.yaml:1: the tag 'x' is not allowed", "use plain values"),
    ("a: !x [1]", "f.yaml:1: the tag '!x' is not allowed", "use plain values"),
    ("!x {a: 1}", "f.yaml:1: the tag '!x' is not allowed", "use plain values"),
    ("a: 1\nb: \x07", "f.yaml:2: the character U+0007 is not allowed", "remove it"),
    ("a: 1\n--- \na: 2", "f.yaml:2: not valid YAML: expected a single document", "a file is one document"),
    ("a:\n\t- 1", "f.yaml:2: not valid YAML: while scanning", "indent with spaces"),
    ("%YAML 2.0\n---\na: 1", "f.yaml:1: not valid YAML: found incompatible YAML document", ""),
    ("a: %x", "f.yaml:1: not valid YAML: while scanning for the next token", "put the text in quotes"),
]


@pytest.mark.parametrize(("text", "message", "hint"), REFUSED)
def test_what_is_outside_the_subset_is_refused_at_its_line(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text.encode(), "f.yaml")
    assert str(caught.value).startswith(message)
    assert caught.value.hint.startswith(hint)
    assert bool(caught.value.hint) == bool(hint)


@pytest.mark.parametrize("depth", [1, MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, 10_000])
@pytest.mark.parametrize("form", ["flow", "block"])
def test_depth_is_bounded(depth: int, form: str) -> None:
    if form == "block" and depth > 100:
        depth = 100
    text = "[" * depth + "1" + "]" * depth if form == "flow" else "".join(f"{' ' * i}a:\n" for i in range(depth))
    if depth <= MAX_DEPTH:
        assert parse(text.encode(), "f.yaml").data is not None
    else:
        with pytest.raises(ConfigError, match="nested deeper than 40"):
            parse(text.encode(), "f.yaml")


def test_size_is_bounded() -> None:
    assert parse(b"a: 1\n#" + b"x" * (MAX_BYTES - 6), "f.yaml").data == {"a": 1}
    with pytest.raises(ConfigError, match="larger than 1024 KiB"):
        parse(b"a: 1\n#" + b"x" * (MAX_BYTES - 5), "f.yaml")


def outcome(raw: bytes) -> Json | ConfigError:
    """Return what a file holds, or why it is refused. Nothing else may happen."""
    try:
        return parse(raw, "f.yaml").data
    except ConfigError as error:
        return error


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    told = outcome(raw)
    assert not isinstance(told, ConfigError) or str(told).startswith("f.yaml")


FRAGMENTS = [*"a{}[],'|>?#%\n\t\"", ": ", "- ", "  ", "&x ", "*x", "!t "]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
def test_anything_like_yaml_is_read_or_refused(text: str) -> None:
    told = outcome(text.encode())
    if isinstance(told, ConfigError):
        assert str(told).startswith("f.yaml")
    else:
        assert json.loads(json.dumps(told)) == told


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("a: 1\n")
    assert load(path).data == {"a": 1}
    assert load(path).path == str(path)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file") as missing:
        load(tmp_path / "nope.yaml")
    assert missing.value.hint == "check the path"
    with pytest.raises(ConfigError, match="is a folder, not a file"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_a_name_that_no_file_can_have_is_told(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load(Path(name))


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("a: 1\n")
    path.chmod(0)
    with as_nobody(), pytest.raises(ConfigError, match=r"cannot read .*: Permission denied") as caught:
        load(path)
    assert "who may read it" in caught.value.hint


def test_a_device_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(ConfigError, match="larger than"):
        load(Path("/dev/zero"))


def test_a_pipe_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=("a: 1\n",))
    writer.start()
    assert read(path) == b"a: 1\n"
    writer.join()


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    number: int = Field(description="how many")
    kind: Literal["one", "two"] = "one"


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    text: str
    from_: Annotated[str, Field(alias="from")] = ""
    few: list[int] = Field([], max_length=2)
    flag: bool = False
    ratio: float = 0.5
    either: int | list[Inner] | Literal["all"] = 1
    inner: Inner | None = None
    by_name: dict[Annotated[str, Field(pattern="^[a-z]+$")], Inner] = {}

    @field_validator("text")
    @classmethod
    def _check(cls, value: str) -> str:
        if value == "deep":
            raise PydanticCustomError("bad", "is wrong there", {"at": ("x", 1), "hint": "look there"})
        if value == "bad":
            raise ValueError("nobody wants this")
        return value


FAULTS = [
    ("", "f.yaml: the file is empty", "write lines of `key: value`"),
    ("[]", "f.yaml:1: the file must be a mapping, not a list", "write lines of `key: value`"),
    ("text: 1", "f.yaml:1: text: must be text, not a number", "put it in quotes"),
    ("text: true", "f.yaml:1: text: must be text, not true or false", "put it in quotes"),
    ("text: [a]", "f.yaml:1: text: must be text, not a list", ""),
    ("text:", "f.yaml:1: text: is empty", "it must be text; give a value or remove the line"),
    ("text: bad", "f.yaml:1: text: nobody wants this", ""),
    ("text: deep", "f.yaml:1: text.x[1]: is wrong there", "look there"),
    ("few: [1]", "f.yaml:1: the key 'text' is missing", "add `text`"),
    ("text: a\nfew: 1", "f.yaml:2: few: must be a list, not a number", ""),
    ("text: a\nfew: one", "f.yaml:2: few: must be a list, not text", "write a list: [one, two]"),
    ("text: a\nfew: [1, 2, 3]", "f.yaml:2: few: must have at most 2 items, not 3", ""),
    ("text: a\nfew: [1, x]", "f.yaml:2: few[1]: must be a whole number, not text", ""),
    ("text: a\nfew: [1.5]", "f.yaml:2: few[0]: must be a whole number, not a fraction", ""),
    ("text: a\nflag: yes", "f.yaml:2: flag: must be true or false, not text", ""),
    ("text: a\nratio: half", "f.yaml:2: ratio: must be a number, not text", ""),
    ("text: a\nratio: {}", "f.yaml:2: ratio: must be a number, not a mapping", ""),
    ("text: a\ninner: 1", "f.yaml:2: inner: must be a mapping, not a number", ""),
    ("text: a\ninner: {}", "f.yaml:2: the key 'number' is missing in inner", "add `number`: how many"),
    (
        "text: a\ninner:\n  number: 1\n  kin: one",
        "f.yaml:4: unknown key 'kin' in inner",
        "did you mean 'kind'? allowed: number, kind",
    ),
    ("text: a\ninner: {number: 1, kind: three}", "f.yaml:2: inner.kind: must be 'one' or 'two'", ""),
    ("text: a\neither: [{number: x}]", "f.yaml:2: either[0].number: must be a whole number, not text", ""),
    (
        "text: a\neither: x",
        "f.yaml:2: either: must be a whole number, a list or 'all', not text",
        "write a list: [one, two]",
    ),
    (
        "text: a\neither: [{nmber: 1}]",
        "f.yaml:2: unknown key 'nmber' in either[0] (and 1 more)",
        "did you mean 'number'? allowed: number, kind",
    ),
    (
        "text: a\nby_name: {x: {number: 1, kid: one}}",
        "f.yaml:2: unknown key 'kid' in by_name.x",
        "did you mean 'kind'? allowed: number, kind",
    ),
    ("text: a\nby_name: {X: {number: 1}}", "f.yaml:2: by_name.X: must match pattern '^[a-z]+$'", ""),
    ("text: a\nform: b", "f.yaml:2: unknown key 'form'", "did you mean 'from'? allowed: text, from, few, flag"),
    ("text: 1\nflag: 1\nratio: x", "f.yaml:1: text: must be text, not a number (and 2 more)", "put it in quotes"),
    ("few: 1\ntxt: a", "f.yaml:2: unknown key 'txt' (and 2 more)", "did you mean 'text'?"),
    ("ratio: x\nflag: 1\ntext: b", "f.yaml:1: ratio: must be a number, not text (and 1 more)", ""),
]


@pytest.mark.parametrize(("text", "message", "hint"), FAULTS)
def test_a_fault_is_told_in_words(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(parse(text.encode(), "f.yaml"), Outer)
    assert str(caught.value) == message
    assert caught.value.hint.startswith(hint)
    assert bool(caught.value.hint) == bool(hint)


def test_what_is_right_is_returned() -> None:
    document = parse(b"text: a\nfrom: b\neither: [{number: 1}]\nby_name: {x: {number: 2}}\n", "f.yaml")
    got: Any = validate(document, Outer)
    assert (got.text, got.from_, got.either[0].number, got.by_name["x"].number) == ("a", "b", 1, 2)


def test_no_value_of_the_file_is_in_the_error_or_behind_it() -> None:
    with pytest.raises(ConfigError) as caught:
        validate(parse(b"text: [hunter2]\nflag: hunter2\n", "f.yaml"), Outer)
    assert "hunter2" not in str(caught.value) + caught.value.hint
    assert caught.value.__suppress_context__  # or a traceback would show pydantic's error, and the values


SHIPPED = sorted([*controls_dir().rglob("*.yaml"), *Path(yamlfile.__file__).parent.rglob("*.yaml")])


def test_without_libyaml_every_shipped_file_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = [load(path) for path in SHIPPED]
    monkeypatch.setattr(yamlfile, "_FAST", False)
    assert len(SHIPPED) > 100
    assert [load(path) for path in SHIPPED] == fast
