"""Reads a Slack workspace by its Web API. Every answer is about the workspace, or about one channel of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from importlib.util import find_spec

from scanner.collect.ask import Outside
from scanner.collect.hashes import Hashes
from scanner.collect.interface import CallError, ForbiddenOperationError, Reply
from scanner.collect.leaks.operations import PLACES, READ
from scanner.collect.leaks.pool import Lookers
from scanner.collect.leaks.report import Report
from scanner.collect.leaks.slack_api import Asked, read_workspace
from scanner.collect.leaks.slack_line import Got, Line
from scanner.collect.leaks.transport import missing, rules
from scanner.model.estate import LeakSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason

_TEAM = re.compile("[A-Z0-9]{1,41}")


class Workspace:
    """Answers about the workspace that a token opens, and about no other."""

    def __init__(
        self,
        source: LeakSource,
        token: str,
        hashes: Hashes,
        outside: Outside,
        deadline: float,
        processes: int = 0,
    ) -> None:
        self._source = source
        self._hashes = hashes
        self._outside = outside
        self._deadline = deadline
        self._rules = rules()
        if find_spec("slack_sdk") is None:
            raise missing("slack_sdk")
        self._line = Line(source.endpoint_url, token, outside, deadline)
        self._lookers = Lookers(hashes, processes or os.cpu_count() or 1)
        self._known: tuple[str, Got] | None = None

    @property
    def endpoint(self) -> str:
        """Base URL that calls go to."""
        return self._line.base

    def send(self, operation: str, params: Mapping[str, Json]) -> Reply:
        """Answer. Raises CallError, or ForbiddenOperationError for what is not declared or not in the estate."""
        if operation == PLACES and not params:
            return Reply(200, "", {"places": [self._entry(place) for place in self._places()]})
        if operation == READ and params.keys() == {"place"}:
            channels = self._places().get(str(params["place"]))
            if channels is not None:
                return Reply(200, "", self._read(str(params["place"]), channels))
        raise ForbiddenOperationError(f"{operation} is not a declared read-only operation, or not of this place")

    def close(self) -> None:
        """Stop the processes that look."""
        self._lookers.close()

    def _who(self) -> tuple[str, Got]:
        """Return the workspace's id, and what Slack says of the token. Asked once."""
        if self._known is None:
            got = self._line.get("auth.test", {})
            team = got.body.get("team_id")
            if not isinstance(team, str) or not _TEAM.fullmatch(team):
                raise CallError(GapReason.MALFORMED, code="NoTeam", detail="`team_id` is missing: is this Slack?")
            self._known = (team, got)
        return self._known

    def _places(self) -> dict[str, tuple[str, ...]]:
        """Return each place with the ids of its channels; none: all of the workspace."""
        name = f"Slack workspace {self._who()[0]}"
        if not self._source.channels:
            return {name: ()}
        return {f"{name} channel {channel}": (channel,) for channel in self._source.channels}

    def _entry(self, place: str) -> dict[str, Json]:
        team, got = self._who()
        # Not `token`: what is called so is redacted.
        asks = "a bot" if got.body.get("bot_id") else "a user"
        scopes = sorted({scope.strip() for scope in got.scopes.split(",")} - {""})
        return {"place": place, "kind": self._source.kind, "workspace": team, "asks": asks, "scopes": [*scopes]}

    def _read(self, place: str, channels: tuple[str, ...]) -> dict[str, Json]:
        report = Report(place, self._source.kind, self._hashes)
        late = lambda: self._outside.monotonic() > self._deadline  # noqa: E731 - as short as a name
        read_workspace(Asked(channels, self._oldest()), self._line, report, self._lookers, late)
        return {**report.answer(), "rules": self._rules, "hashes": self._hashes.name}

    def _oldest(self) -> str:
        days = self._source.since_days
        return f"{int((self._outside.now() - timedelta(days=days)).timestamp())}.000000" if days else ""
