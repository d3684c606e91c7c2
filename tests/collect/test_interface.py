"""The types between providers, the runner and collectors."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

from scanner.collect.ask import Ask
from scanner.collect.interface import Answer, Asking, CallError, Paging, Reply, Transport
from scanner.model.observation import GapReason
from tests.collect.fakes import FakeTransport, a_unit


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (CallError(GapReason.DENIED), "denied:"),
        (CallError(GapReason.DENIED, code="AccessDenied"), "denied: AccessDenied"),
        (CallError(GapReason.LIMIT, detail="too late"), "limit:  too late"),
        (CallError(GapReason.FAILED, code="X", detail="y"), "failed: X y"),
    ],
)
def test_an_error_says_why(error: CallError, text: str) -> None:
    assert str(error) == text
    assert (error.retry, error.status, error.request_id) == (False, 0, "")


@pytest.mark.parametrize(("protocol", "part"), [(Asking, Ask), (Transport, FakeTransport)])
def test_the_parts_have_what_their_protocols_say(protocol: type, part: type) -> None:
    methods = {n: m for n, m in vars(protocol).items() if inspect.isfunction(m) and not n.startswith("_")}
    assert methods
    for name, method in methods.items():
        wanted = inspect.signature(method)
        assert list(inspect.signature(getattr(part, name)).parameters) == list(wanted.parameters)


@pytest.mark.parametrize(
    "value",
    [Reply(200, "", {}), Answer({}, "", last=True), Paging("a", "b"), a_unit()],
    ids=["Reply", "Answer", "Paging", "Unit"],
)
def test_values_between_stages_do_not_change(value: object) -> None:
    field = dataclasses.fields(value)[0].name  # type: ignore[arg-type]  # each is a dataclass
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, field, None)
