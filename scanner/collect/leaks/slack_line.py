"""The line to Slack's Web API: what an error means, how long to wait, and when to give up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanner.collect.ask import MAX_ATTEMPTS, MAX_PAGES, Outside, StoppedError
from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason

if TYPE_CHECKING:
    from scanner.collect.leaks.slack_gate import GatedClient

BASE = "https://slack.com/api"
MOST_WAIT = 300.0
"""Seconds that one answer may ask to wait: Slack's limits are by the minute."""
_SLOW_DOWN = frozenset({"ratelimited", "rate_limited"})
_TOKEN = frozenset(
    {
        *("not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "org_login_required"),
        "two_factor_setup_required",
    }
)
_DENIED = frozenset(
    {
        *("not_in_channel", "channel_not_found", "no_permission", "access_denied", "ekm_access_denied"),
        *("not_allowed_token_type", "team_access_not_granted", "enterprise_is_restricted", "missing_scope"),
    }
)
_AGAIN = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
_NOT_THERE = frozenset(
    {"unknown_method", "deprecated_endpoint", "method_deprecated", "method_not_supported_for_channel_type"}
)
_WORD = re.compile("[a-z_]{1,80}")
_SCOPES = re.compile("[a-z_.:, ]{1,200}")


@dataclass(frozen=True, slots=True)
class Got:
    """An answer of Slack that says that it is one."""

    body: Mapping[str, Json]
    scopes: str
    """Scopes of the token, as the answer's header tells them; empty: it does not."""


class SlackError(CallError):
    """A refusal of Slack's."""

    after: float = 0.0
    """Seconds that it asks to wait; 0: it does not say."""
    needed: str = ""
    """Scopes that the token lacks; empty: it does not say."""


class Line:
    """Asks Slack, again where that may help. Waits by the clock of the scan, and never beyond its deadline."""

    def __init__(self, base: str, token: str, outside: Outside, deadline: float) -> None:
        self.base = base.rstrip("/") or BASE
        self._token = token
        self._outside = outside
        self._deadline = deadline
        self._client: GatedClient | None = None

    def get(self, method: str, params: Mapping[str, str]) -> Got:
        """Ask until there is an answer. Raises CallError, StoppedError, or ForbiddenOperationError from the gate."""
        tries = 0
        while True:
            tries += 1
            self._may_ask()
            try:
                return self._once(method, params)
            except CallError as error:
                if not error.retry or tries >= MAX_ATTEMPTS:
                    raise _last(error) from None
                self._wait(error, tries)

    def pages(self, method: str, params: Mapping[str, str]) -> Iterator[Got]:
        """Ask page after page. Raises CallError as ``get``, and for a listing that contradicts itself."""
        cursor, seen = "", {""}
        while True:
            got = self.get(method, {**params, **({"cursor": cursor} if cursor else {})})
            yield got
            told = got.body.get("response_metadata")
            follows = told.get("next_cursor") if isinstance(told, dict) else None
            if not isinstance(follows, str | None):
                raise CallError(GapReason.MALFORMED, code="Cursor", detail="`next_cursor` is not text")
            if not follows:
                if got.body.get("has_more") is True:
                    detail = "`has_more` says that a page follows, and `next_cursor` is missing"
                    raise CallError(GapReason.MALFORMED, code="Cursor", detail=detail)
                return
            if follows in seen or len(seen) > MAX_PAGES:
                detail = "the listing repeats its cursor or never ends"
                raise CallError(GapReason.MALFORMED, code="Cursor", detail=detail)
            cursor = follows
            seen.add(cursor)

    def _may_ask(self) -> None:
        if self._outside.stopped():
            raise StoppedError
        if self._outside.monotonic() > self._deadline:
            raise out_of_time()

    def _wait(self, error: CallError, tries: int) -> None:
        asked = error.after if isinstance(error, SlackError) else 0.0
        # Slack's own word counts; without one the wait doubles, and is spread.
        delay = min(MOST_WAIT, asked) or min(10.0, 0.1 * 2 ** (tries - 1)) * self._outside.random()
        if self._outside.monotonic() + delay > self._deadline:
            raise out_of_time()
        if self._outside.wait(delay):
            raise StoppedError

    def _once(self, method: str, params: Mapping[str, str]) -> Got:
        from slack_sdk.errors import SlackApiError

        try:
            answer = self._connected().api_call(method, http_verb="GET", params=dict(params))
        except SlackApiError as error:
            # Its own words repeat the answer: none of them are kept.
            refused = error.response
            raise _meaning(refused.status_code, refused.data, refused.headers) from None
        return Got(answer.data, _scopes(_header(answer.headers, "x-oauth-scopes")))  # type: ignore[arg-type] # the gate gives objects

    def _connected(self) -> GatedClient:
        if self._client is None:
            from scanner.collect.leaks.slack_gate import GatedClient

            self._client = GatedClient(self.base, self._token)
        return self._client


def out_of_time() -> CallError:
    """Return what it means that the source's time is up."""
    return CallError(GapReason.LIMIT, code="Time", detail="the time limit was reached before the end")


def _last(error: CallError) -> CallError:
    """Return the error as one after which nobody asks again: this line did."""
    last = SlackError(error.reason, code=error.code, detail=error.detail, status=error.status)
    last.needed = error.needed if isinstance(error, SlackError) else ""
    return last


def _meaning(status: int, body: Mapping[str, Json], headers: Mapping[str, str]) -> CallError:
    """Return what a refusal means. Of Slack's words only names of errors and of scopes are kept."""
    told = body.get("error")
    code = told if isinstance(told, str) and _WORD.fullmatch(told) else ""
    reason, detail, retry = _reason(status, code)
    error = SlackError(reason, code=code or f"HTTP {status}", detail=detail, status=status, retry=retry)
    error.after = _seconds(_header(headers, "retry-after"))
    needed = body.get("needed")
    error.needed = _scopes(needed if isinstance(needed, str) else "")
    return error


def _reason(status: int, code: str) -> tuple[GapReason, str, bool]:
    hint = "`keyaudit permissions leaks` prints what the token needs"
    if status == 429 or code in _SLOW_DOWN:
        return GapReason.THROTTLED, "Slack asks to wait, again and again", True
    if code in _TOKEN or status in {401, 403}:
        words = f"Slack does not take the token ({code or status}): check what `slack.token` names, or make a new one"
        return GapReason.DENIED, f"{words}; {hint}", False
    if code in _DENIED:
        return GapReason.DENIED, f"the token may not read this; {hint}", False
    if code in _NOT_THERE or status in {404, 405, 410, 501}:
        return GapReason.UNSUPPORTED, "this endpoint does not offer the method", False
    again = code in _AGAIN or status == 408 or status >= 500
    return GapReason.FAILED, f"Slack answers {code or f'with HTTP status {status}'}", again


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((str(value) for key, value in headers.items() if key.lower() == name), "")


def _scopes(text: str) -> str:
    return text if _SCOPES.fullmatch(text) else ""


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0.0
