"""Strict YAML with line numbers, for every file that a person writes.

It is a subset: no tags, no anchors or aliases (so no bombs), no duplicate keys, only ``true`` and
``false`` are booleans (YAML 1.1's ``on``, ``yes``, ``no`` stay text), and dates stay text.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from scanner.errors import ConfigError, Place
from scanner.model.ids import Json

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 40
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?[0-9]+\.[0-9]+([eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, Json] = {"true": True, "false": False, "null": None, "~": None, "": None}

Path_ = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


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
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"no such file: {path}", hint="check the path") from None
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    return parse(raw, str(path))


def parse(raw: bytes, name: str) -> Document:
    """Parse the bytes of a YAML file called ``name``. Raises ConfigError with file and line."""
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"larger than {MAX_BYTES} bytes", place=Place(name))
    try:
        text = raw.decode("utf-8")
        # The composer only builds a node graph; SafeLoader makes no Python objects from tags.
        node = _compose(text, name)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError("not UTF-8 text", place=Place(name, line)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)
        raise ConfigError(f"not valid YAML: {error.problem or error.context}", place=place) from error
    except yaml.reader.ReaderError as error:
        raise ConfigError(f"not valid YAML: {error.reason}", place=Place(name)) from error
    lines: dict[Path_, tuple[int, int]] = {}
    data = None if node is None else _value(node, (), lines, name)
    return Document(name, data, lines)


def _compose(text: str, name: str) -> yaml.Node | None:
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        mark = event.start_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError("anchors and aliases are not allowed", place=place, hint="write the value out")
        if tag := getattr(event, "tag", None):
            raise ConfigError(f"the tag {tag!r} is not allowed", place=place, hint="use plain values")
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _value(node: yaml.Node, path: Path_, lines: dict[Path_, tuple[int, int]], name: str) -> Json:
    mark = node.start_mark
    lines[path] = (mark.line + 1, mark.column + 1)
    if len(path) > MAX_DEPTH:
        raise ConfigError(f"nested deeper than {MAX_DEPTH}", place=Place(name, mark.line + 1))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, name)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, i), lines, name) for i, item in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, path: Path_, lines: dict[Path_, tuple[int, int]], name: str) -> dict[str, Json]:
    result: dict[str, Json] = {}
    for key_node, value_node in node.value:
        place = Place(name, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if not isinstance(key_node, yaml.ScalarNode):
            raise ConfigError("a key must be plain text", place=place)
        key = key_node.value
        if key in result:
            raise ConfigError(f"the key {key!r} is given twice", place=place, hint="remove one of them")
        result[key] = _value(value_node, (*path, key), lines, name)
        lines[(*path, key)] = (place.line, place.column)
    return result


def _scalar(node: yaml.Node) -> Json:
    text = str(node.value)
    if getattr(node, "style", None) is not None:  # quoted or block text is always text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def validate(document: Document, model: type[M]) -> M:
    """Check a document against a pydantic model. Raises ConfigError for the first fault, with file and line."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise _as_config_error(document, model, error) from error


def _as_config_error(document: Document, model: type[BaseModel], error: ValidationError) -> ConfigError:
    faults = error.errors(include_url=False, include_context=False)
    first = faults[0]
    path: Path_ = tuple(part for part in first["loc"] if _in_document(document, part))
    where = ".".join(str(part) for part in path)
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    hint = ""
    if first["type"] == "extra_forbidden":
        message = f"unknown key {str(path[-1])!r}"
        hint = _nearest(str(path[-1]), _keys_beside(model, first["loc"]))
    elif first["type"] == "missing":
        message = f"the key {str(first['loc'][-1])!r} is missing"
        path = path[:-1] if path and path[-1] == first["loc"][-1] else path
    else:
        text = first["msg"].removeprefix("Value error, ")
        message = f"{where}: {text}" if where else text
    return ConfigError(message + more, place=document.place(path), hint=hint)


def _in_document(document: Document, part: str | int) -> bool:
    # Pydantic puts the names of union members into the path; only what stands in the file helps the reader.
    return any(part in path for path in document.lines) or isinstance(part, int)


def _keys_beside(model: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    current: type[BaseModel] | None = model
    for part in loc[:-1]:
        if current is None or not isinstance(part, str):
            continue
        info = current.model_fields.get(part)
        current = _model_in(info.annotation) if info is not None else None
    return [field.alias or name for name, field in current.model_fields.items()] if current else []


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg)) is not None), None)


def _nearest(name: str, allowed: list[str]) -> str:
    close = difflib.get_close_matches(name, allowed, n=1)
    listed = f"allowed: {', '.join(allowed)}" if allowed else ""
    return f"did you mean {close[0]!r}? {listed}".strip() if close else listed
