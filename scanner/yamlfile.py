"""Strict YAML with line numbers, for every file that a person writes.

It is a subset: no tags, no anchors or aliases (so no bombs), no duplicate keys, only ``true`` and
``false`` are booleans (YAML 1.1's ``on``, ``yes``, ``no`` stay text), and dates stay text.
"""

from __future__ import annotations

import contextlib
import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from yaml.composer import Composer
from yaml.resolver import BaseResolver

from scanner.errors import ConfigError, Place
from scanner.model.ids import Json

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 40
MAX_INT = 2**63 - 1
"""What the engine's BIGINT holds."""
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]+([eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, Json] = {"true": True, "false": False, "null": None, "~": None, "": None}

Path_ = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

_ADVICE = (
    (r"character '\\t'", "indent with spaces, not with tabs"),
    (r"mapping values are not allowed", "check the indentation, and put text that holds a colon in quotes"),
    (r"another document", "a file is one document: remove the line `---`"),
    (r"found unexpected end of stream", "close the quotes"),
    (r"expected ',' or '[\]}]'|expected the node content", "close the bracket"),
    (r"could not find expected ':'|expected <block end>", "check the indentation, and that each key has its colon"),
    (r"that cannot start any token", "put the text in quotes"),
)
"""What to do about the parser's complaints."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its data, and where each value stands in it."""

    path: str
    data: Json
    lines: Mapping[Path_, tuple[int, int]]

    def place(self, path: Path_ = ()) -> Place:
        """Return where the value at ``path`` stands, or the nearest parent of it that is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        line, column = self.lines.get(path, (0, 0))
        return Place(self.path, line, column)


def load(path: Path) -> Document:
    """Read and parse a file. Raises ConfigError with file and line."""
    return parse(read(path), str(path))


def read(path: Path) -> bytes:
    """Return the bytes of a file, one more than allowed at most. Raises ConfigError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"no such file: {path}", hint="check the path") from None
    except IsADirectoryError:
        raise ConfigError(f"{path} is a folder, not a file", hint="name the file in it") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"cannot read {path}: {why}", hint="check the path and who may read it") from None


def parse(raw: bytes, name: str) -> Document:
    """Parse the bytes of a YAML file called ``name``. Raises ConfigError with file and line."""
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"larger than {MAX_BYTES // 1024} KiB", place=Place(name), hint="is it the right file?")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        place = Place(name, raw.count(b"\n", 0, error.start) + 1)
        raise ConfigError("not UTF-8 text", place=place, hint="save it as UTF-8") from None
    if bad := yaml.reader.Reader.NON_PRINTABLE.search(text):
        place = Place(name, text.count("\n", 0, bad.start()) + 1)
        raise ConfigError(f"the character U+{ord(bad[0]):04X} is not allowed", place=place, hint="remove it")
    node = _compose(text, name)
    tree = _Tree(name)
    data = None if node is None else tree.value(node, ())
    return Document(name, data, tree.lines)


def _compose(text: str, name: str) -> yaml.Node | None:
    if _FAST and not _READ_OTHERWISE.search(text):
        # What is wrong is told below, in the words of the parser that is always there.
        with contextlib.suppress(yaml.YAMLError, ConfigError):
            return _FastLoader(text, name).get_single_node()
    try:
        return _Loader(text, name).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, name) from None


class _Mark(Protocol):
    line: int
    column: int


def _place(name: str, mark: _Mark | None) -> Place:
    return Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)


def _not_yaml(error: yaml.MarkedYAMLError, name: str) -> ConfigError:
    mark, begin = error.problem_mark, error.context_mark
    since = f" (begun in line {begin.line + 1})" if mark and begin and begin.line != mark.line else ""
    problem = ", ".join(part for part in (f"{error.context}{since}" if error.context else "", error.problem) if part)
    hint = next((advice for pattern, advice in _ADVICE if re.search(pattern, problem)), "")
    return ConfigError(f"not valid YAML: {problem}", place=_place(name, mark), hint=hint)


class _Subset(Composer):
    """Composes a node graph and no objects; what the subset leaves out is refused as soon as it is met."""

    _name: str
    _depth: int

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.NodeEvent = self.peek_event()  # type: ignore[attr-defined]  # the part that parses has it
        place = _place(self._name, event.start_mark)
        if event.anchor:  # an alias has its anchor's name here
            raise ConfigError("anchors and aliases are not allowed", place=place, hint="write the value out")
        if tag := getattr(event, "tag", None):
            raise ConfigError(f"the tag {tag!r} is not allowed", place=place, hint="use plain values")
        if self._depth > MAX_DEPTH:
            raise ConfigError(f"nested deeper than {MAX_DEPTH}", place=place, hint="is it the right file?")
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Loader(_Subset, yaml.BaseLoader):
    """The subset, read by PyYAML itself."""

    def __init__(self, text: str, name: str) -> None:
        yaml.BaseLoader.__init__(self, text)
        self._name, self._depth = name, 0


class _FastLoader(_Subset, BaseResolver):
    """The subset, read by libyaml, which takes a fifth of the time: a catalogue has 40,000 values."""

    def __init__(self, text: str, name: str) -> None:
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._name, self._depth = name, 0
        parser = yaml.CBaseLoader(text)
        self.check_event, self.peek_event, self.get_event = parser.check_event, parser.peek_event, parser.get_event


_FAST = hasattr(yaml, "CBaseLoader")
"""Whether PyYAML was built with libyaml, as its wheels are."""
_READ_OTHERWISE = re.compile("[\t\r\x85\u2028\u2029]|^(?:---|[.]{3})|[|>][-+0-9]*#|^ *[?]|[?](?: |$)", re.MULTILINE)
"""What libyaml takes and PyYAML refuses, or places elsewhere: found by comparing them on random texts."""


@dataclass(frozen=True, slots=True)
class _Tree:
    """Turns nodes into data and keeps where each stands."""

    name: str
    lines: dict[Path_, tuple[int, int]] = field(default_factory=dict)

    def value(self, node: yaml.Node, path: Path_) -> Json:
        mark = node.start_mark
        self.lines[path] = (mark.line + 1, mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Json]:
        result: dict[str, Json] = {}
        for key_node, value_node in node.value:
            place = _place(self.name, key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigError("a key must be plain text", place=place, hint="put the key in quotes")
            key = str(key_node.value)
            if key in result:
                raise ConfigError(f"the key {key!r} is given twice", place=place, hint="remove one of them")
            result[key] = self.value(value_node, (*path, key))
            self.lines[(*path, key)] = (place.line, place.column)
        return result

    def _scalar(self, node: yaml.Node) -> Json:
        text = str(node.value)
        if getattr(node, "style", None):  # quoted or block text is always text; libyaml has "" for plain
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text):
            # int() refuses very long text; nothing that a person means has so many digits.
            value = int(text) if len(text) <= len(str(MAX_INT)) + 1 else MAX_INT + 1
            if abs(value) <= MAX_INT:
                return value
            place = _place(self.name, node.start_mark)
            raise ConfigError("the number is too large", place=place, hint="put it in quotes if it is text")
        if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
        return text


def validate(document: Document, model: type[M]) -> M:
    """Check a document against a pydantic model. Raises ConfigError for the first fault, with file and line.

    A validator of the model that raises PydanticCustomError can put ``at`` (a path below its own) and ``hint``
    into the context.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        # Not chained: the ValidationError would show the values of the file in a traceback.
        raise _as_config_error(document, _faults(document, model, error)) from None


@dataclass(frozen=True, slots=True)
class _Fault:
    """One thing that is wrong with a document."""

    path: Path_
    message: str
    hint: str = ""
    unknown_key: bool = False
    expected: str = ""
    """For a value of the wrong type: which it should have."""
    given: str = ""
    choice: Path_ | None = None
    """For one of several allowed forms: the path of the value that may have any of them."""


def _as_config_error(document: Document, faults: Sequence[_Fault]) -> ConfigError:
    # What a wrong key was meant for is missing too, so the wrong key is told first.
    places = [(not fault.unknown_key, document.place(fault.path)) for fault in faults]
    order = sorted(range(len(faults)), key=lambda i: (places[i][0], places[i][1].line, places[i][1].column))
    first = faults[order[0]]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return ConfigError(first.message + more, place=document.place(first.path), hint=first.hint)


def _faults(document: Document, model: type[BaseModel], error: ValidationError) -> list[_Fault]:
    choices: dict[Path_, list[_Fault]] = {}
    result: list[_Fault] = []
    for details in error.errors(include_url=False):
        fault = _fault(document, model, details)
        if fault.choice is None:
            result.append(fault)
        else:
            choices.setdefault(fault.choice, []).append(fault)
    return [*result, *(fault for path, tried in choices.items() for fault in _best(path, tried))]


def _best(path: Path_, tried: list[_Fault]) -> Iterator[_Fault]:
    """Of the complaints about every allowed form of one value, yield those that help."""
    inside = [fault for fault in tried if len(fault.path) > len(path)]
    if inside:
        yield from inside
        return
    expected = _either([fault.expected for fault in tried if fault.expected])
    yield _wrong_type(path, expected, next((f.given for f in tried if f.given), "")) if expected else tried[0]


def _either(forms: Sequence[str]) -> str:
    *others, last = dict.fromkeys(forms) or ("",)
    return f"{', '.join(others)} or {last}" if others else last


def _fault(document: Document, model: type[BaseModel], details: ErrorDetails) -> _Fault:
    kind, loc, context = details["type"], details["loc"], details.get("ctx", {})
    path: Path_ = ()
    choice: Path_ | None = None
    for part in loc[:-1] if kind == "missing" else loc:
        if (*path, part) in document.lines:
            path = (*path, part)
        else:
            # Pydantic puts the names of allowed forms into the path; they do not stand in the file.
            choice = path if choice is None else choice
    if kind == "extra_forbidden":
        hint = _nearest(str(loc[-1]), list(_fields(model, loc)))
        message = f"unknown key {str(loc[-1])!r}{_inside(path[:-1])}"
        return _Fault(path, message, hint, unknown_key=True, choice=choice)
    if kind == "missing":
        known = _fields(model, loc).get(str(loc[-1]))
        hint = f"add `{loc[-1]}`{f': {known.description}' if known and known.description else ''}"
        return _Fault(path, f"the key {str(loc[-1])!r} is missing{_inside(path)}", hint, choice=choice)
    if expected := _expected(kind, context):
        given = "" if kind == "literal_error" else _kind(details["input"])
        fault = _wrong_type(path, expected, given)
        return _Fault(path, fault.message, fault.hint, expected=expected, given=given, choice=choice)
    text = details["msg"].removeprefix("Value error, ")
    text = re.sub(r"^[A-Z][a-z]+ should ", "must ", text).replace(" after validation", "")
    path = (*path, *context.get("at", ()))
    return _Fault(path, _about(path, text), str(context.get("hint", "")), choice=choice)


_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def _expected(kind: str, context: Mapping[str, object]) -> str:
    return str(context.get("expected", "")) if kind == "literal_error" else _EXPECTED.get(kind, "")


def _wrong_type(path: Path_, expected: str, given: str) -> _Fault:
    if given == "nothing" and not path:
        return _Fault(path, "the file is empty", "write lines of `key: value`")
    if given == "nothing":
        return _Fault(path, _about(path, "is empty"), f"it must be {expected}; give a value or remove the line")
    hint = ""
    if expected == "a whole number" and given == "a number":
        given = "a fraction"
    elif expected == "a mapping" and not path:
        hint = "write lines of `key: value`"
    elif expected == "text" and given in {"a number", "true or false"}:
        hint = "put it in quotes"
    elif "a list" in expected and given == "text":
        hint = "write a list: [one, two]"
    return _Fault(path, _about(path, f"must be {expected}{f', not {given}' if given else ''}"), hint)


def _kind(value: object) -> str:
    """Return what a value is, in words. The value itself may be a secret."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "text"


def _dotted(path: Path_) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _about(path: Path_, text: str) -> str:
    if path:
        return f"{_dotted(path)}: {text}"
    return f"the file {text}" if text.startswith(("is ", "must ")) else text


def _inside(path: Path_) -> str:
    return f" in {_dotted(path)}" if path else ""


def _fields(model: type[BaseModel], loc: Path_) -> dict[str, FieldInfo]:
    """Return the keys that are allowed beside the last one of ``loc``."""
    current = model
    for part in loc[:-1]:
        info = _by_key(current).get(str(part))
        # A part that is no key is an index, a name that the user chose, or the name of an allowed form.
        current = (_model_in(info.annotation) if info is not None else None) or current
    return _by_key(current)


def _by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg)) is not None), None)


def _nearest(name: str, allowed: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, allowed, n=1)
    listed = f"allowed: {', '.join(allowed)}"
    return f"did you mean {close[0]!r}? {listed}" if close else listed
