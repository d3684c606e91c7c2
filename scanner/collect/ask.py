"""How one unit asks: plan, stored answers, back-off, redaction and the evidence log, around one transport."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, cast

from scanner.collect.interface import Answer, CallError, Check, Paging, Reply, Transport, Unit
from scanner.collect.limiter import Limiter
from scanner.collect.stored import Stored, next_token
from scanner.collect.tally import Tally
from scanner.evidence.drop import drop
from scanner.evidence.log import Segment
from scanner.evidence.records import FORMAT
from scanner.evidence.redact import redact, redact_text
from scanner.model.ids import Json
from scanner.model.observation import GapReason, Observation

MAX_PAGES = 100_000
MAX_ATTEMPTS = 8
MAX_DETAIL = 2_000
MAX_REQUEST_ID = 200


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything of the world outside that asking needs, given so that tests can hold it still."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    wait: Callable[[float], bool]
    """Wait that many seconds, less when the scan is stopped; True when it was stopped."""
    stopped: Callable[[], bool]
    stop: Callable[[], None]
    """Tell every thread to ask nothing more."""
    random: Callable[[], float]


def stamp(moment: datetime) -> str:
    """Return an instant as RFC 3339 text in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class StoppedError(Exception):
    """The scan was stopped from outside; what was collected is kept."""


class Boundary(Protocol):
    """Does a piece of work and turns whatever fails in it into gaps."""

    def __call__(self, ask: Ask, subject: str | None, work: Callable[[], None]) -> None:
        """Do ``work`` about ``subject`` (None: the whole unit)."""
        ...


class Ask:
    """Implements :class:`scanner.collect.interface.Asking` for one unit."""

    def __init__(
        self,
        unit: Unit,
        *,
        wanted: frozenset[str],
        stored: Stored,
        segment: Segment,
        limiter: Limiter,
        pool: Executor,
        outside: Outside,
        tally: Tally,
        boundary: Boundary,
    ) -> None:
        self._unit = unit
        self._dropped = {operation.name: operation.drop for operation in unit.operations if operation.drop}
        self._transport: Transport | None = None
        self._connecting = threading.Lock()
        self._wanted = wanted
        self._stored = stored
        self._segment = segment
        self._limiter = limiter
        self._pool = pool
        self._outside = outside
        self._tally = tally
        self._boundary = boundary

    @property
    def unit(self) -> Unit:
        """The unit that asks; see :class:`scanner.collect.interface.Asking`."""
        return self._unit

    def wants(self, operation: str) -> bool:
        """Tell whether the selected controls need this operation."""
        return operation in self._wanted

    def call(
        self,
        operation: str,
        params: Mapping[str, Json],
        *,
        subject: str | None = None,
        known: tuple[str, ...] = (),
        check: Check | None = None,
    ) -> Answer | None:
        """Ask once; see :class:`scanner.collect.interface.Asking`."""
        if not self.wants(operation):
            return None
        stored = self._stored.answer(operation, params)
        if stored is not None:
            return self._reuse(stored)
        got = self._answer(_Question(operation, dict(params), subject, known, check))
        return got.answer if got else None

    def pages(
        self,
        operation: str,
        params: Mapping[str, Json],
        paging: Paging,
        *,
        subject: str | None = None,
        known: tuple[str, ...] = (),
        check: Check | None = None,
    ) -> Iterator[Answer]:
        """Ask page after page; see :class:`scanner.collect.interface.Asking`."""
        if not self.wants(operation):
            return
        first = _Question(operation, dict(params), subject, known, check, paging=paging)
        stored, query, got = self._resume(first, paging)
        yield from map(self._reuse, stored)
        seen = {query.params.get(paging.parameter)}
        while got is not None:
            yield got.answer
            if got.answer.last:
                return
            if got.token in seen or query.page >= MAX_PAGES:
                error = CallError(GapReason.LIMIT, detail="the listing repeats its page token or never ends")
                self._gap(_Attempt(query, self._outside.now()), error)
                return
            seen.add(got.token)
            query = query.following(got.token, query.page + 1)
            got = self._answer(query)

    def _resume(self, first: _Question, paging: Paging) -> tuple[list[Observation], _Question, _Got | None]:
        """Return the stored pages of a listing, the question that goes on from there, and what it gives."""
        stored = self._stored.pages(first.operation, first.params, first.subject, paging)
        if stored and stored[-1].last:
            return stored, first, None
        token = next_token(stored[-1], paging) if stored else ""
        if token:
            query = first.following(token, len(stored))
            try:
                return stored, query, self._answer(query, resumes=True)
            except _TokenRefusedError:
                pass  # tokens age: what was listed so far is listed again, and the pages of before count no more
        return [], first, self._answer(first)

    def each(self, work: Callable[[str], None], subjects: Iterator[str]) -> None:
        """Run ``work`` for every subject in the shared pool; see :class:`scanner.collect.interface.Asking`."""
        taking, failed = threading.Lock(), threading.Event()

        def take() -> str | None:
            with taking:
                if self._outside.stopped():
                    raise StoppedError
                return None if failed.is_set() else next(subjects, None)

        def worker() -> None:
            try:
                while (subject := take()) is not None:
                    self._boundary(self, subject, partial(work, subject))
            except BaseException:
                failed.set()
                raise

        # A few workers that take one subject after another: a future per subject costs more than a call does.
        workers = [self._pool.submit(worker) for _ in range(self.unit.concurrency)]
        # Whatever happens, nothing of this unit may run on: its segment is about to be closed.
        wait(workers)
        for future in workers:
            future.result()

    def note(self, operation: str, error: CallError, *, subject: str | None) -> None:
        """Record a gap that the collector found; see :class:`scanner.collect.interface.Asking`."""
        self._gap(_Attempt(_Question(operation, {}, subject), self._outside.now()), error)

    def abandon(self, subject: str | None, error: CallError) -> None:
        """Record that nothing about a subject is known: every operation of the plan becomes a gap."""
        for operation in self.unit.operations:
            if operation.name in self._wanted:
                self.note(operation.name, error, subject=subject)

    def close(self) -> None:
        """Give up the connections."""
        if self._transport is not None:
            self._transport.close()

    def _reuse(self, stored: Observation) -> Answer:
        self._tally.add(self.unit.source_name, "reused")
        return Answer(stored.response if isinstance(stored.response, dict) else {}, stored.error_code, stored.last)

    def _answer(self, query: _Question, *, resumes: bool = False) -> _Got | None:
        """Ask until there is an answer. None: it became a gap. ``resumes``: the page token is from an earlier run."""
        attempt = _Attempt(query, self._outside.now())
        while True:
            attempt.tries += 1
            try:
                return self._record(attempt, self._send(attempt))
            except CallError as error:
                if resumes and error.reason is GapReason.FAILED and 400 <= error.status < 500:
                    raise _TokenRefusedError from error
                if self._give_up(error, attempt.tries):
                    self._gap(attempt, error)
                    return None

    def _send(self, attempt: _Attempt) -> Reply:
        query = attempt.query
        with self._limiter.slot():
            self._may_ask()
            transport = self._connected()
            attempt.sent += 1
            self._tally.add(self.unit.source_name, "calls")
            try:
                reply = transport.send(query.operation, query.params)
            except CallError as error:
                if error.code in query.known:
                    return Reply(error.status, error.request_id, {"message": error.detail}, error.code)
                raise
        self._limiter.speed_up()
        return reply

    def _may_ask(self) -> None:
        if self._outside.stopped():
            raise StoppedError
        if self._outside.monotonic() > self.unit.deadline:
            raise CallError(GapReason.LIMIT, detail="the time limit of the source was reached before this was answered")

    def _connected(self) -> Transport:
        """Connect when something is really asked: a resumed unit that has all its answers needs no client."""
        if self._transport is None:
            with self._connecting:
                if self._transport is None:
                    self._transport = self.unit.transport()
        return self._transport

    def _give_up(self, error: CallError, tries: int) -> bool:
        if error.reason is GapReason.THROTTLED:
            self._limiter.slow_down()
            self._tally.add(self.unit.source_name, "throttles")
        if not error.retry or tries >= MAX_ATTEMPTS:
            return True
        # Full jitter: spreads the retries of many threads (0.1 s doubling to 10 s).
        delay = min(10.0, 0.1 * 2 ** (tries - 1)) * self._outside.random()
        if self._outside.monotonic() + delay > self.unit.deadline:
            return True
        if self._outside.wait(delay):
            raise StoppedError
        return False

    def _record(self, attempt: _Attempt, reply: Reply) -> _Got:
        query = attempt.query
        if not isinstance(reply.body, dict):
            raise CallError(GapReason.MALFORMED, detail="the answer is not an object", request_id=reply.request_id)
        token, problem = "", ""
        if not reply.error_code:
            problem = query.check(reply.body) if query.check else ""
            token, problem = ("", problem) if problem or query.paging is None else _token(reply.body, query.paging)
        if problem:
            raise CallError(GapReason.MALFORMED, detail=problem, request_id=reply.request_id, status=reply.status)
        kept = drop(reply.body, self._dropped.get(query.operation, ()), "/response")
        clean, params = redact(kept.value, "/response"), redact(query.params, "/params")
        record = self._asked(attempt, reply.request_id, params.value)
        record |= {
            "kind": "observation",
            "status": reply.status,
            "error_code": reply.error_code,
            "last": not token,
            "response": clean.value,
            "redacted": [*params.paths, *dict.fromkeys((*kept.paths, *clean.paths))],
        }
        try:
            self._segment.append(record)
        except ValueError as error:
            detail = f"the answer cannot be kept: {error}"
            raise CallError(GapReason.MALFORMED, detail=detail, request_id=reply.request_id) from error
        return _Got(Answer(cast("dict[str, Json]", clean.value), reply.error_code, not token), token)

    def _gap(self, attempt: _Attempt, error: CallError) -> None:
        """Record that a question has no answer."""
        body = self._asked(attempt, error.request_id, redact(attempt.query.params).value)
        body |= {
            "kind": "gap",
            "reason": error.reason.value,
            "error_code": redact_text(error.code)[:MAX_DETAIL],
            "detail": redact_text(error.detail)[:MAX_DETAIL],
        }
        self._segment.append(body)
        self._tally.add(self.unit.source_name, "gaps")

    def _asked(self, attempt: _Attempt, request_id: str, params: Json) -> dict[str, Json]:
        unit, query = self.unit, attempt.query
        return {
            "format": FORMAT,
            "source": unit.source,
            "source_name": unit.source_name,
            "account": unit.account,
            "region": unit.region,
            "collector": unit.collector,
            "operation": query.operation,
            "params": params,
            "subject": query.subject,
            "endpoint": redact_text(self._transport.endpoint) if self._transport else "",
            "principal": unit.principal,
            "started": stamp(attempt.started),
            "ended": stamp(self._outside.now()),
            "attempts": attempt.sent,
            "request_id": redact_text(request_id)[:MAX_REQUEST_ID],
            "page": query.page,
            "run": self._stored.run,
        }


def _token(body: Mapping[str, Json], paging: Paging) -> tuple[str, str]:
    """Return the token of the next page (empty: this is the last one) and what is wrong with it, or empty text."""
    token = body.get(paging.answer)
    if token is not None and not isinstance(token, str):
        return "", f"`{paging.answer}` is not text"
    if not token and paging.more and body.get(paging.more):
        return "", f"`{paging.more}` says that a page follows, and `{paging.answer}` is missing"
    return token or "", ""


class _TokenRefusedError(Exception):
    """The provider does not take a page token of an earlier run any more."""


@dataclass(frozen=True, slots=True)
class _Question:
    """One call to be: what, about which subject, and what is known of its answer."""

    operation: str
    params: dict[str, Json]
    subject: str | None = None
    known: tuple[str, ...] = ()
    check: Check | None = None
    page: int = 0
    paging: Paging | None = None

    def following(self, token: str, page: int) -> _Question:
        """Return the question for a further page of the same listing."""
        assert self.paging is not None  # noqa: S101 - only listings have further pages
        return replace(self, params={**self.params, self.paging.parameter: token}, page=page)


@dataclass(slots=True)
class _Attempt:
    """A question on its way."""

    query: _Question
    started: datetime
    tries: int = 0
    sent: int = 0
    """How often it left this machine."""


@dataclass(frozen=True, slots=True)
class _Got:
    """An answer, with the raw token of the page that follows: redaction must not break a listing."""

    answer: Answer
    token: str
