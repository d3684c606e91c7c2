"""How a simulated vendor answers: routes, pages, instants, and refusals in the words of each vendor."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Body = dict[str, Any]
"""What is about to be written as JSON."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, understood."""

    vendor: Any
    """The vendor's part of the world."""
    now: datetime
    names: Mapping[str, str]
    """Parts of the path."""
    query: Mapping[str, list[str]]
    key: str
    page_size: int

    def first(self, name: str) -> str:
        """Return the first value of a parameter, or empty text."""
        return next(iter(self.query.get(name, [])), "")

    def ago(self, days: int) -> datetime:
        """Return the instant that many days before the world's clock."""
        return self.now - timedelta(days=days)

    def size(self, *parameters: str) -> int:
        """Return how many items a page may have: what is asked for, and not more than the simulator gives."""
        return min([self.page_size, *(int(self.first(name)) for name in parameters if self.first(name))])


@dataclass(frozen=True, slots=True)
class Refusal(Exception):  # noqa: N818 - it is an answer
    """An HTTP status other than 200."""

    status: int


@dataclass(frozen=True, slots=True)
class Route:
    """One path that a vendor answers."""

    operation: str
    path: re.Pattern[str]
    answer: Callable[[Asked], Body]


def route(operation: str, path: str, answer: Callable[[Asked], Body]) -> Route:
    """Return the route of a path in which ``{name}`` stands for one part."""
    return Route(operation, re.compile(re.sub(r"\{([a-z]+)\}", r"(?P<\1>[^/]+)", path)), answer)


def seconds(at: datetime) -> int:
    """Return an instant as seconds from 1970."""
    return int(at.timestamp())


def written(at: datetime) -> str:
    """Return an instant as RFC 3339 text."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def after(items: Sequence[Body], member: str, cursor: str, size: int) -> tuple[list[Body], bool]:
    """Return the page that follows the item with an id, and whether more follow it. An unknown id refuses."""
    start = 0
    if cursor:
        places = [i for i, item in enumerate(items) if item[member] == cursor]
        if not places:
            raise Refusal(400)
        start = places[0] + 1
    return list(items[start : start + size]), start + size < len(items)


def numbered(items: Sequence[Body], token: str, size: int, word: str) -> tuple[list[Body], str | None]:
    """Return the page that a token `WORD_N` names (another one: the first), and the token of the next one, or None."""
    number = token.removeprefix(word)
    start = int(number) if number.isdecimal() else 0
    more = start + size < len(items)
    return list(items[start : start + size]), f"{word}{start + size}" if more else None


def found(items: Sequence[Any], member: str, value: str) -> Any:  # noqa: ANN401 - any part of a world
    """Return the part of a world with an id. Refuses with 404 when there is none."""
    for item in items:
        if getattr(item, member) == value:
            return item
    raise Refusal(404)


_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
_WORDS = {
    400: "This is not a valid request.",
    401: "Incorrect API key provided: {key}.",
    403: "You have insufficient permissions for this operation.",
    404: "There is no such thing.",
    429: "Rate limit reached.",
    500: "The server had an error while processing your request.",
    503: "The service is overloaded.",
}


def refusal(vendor: str, status: int, key: str) -> Body:
    """Return the body of a refusal, in the form of each vendor. Like a real one it may repeat the key."""
    said = _WORDS.get(status, "No.").format(key=key)
    kind = _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    if vendor == "openai":
        code = "invalid_api_key" if status == 401 else None
        return {"error": {"message": said, "type": kind, "param": None, "code": code}}
    if vendor == "anthropic":
        return {"type": "error", "error": {"type": kind, "message": said}, "request_id": "req_simulated"}
    if vendor == "elevenlabs":
        return {"detail": {"status": "invalid_api_key" if status == 401 else kind, "message": said}}
    return {"err_code": "INVALID_AUTH" if status == 401 else kind.upper(), "err_msg": said, "request_id": "simulated"}
