"""What a declared operation is on the wire: a path that is read, its parameters, its pages, and what of it is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from scanner.collect.interface import CallError, ForbiddenOperationError, Paging
from scanner.model.ids import Json
from scanner.model.observation import GapReason

PAGING = Paging(answer="NextToken", parameter="PageToken")
"""The transport gives every vendor's pages this one form."""

Keep = Mapping[str, "Keep | None"]
"""Members of an object that are kept, and of those that are objects themselves, which of theirs; None: the whole."""

_OF_PAGES = frozenset(
    {
        *("object", "has_more", "first_id", "last_id", "next_page", "next_cursor", "last_history_item_id"),
        *("page", "limit"),
    }
)
"""Members beside the items that tell of pages: of a listing nothing else is kept."""
_NAME = re.compile(r"\{([a-z]+)\}")


class Pages(StrEnum):
    """How a vendor pages."""

    NONE = "none"
    AFTER = "after"
    """OpenAI: `has_more`, and `after` takes the id of the last item."""
    AFTER_ID = "after_id"
    """Anthropic, the older form: `has_more`, `last_id`."""
    NEXT_PAGE = "page"
    """Anthropic, the newer form: `next_page` holds a token."""
    CURSOR = "cursor"
    """ElevenLabs: `next_cursor`, and `has_more` where there is one."""
    HISTORY = "start_after_history_item_id"
    """ElevenLabs' history: `has_more`, `last_history_item_id`."""
    NUMBER = "number"
    """Deepgram: pages have numbers from 0, and one that is not full is the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One path that may be read, and nothing is ever written to any."""

    path: str
    """`/organization/projects/{project}`: what stands in braces is a parameter."""
    items: str = ""
    """The answer's member that lists; empty: the answer is one object."""
    pages: Pages = Pages.NONE
    query: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    limit: int = 100
    keep: Keep = field(default_factory=dict)
    """Of each item, or of the one object. What a vendor adds some day, a person's name or a prompt, is not kept."""
    by_project: bool = False
    """Asked with the project's key, and not with the administrator's."""

    @property
    def names(self) -> frozenset[str]:
        """Parameters that its path takes."""
        return frozenset(_NAME.findall(self.path))

    def address(self, params: Mapping[str, Json]) -> str:
        """Return the path with its parameters.

        Raises ForbiddenOperationError when there are others than it takes, and CallError for an identifier that would
        lead to another path.
        """
        if params.keys() - {PAGING.parameter} != self.names:
            raise ForbiddenOperationError(f"{self.path} is not declared with these parameters")
        if not {".", "..", ""}.isdisjoint(str(params[name]) for name in self.names):
            raise CallError(GapReason.MALFORMED, code="Identifier", detail="the vendor names something by dots alone")
        return _NAME.sub(lambda found: quote(str(params[found[1]]), safe=""), self.path)

    def questions(self, params: Mapping[str, Json]) -> dict[str, str | tuple[str, ...]]:
        """Return what stands behind the question mark."""
        token, asked = params.get(PAGING.parameter), dict(self.query)
        if self.pages is Pages.NONE:
            return asked
        if "limit" not in asked:
            size = "page_size" if self.pages in {Pages.CURSOR, Pages.HISTORY} else "limit"
            asked[size] = str(self.limit)
        if self.pages is Pages.NUMBER:
            asked["page"] = str(token or 0)
        elif token:
            asked[self.pages.value] = str(token)
        return asked

    def permits(self, path: str) -> bool:
        """Tell whether a path is this one, with any parameters."""
        parts = re.escape(self.path).replace(r"\{", "{").replace(r"\}", "}")
        return re.fullmatch(_NAME.sub("[^/]+", parts), path) is not None

    def kept(self, body: Mapping[str, Json]) -> dict[str, Json]:
        """Return what is kept of an answer."""
        if not self.items:
            return only(body, self.keep)
        value = body.get(self.items)
        items: Json = [only(item, self.keep) if isinstance(item, dict) else None for item in _list(value)]
        rest = {name: one for name, one in body.items() if name in _OF_PAGES and not isinstance(one, (dict, list))}
        return {**rest, self.items: items if isinstance(value, list) else None}

    def token(self, body: Mapping[str, Json], params: Mapping[str, Json]) -> str:
        """Return the token of the page that follows an answer; empty: none does. Raises CallError for nonsense."""
        if self.pages is Pages.NONE:
            return ""
        count = len(_list(body.get(self.items)))
        if self.pages is Pages.NUMBER:
            return str(int(str(params.get(PAGING.parameter) or 0)) + 1) if count >= self.limit else ""
        more = body.get("has_more")
        if more is False:
            return ""
        token = self._next(body)
        if more is True and not token:
            raise _nonsense("it says that a page follows, and not which")
        if more is None and self.pages in {Pages.AFTER, Pages.AFTER_ID, Pages.HISTORY}:
            # Without the flag only a page that is not full is surely the last one.
            return token if count >= self.limit else ""
        return token

    def _next(self, body: Mapping[str, Json]) -> str:
        if self.pages is Pages.AFTER:
            items = _list(body.get(self.items))
            last = items[-1] if items else None
            value = last.get("id") if isinstance(last, dict) else body.get("last_id")
        else:
            member = {
                Pages.AFTER_ID: "last_id",
                Pages.NEXT_PAGE: "next_page",
                Pages.CURSOR: "next_cursor",
                Pages.HISTORY: "last_history_item_id",
            }[self.pages]
            value = body.get(member)
        if value is not None and not isinstance(value, str):
            raise _nonsense("what names the next page is not text")
        return value or ""


def only(body: Mapping[str, Json], keep: Keep) -> dict[str, Json]:
    """Return the members of an object that are kept. One that is of another shape than it should be is left out."""
    found: dict[str, Json] = {}
    for name, inner in keep.items():
        value = body.get(name)
        if inner is None:
            if name in body:
                found[name] = value
        elif isinstance(value, dict):
            found[name] = only(value, inner)
    return found


def members(*names: str) -> Keep:
    """Return the rule that keeps these members whole."""
    return dict.fromkeys(names)


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _nonsense(detail: str) -> CallError:
    return CallError(GapReason.MALFORMED, code="Paging", detail=detail)
