"""Whether an answer has the lists and objects that botocore's model says: botocore reads others as empty."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.parsers import ResponseParserError

if TYPE_CHECKING:
    from botocore.model import OperationModel

_CONTAINERS = frozenset({"structure", "map", "list"})


def must_be_whole(operation_model: OperationModel, response_dict: Mapping[str, Any], **_: object) -> None:
    """Refuse a good answer that is not JSON of its shape.

    botocore would read one that was cut off in the middle, and text or an object in place of a list, as empty.
    """
    # What has no answer (kms:DisableKey) is answered by an empty body.
    if response_dict["status_code"] >= 300 or operation_model.output_shape is None:
        return
    answer = json.loads(response_dict["body"])
    wrong = "the answer is not a structure" if answer is None else _outline(operation_model.output_shape)(answer)
    if wrong:
        raise ResponseParserError(wrong)


Outline = Callable[[object], str]
"""Says what is wrong with the lists and objects of a value, or nothing."""


@cache
def _outline(  # botocore's shapes have no common type
    shape: Any,  # noqa: ANN401
    name: str = "the answer",
    trail: tuple[str, ...] = (),
) -> Outline:
    if shape is None or shape.type_name not in _CONTAINERS:
        return _anything
    if shape.name in trail:  # a type that holds itself
        return lambda value: _outline(shape, name)(value)  # noqa: PLW0108 - the call must wait, or it never ends
    trail = (*trail, shape.name)
    if shape.type_name == "list":
        items = _outline(shape.member, f"an item of {name}", trail)
        return _container(list, name, "list", lambda value: map(items, value))
    if shape.type_name == "map":
        values = _outline(shape.value, f"a value of {name}", trail)
        return _container(dict, name, "map", lambda value: map(values, value.values()))
    members = [(key, _outline(member, f"`{key}`", trail)) for key, member in shape.members.items()]
    # What holds neither lists nor objects cannot be misshapen.
    inner = [(key, check) for key, check in members if check is not _anything]
    return _container(dict, name, "structure", lambda value: (check(value.get(key)) for key, check in inner))


def _anything(_: object) -> str:
    return ""


def _container(kind: type, name: str, word: str, inside: Callable[[Any], Iterable[str]]) -> Outline:
    def check(value: object) -> str:
        if value is None:
            return ""
        if not isinstance(value, kind):
            return f"{name} is not a {word}"
        return next(filter(None, inside(value)), "")

    return check
