"""The simulated audit log, people and keys on a real server, by the clock of the tests' worlds, with moto behind."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.utils import format_datetime
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from werkzeug.serving import WSGIRequestHandler, make_server

from scanner.demo.aws import audit, people
from scanner.demo.aws.audit_world import Audit, Trail
from scanner.demo.aws.people_world import People
from scanner.demo.aws.simulator import ENVIRON
from scanner.demo.embedded import environment
from scanner.demo.world import Key
from tests.demo.aws.composing import Request
from tests.demo.aws.stores_composing import Spoken
from tests.support import ACCOUNT, NOW, REGION


@contextmanager
def heard(
    log: Audit | None = None, who: People | None = None, keys: Sequence[Key] = (), *, page_size: int = 1000
) -> Iterator[Spoken]:
    """Run the audit log and the people of a world on loopback, with credentials for it in the environment."""
    log, who = log or Audit(), who or People()
    arns = {key.alias: key.arn for key in keys}

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            """Keep the terminal clean."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            """Say what time it is in the world."""
            return format_datetime(NOW, usegmt=True)

    def answer(request: Request) -> dict[str, Any] | None:
        return audit.answer(log, request, NOW, keys) or people.answer(who, request, NOW, arns.__getitem__)

    moto_api_backend.reset()
    audit.seed(log, NOW)
    people.seed(who)
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    app = Spoken(answer, {**audit.LISTS, **people.LISTS}, page_size)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    app.url = f"http://127.0.0.1:{server.server_port}"
    try:
        with environment(ENVIRON):
            yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def a_trail(name: str = "main", **given: Any) -> Trail:  # noqa: ANN401 - any field of Trail
    """Return a trail that passes, unless ``given`` says otherwise."""
    fields: dict[str, Any] = {"name": name, "account": ACCOUNT, "region": REGION, "bucket": "trail-logs", "about": name}
    return Trail(**{**fields, **given})
