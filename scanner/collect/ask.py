"""How one unit asks: plan, stored answers, back-off, redaction and the evidence log, around one transport."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from scanner.collect.interface import Answer, CallError, Check, Paging, Reply, Transport, Unit
from scanner.collect.limiter import Limiter
from scanner.collect.tally import Tally
from scanner.evidence.canonical import canonical
from scanner.evidence.log import Segment
from scanner.evidence.redact import redact, redact_text
from scanner.model.ids import Json
from scanner.model.observation import GapReason, Observation, Record

MAX_PAGES = 100_000
MAX_ATTEMPTS = 8
MAX_DETAIL = 2_000
FORMAT = 1


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


def question(operation: str, params: Mapping[str, Json]) -> bytes:
    """Return what makes two calls of a unit the same question."""
    return canonical([operation, dict(params)])


class StoppedError(Exception):
    """The scan was stopped from outside; what was collected is kept."""


class Stored:
    """Answers that an earlier run of this scan already has, by question. Gaps are asked again."""

    def __init__(self, records: Iterator[Record], uncached: tuple[str, ...]) -> None:
        self.run = 1
        self._answers: dict[bytes, Observation] = {}
        for record in records:
            self.run = max(self.run, record.run + 1)
            if isinstance(record, Observation) and record.operation not in uncached:
                self._answers[question(record.operation, record.params)] = record

    def get(self, key: bytes) -> Observation | None:
        """Return the stored answer to a question, or None."""
        return self._answers.get(key)


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
        self.unit = unit
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
        return self._answer(_Question(operation, dict(params), subject, known, check))

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
        token: Json = None
        seen: set[str] = set()
        for page in itertools.count():
            asked = dict(params) if token is None else {**params, paging.parameter: token}
            query = _Question(operation, asked, subject, known, check, page, paging)
            answer = self._answer(query)
            if answer is None:
                return
            yield answer
            if answer.last:
                return
            token = answer.body[paging.answer]
            if str(token) in seen or page >= MAX_PAGES:
                self._gap(query, CallError(GapReason.LIMIT, detail="the listing repeats its page token or never ends"))
                return
            seen.add(str(token))

    def each(self, work: Callable[[str], None], subjects: Iterator[str]) -> None:
        """Run ``work`` for every subject in the shared pool; see :class:`scanner.collect.interface.Asking`."""
        pending: set[Future[None]] = set()
        most = self.unit.concurrency * 4
        for subject in subjects:
            pending.add(self._pool.submit(self._boundary, self, subject, partial(work, subject)))
            if len(pending) >= most:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
        for future in pending:
            future.result()

    def note(self, operation: str, error: CallError, *, subject: str | None) -> None:
        """Record a gap that the collector found; see :class:`scanner.collect.interface.Asking`."""
        self._gap(_Question(operation, {}, subject), error)

    def _gap(self, query: _Question, error: CallError, *, started: datetime | None = None, attempts: int = 0) -> None:
        """Record that a question has no answer."""
        now = self._outside.now()
        body = self._asked(query, started or now, now, attempts, error.request_id)
        body |= {
            "kind": "gap",
            "reason": error.reason.value,
            "error_code": redact_text(error.code),
            "detail": redact_text(error.detail)[:MAX_DETAIL],
        }
        self._segment.append(body)
        self._tally.add(self.unit.source_name, "gaps")

    def abandon(self, subject: str | None, error: CallError) -> None:
        """Record that nothing about a subject is known: every operation of the plan becomes a gap."""
        for operation in self.unit.operations:
            if operation.name in self._wanted:
                self._gap(_Question(operation.name, {}, subject), error)

    def _answer(self, query: _Question) -> Answer | None:
        params = redact(query.params).value
        assert isinstance(params, dict)  # noqa: S101 - redaction keeps the type
        stored = self._stored.get(question(query.operation, params))
        if stored is not None:
            self._tally.add(self.unit.source_name, "reused")
            return Answer(stored.response if isinstance(stored.response, dict) else {}, stored.error_code, stored.last)
        started = self._outside.now()
        attempts = 0
        while True:
            try:
                if attempts == 0:
                    self._may_ask()
                attempts += 1
                reply = self._send(query)
                return self._record(query, reply, started, attempts)
            except CallError as error:
                if self._give_up(error, attempts):
                    self._gap(query, error, started=started, attempts=attempts)
                    return None

    def _may_ask(self) -> None:
        if self._outside.stopped():
            raise StoppedError
        if self._outside.monotonic() > self.unit.deadline:
            raise CallError(GapReason.LIMIT, detail="the time limit of the source was reached before this was asked")

    def _send(self, query: _Question) -> Reply:
        with self._limiter.slot():
            self._tally.add(self.unit.source_name, "calls")
            try:
                reply = self._connected().send(query.operation, query.params)
            except CallError as error:
                if error.code in query.known:
                    return Reply(error.status, error.request_id, {"message": error.detail}, error.code)
                raise
        self._limiter.speed_up()
        return reply

    def _connected(self) -> Transport:
        """Connect when something is really asked: a resumed unit that has all its answers needs no client."""
        with self._connecting:
            if self._transport is None:
                self._transport = self.unit.transport()
            return self._transport

    def _give_up(self, error: CallError, attempts: int) -> bool:
        if error.reason is GapReason.THROTTLED:
            self._limiter.slow_down()
            self._tally.add(self.unit.source_name, "throttles")
        if not error.retry or attempts >= MAX_ATTEMPTS:
            return True
        # Full jitter: spreads the retries of many threads (0.1 s doubling to 10 s).
        delay = min(10.0, 0.1 * 2 ** (attempts - 1)) * self._outside.random()
        if self._outside.monotonic() + delay > self.unit.deadline:
            return True
        if self._outside.wait(delay):
            raise StoppedError
        return False

    def _record(self, query: _Question, reply: Reply, started: datetime, attempts: int) -> Answer:
        body = reply.body if isinstance(reply.body, dict) else {}
        if not isinstance(reply.body, dict):
            raise CallError(GapReason.MALFORMED, detail="the answer is not an object", request_id=reply.request_id)
        last = bool(reply.error_code) or query.paging is None or not body.get(query.paging.answer)
        if query.check and not reply.error_code and (problem := query.check(body)):
            raise CallError(GapReason.MALFORMED, detail=problem, request_id=reply.request_id)
        clean = redact(body, "/response")
        record = self._asked(query, started, self._outside.now(), attempts, reply.request_id)
        record |= {
            "kind": "observation",
            "status": reply.status,
            "error_code": reply.error_code,
            "last": last,
            "response": clean.value,
            "redacted": [*redact(query.params, "/params").paths, *clean.paths],
        }
        self._segment.append(record)
        return Answer(clean.value if isinstance(clean.value, dict) else {}, reply.error_code, last)

    def _asked(
        self, query: _Question, started: datetime, ended: datetime, attempts: int, request_id: str
    ) -> dict[str, Json]:
        unit = self.unit
        return {
            "format": FORMAT,
            "source": unit.source,
            "source_name": unit.source_name,
            "account": unit.account,
            "region": unit.region,
            "collector": unit.collector,
            "operation": query.operation,
            "params": redact(query.params).value,
            "subject": query.subject,
            "endpoint": self._transport.endpoint if self._transport else "",
            "principal": unit.principal,
            "started": stamp(started),
            "ended": stamp(ended),
            "attempts": attempts,
            "request_id": request_id,
            "page": query.page,
            "run": self._stored.run,
        }


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
