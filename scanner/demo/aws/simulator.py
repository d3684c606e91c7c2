"""Start and stop the simulated AWS on loopback."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from scanner.demo.aws import seeding
from scanner.demo.aws.faults import Faults
from scanner.demo.aws.layer import Layer
from scanner.demo.aws.request import Recorded
from scanner.demo.world import World
from scanner.errors import ConfigError, MissingExtraError

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
IMAGES = "MOTO_EC2_LOAD_DEFAULT_AMIS"
"""Variable that tells moto whether to make the images of every region."""


@dataclass(frozen=True, slots=True)
class AwsSimulator:
    """A running simulator."""

    url: str
    layer: Layer

    @property
    def faults(self) -> Faults:
        """What it does wrong on purpose."""
        return self.layer.faults

    def wrap(self, alias: str, plaintext: bytes, context: Mapping[str, str]) -> tuple[str, bytes]:
        """Return the ARN of a key of the world, and ``plaintext`` wrapped under it."""
        key = self.layer.world.key(alias)
        return key.arn, seeding.wrapped(key, plaintext, context)

    @property
    def requests(self) -> list[Recorded]:
        """Every request that arrived, in order."""
        return self.layer.requests


@contextmanager
def _without_images() -> Iterator[None]:
    """Keep moto from making 1,300 images for every account and region to start a machine from: nobody starts one."""
    given = os.environ.get(IMAGES)
    os.environ.setdefault(IMAGES, "false")
    try:
        yield
    finally:
        if given is None:
            os.environ.pop(IMAGES, None)


@contextmanager
def aws_simulator(world: World, now: datetime, *, page_size: int = 50) -> Iterator[AwsSimulator]:
    """Run a simulated AWS that holds ``world`` as it stands at ``now``.

    moto keeps one state per process, so one simulator runs at a time in a process. Raises MissingExtraError without
    moto, ConfigError for a world that moto refuses to hold.
    """
    try:
        from moto.core.exceptions import ServiceException
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import WSGIRequestHandler, make_server
    except ImportError as error:
        raise MissingExtraError(f"the demo needs moto: {error}", hint='pip install "keyaudit[demo]"') from error

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            """Keep the terminal for the scan."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            """Say what time it is in the world, whatever the time is here."""
            del timestamp
            return format_datetime(now.astimezone(UTC), usegmt=True)

        def connection_dropped(self, *_: object) -> None:
            """Hang up: the other side has, or the layer was told to."""
            self.close_connection = True

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    with _without_images():
        layer = Layer(DomainDispatcherApplication(create_backend_app), world, now, page_size)
        try:
            layer.parts.seed()
        except ServiceException as error:
            hint = "is every policy document of the world a valid one?"
            raise ConfigError(f"the world cannot be simulated: {error}", hint=hint) from error
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
