"""Run the embedded estate: simulators on loopback, an estate file that points at them, and the answer key."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from scanner.demo import hsm, leaks, registers
from scanner.demo.answers import load_answers, load_by_date
from scanner.demo.aws import audio as audio_objects
from scanner.demo.aws.crypto import STRANGER
from scanner.demo.aws.simulator import ENVIRON, aws_simulator
from scanner.demo.azure.simulator import azure_simulator
from scanner.demo.ehr.simulator import ehr_simulator
from scanner.demo.gcp.simulator import gcp_simulator
from scanner.demo.postgres.embedded import databases
from scanner.demo.subjects import steady
from scanner.demo.timeline import clock
from scanner.demo.vendors.simulator import vendor_simulator
from scanner.demo.world import FOLDER, World, demo_estate, load_world

LAYOUT = Path("envelope/healthcare_voice.yaml")
"""The layout file, from the estate's folder."""
AWS_URL, HSM_LIBRARY = "http://127.0.0.1:5000", "libsofthsm2.so"
AZURE_PROXY, AZURE_CA, GCP_URL = "http://127.0.0.1:5001", "azure-ca.pem", "http://127.0.0.1:5002"
VENDORS_URL, EHR_CA = "http://127.0.0.1:5003", "ehr-ca.pem"
EHR_URL = "https://{}.ehr.example"
"""What stands in the demo's estate file for what is known once the simulators run."""
Verdicts = frozenset[tuple[str, str, str]]
"""(control, subject, verdict) of everything that failed or is unknown."""

_PROFILES = f"""\
[profile stranger]
aws_access_key_id = {STRANGER}
aws_secret_access_key = simulated
"""
"""A principal without rights, for the self-test that it is refused."""

_HIDDEN = (
    *("AWS_", "AZURE_", "GOOGLE_", "CLOUDSDK_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("OPENAI_", "ANTHROPIC_", "ELEVENLABS_", "DEEPGRAM_"),
)
"""Beginnings of the variables of the caller that must not reach the demo: it uses nobody's credentials."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running embedded estate."""

    world: World
    estate: str
    """Text of the estate file."""
    files: Mapping[str, bytes]
    """What it refers to, by the path from its folder."""
    hsm_lacks: str
    """Why the tokens of the world are not there, or empty."""

    def write(self, folder: Path) -> Path:
        """Write the estate file and what it refers to. Returns its path."""
        for name, data in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        path = folder / "estate.yaml"
        path.write_text(self.estate, encoding="utf-8")
        return path


@contextmanager
def embedded(world: Path | None, now: datetime) -> Iterator[Embedded]:
    """Run the simulators of a world (None: the reference estate) as it stands at ``now``.

    A world that goes on stands as at the begin of that day.

    While it runs, this process has the simulator's credentials and no others. Raises ConfigError for a world that is
    not valid, MissingExtraError without moto.
    """
    loaded = load_world(world, now) if world else load_world(now=now)
    if loaded.began:
        now = clock(loaded.began, now)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="keyaudit-world-")))
        aws = stack.enter_context(aws_simulator(loaded, now))
        profiles = folder / "aws.ini"
        profiles.write_text(_PROFILES, encoding="utf-8")
        values = {**ENVIRON, "AWS_CONFIG_FILE": str(profiles)}
        for audio in loaded.audio:
            audio_objects.seed(audio, aws.wrap)
        if loaded.postgres:
            values |= stack.enter_context(databases(loaded.postgres, folder / "postgres", now, aws.wrap))
        missing = hsm.unavailable() if loaded.tokens else ""
        if loaded.tokens:
            # Without SoftHSM the token is not there, and the scan says so: what it would tell is UNKNOWN.
            made = {} if missing else stack.enter_context(hsm.tokens(loaded.tokens, folder / "hsm", now))
            values |= {token.pin_variable: "none" for token in loaded.tokens} | dict(made)
        places = {AWS_URL: aws.url, HSM_LIBRARY: hsm.library()}
        for values_of, places_of in (_clouds(loaded, now, folder, stack), _beside(loaded, now, folder, stack)):
            values |= values_of
            places |= places_of
        stack.enter_context(environment(values))
        yield Embedded(
            loaded,
            demo_estate(loaded, places),
            {
                str(LAYOUT): (FOLDER / "postgres" / LAYOUT.name).read_bytes(),
                **(registers.files(now) if loaded.registers else {}),
            },
            missing,
        )


def _clouds(world: World, now: datetime, folder: Path, stack: ExitStack) -> tuple[dict[str, str], dict[str, str]]:
    """Run the other clouds of a world. Returns variables, and what stands in the estate file for what is now known."""
    values: dict[str, str] = {}
    places: dict[str, str] = {}
    if world.azure.subscriptions:
        azure = stack.enter_context(azure_simulator(world.azure, now))
        values |= azure.environ
        places |= {AZURE_PROXY: azure.proxy_url, AZURE_CA: azure.ca_bundle_path}
    if world.gcp.projects:
        gcp = stack.enter_context(gcp_simulator(world.gcp, now))
        values |= gcp.environ(folder)
        places |= {GCP_URL: gcp.url}
    return values, places


def _beside(world: World, now: datetime, folder: Path, stack: ExitStack) -> tuple[dict[str, str], dict[str, str]]:
    """Run what is beside the clouds: AI vendors, FHIR servers, and the export of messages. Returns the same."""
    values: dict[str, str] = {}
    places: dict[str, str] = {}
    if world.vendors.keys:
        values |= world.vendors.keys
        places[VENDORS_URL] = stack.enter_context(vendor_simulator(world.vendors, now)).url
    if world.ehr.servers:
        ehr = stack.enter_context(ehr_simulator(world.ehr, now))
        places |= {EHR_CA: str(ehr.ca_bundle)} | {EHR_URL.format(name): url for name, url in ehr.urls.items()}
    if world.leaks.messages:
        export = folder / leaks.EXPORT
        leaks.write_export(world.leaks, export)
        values[leaks.SALT_VARIABLE] = world.leaks.salt
        places[leaks.EXPORT] = str(export)
    return values, places


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, and hide the caller's credentials and proxies, until the block ends."""
    before = dict(os.environ)
    for name in before:
        if name.upper().startswith(_HIDDEN):
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        # Never empty in between: other threads read it.
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer key against what a scan found."""

    planted: int
    missed: Verdicts
    """In the answer key, and not found."""
    surplus: Verdicts
    """Found, and not in the answer key."""

    @property
    def holds(self) -> bool:
        """Everything planted was found, and nothing else."""
        return not self.missed and not self.surplus


def compare(
    world: World, answers: Path | None, found: Iterable[tuple[str, str, str]], *, hsm_there: bool = True
) -> Comparison:
    """Hold the answer key (None: of the reference estate) against (control, subject, verdict) of all findings.

    Without the tokens of the world much is unknown that else is not: then only failures can be surplus.
    """
    path = answers or FOLDER / "answers.yaml"
    expected = frozenset(load_answers(world, path, hsm=hsm_there))
    by_date = load_by_date(path)
    judged = [one for one in found if one[0] not in by_date]
    names = leaks.steady_names(world.leaks, (subject for _, subject, _ in judged))
    got = frozenset((control, steady(names.get(subject, subject)), verdict) for control, subject, verdict in judged)
    surplus = frozenset(one for one in got - expected if hsm_there or one[2] == "fail")
    return Comparison(len(expected), expected - got, surplus)
