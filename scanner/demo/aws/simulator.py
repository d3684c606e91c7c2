"""Start and stop the simulated AWS on loopback."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from scanner.demo.aws.faults import Fault, Faults
from scanner.demo.aws.layer import Layer, Recorded
from scanner.demo.world import World
from scanner.errors import MissingExtraError

ENVIRON = {
    "AWS_ACCESS_KEY_ID": "AKIASIMULATED0000000",
    "AWS_SECRET_ACCESS_KEY": "simulated",
    "AWS_SESSION_TOKEN": "simulated",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""Credentials that open nothing but the simulator: those of the management account."""


@dataclass(frozen=True, slots=True)
class AwsSimulator:
    """A running simulator."""

    url: str
    layer: Layer

    @property
    def faults(self) -> Faults:
        """What it does wrong on purpose."""
        return self.layer.faults

    @property
    def requests(self) -> list[Recorded]:
        """Every request that arrived, in order."""
        return self.layer.requests


@contextmanager
def aws_simulator(world: World, now: datetime, *, page_size: int = 50) -> Iterator[AwsSimulator]:
    """Run a simulated AWS that holds ``world`` as it stands at ``now``.

    moto keeps one state per process, so one simulator runs at a time in a process. Raises MissingExtraError without
    moto.
    """
    try:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import WSGIRequestHandler, make_server
    except ImportError as error:
        raise MissingExtraError(f"the demo needs moto: {error}", hint='pip install "keyaudit[demo]"') from error
    from scanner.demo.aws import seeding

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            """Keep the terminal for the scan."""

        def connection_dropped(self, *_: object) -> None:
            """Hang up: the other side has, or the layer was told to."""
            self.close_connection = True

    seeding.seed(world, now)
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    layer = Layer(DomainDispatcherApplication(create_backend_app), world, now, page_size)
    for key in world.keys:
        for operation in key.denied:
            layer.faults.add(Fault("deny", operation, subject=key.arn))
    server = make_server("127.0.0.1", 0, layer, threaded=True, request_handler=Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]  # a mixin's attribute
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield AwsSimulator(f"http://127.0.0.1:{server.server_port}", layer)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
