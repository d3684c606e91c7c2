"""A small part of the demo's world, with everything that a scan can read, and what is planted in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from scanner.demo import hsm
from scanner.demo.aws import audio as audio_objects
from scanner.demo.aws.simulator import ENVIRON, AwsSimulator, aws_simulator
from scanner.demo.azure.world import AzureWorld
from scanner.demo.ehr.world import Ehr
from scanner.demo.embedded import AWS_URL, HSM_LIBRARY, LAYOUT, environment
from scanner.demo.gcp.world import GoogleCloud
from scanner.demo.leaks import Leaks
from scanner.demo.postgres.embedded import databases
from scanner.demo.postgres.world import Tenant
from scanner.demo.vendors.world import Vendors
from scanner.demo.world import FOLDER, World, demo_estate, load_world
from tests.proof.payloads import for_database
from tests.proof.planting import Planter, planted
from tests.support import NOW

ACCOUNT, REGION = "444455556666", "us-east-1"
_KEYS = frozenset(
    {
        *("voice-rows", "voice-audio", "claude-bedrock", "paused-tenant", "keyaudit-canary", "keyaudit-canary-2"),
        *("vendor-grant", "hidden-rotation", "hsm-tenant-kek"),
    }
)
"""Aliases of the keys that are kept, and what is under them or under none."""
PASSWORD = "Cn4ryQ7vDsnPassword"
CREDENTIALS = {
    "AWS_SECRET_ACCESS_KEY": "Cn4ryQ7vOwnSecretAccessKeyCn4ryQ7v00000000",
    "AWS_SESSION_TOKEN": "Cn4ryQ7vOwnSessionTokenCn4ryQ7v",
}
"""The scan's own: the simulator takes any."""


@dataclass(frozen=True, slots=True)
class Place:
    """The world while it runs."""

    aws: AwsSimulator
    estate: Path
    secrets: tuple[str, ...]
    """What the scan resolves and must not tell: the PIN of the token, passwords, the caller's own credentials."""


def small_world() -> World:
    """Return the demo's production account in one region, with its databases, tokens and objects."""
    world = load_world()
    kept: dict[str, Any] = {
        part: type(old).model_construct(**{name: _here(getattr(old, name)) for name in type(old).model_fields})
        for part in ("data", "people", "bedrock", "hsm")
        for old in [getattr(world, part)]
    }
    audit = world.audit.model_copy(
        update={"trails": [one for one in world.audit.trails if (one.account, one.region) == (ACCOUNT, REGION)]}
    )
    postgres = [
        one.model_copy(update={"tenants": [_fewer(t) for t in one.tenants[:2] + one.tenants[-2:]]})
        for one in world.postgres
    ]
    return world.model_copy(
        update={
            **kept,
            "management_account": ACCOUNT,
            "accounts": [one for one in world.accounts if one.id == ACCOUNT],
            "keys": [
                one for one in world.keys if (one.account, one.region) == (ACCOUNT, REGION) and one.alias in _KEYS
            ],
            "audit": audit,
            "denied": [],
            "azure": AzureWorld(),
            "gcp": GoogleCloud(),
            "vendors": Vendors(),
            "leaks": Leaks(),
            "ehr": Ehr(),
            "registers": False,
            "postgres": postgres,
        }
    )


def _fewer(tenant: Tenant) -> Tenant:
    keys = [key.model_copy(update={"notes": min(key.notes, 40), "forms": min(key.forms, 10)}) for key in tenant.keys]
    return tenant.model_copy(update={"keys": keys})


def _here(things: Any) -> Any:  # noqa: ANN401 - a list of things of a world, or something else
    if not isinstance(things, list):
        return things
    return [
        one
        for one in things
        if getattr(one, "account", ACCOUNT) == ACCOUNT
        and getattr(one, "region", REGION) == REGION
        and (getattr(one, "key", "") in {"", *_KEYS} or one.key.startswith("alias/"))
    ]


@contextmanager
def running(world: World, folder: Path, planter: Planter) -> Iterator[Place]:
    """Run a world behind a server that plants, with its secrets in the environment."""
    with ExitStack() as stack:
        aws = stack.enter_context(aws_simulator(world, NOW))
        url = stack.enter_context(planted(aws.layer, planter))
        values: dict[str, str] = {**ENVIRON, **CREDENTIALS}
        for audio in world.audio:
            audio_objects.seed(audio, aws.wrap)
        if world.postgres:
            values |= stack.enter_context(databases(world.postgres, folder / "postgres", NOW, aws.wrap))
            values |= _with_password(values)
            texts = [for_database(text) for text in (planter.everything, *planter.texts)]
            fill(values["HEALTHCARE_VOICE_SCRATCH_DSN"], texts[1:], texts[0])
        if world.tokens:
            values |= stack.enter_context(hsm.tokens(world.tokens, folder / "hsm", NOW))
        stack.enter_context(environment(values))
        (folder / LAYOUT).parent.mkdir(parents=True, exist_ok=True)
        (folder / LAYOUT).write_bytes((FOLDER / "postgres" / LAYOUT.name).read_bytes())
        estate = folder / "estate.yaml"
        estate.write_text(_estate(demo_estate(world, {AWS_URL: url, HSM_LIBRARY: hsm.library()})), encoding="utf-8")
        pins = tuple(values[token.pin_variable] for token in world.tokens)
        yield Place(aws, estate, (*pins, PASSWORD, *CREDENTIALS.values()))


def _estate(text: str) -> str:
    """Return the demo's estate without what is not in the small world, and with a database that is not there."""
    lines = [line for line in text.splitlines() if "organization: {" not in line and "stranger_profile" not in line]
    text = "\n".join(lines) + "\n"
    text = text.replace("us-east-1, us-west-2", "us-east-1").replace("audit_wait: 20", "audit_wait: 1")
    missing = "  postgres:\n    - {name: not-there, dsn: {env: NOT_THERE_DSN}}\n"
    return text.replace("  postgres:\n    - name: healthcare-voice\n", f"{missing}    - name: healthcare-voice\n")


def _with_password(values: dict[str, str]) -> dict[str, str]:
    dsn = values["HEALTHCARE_VOICE_DSN"].replace("keyaudit@", f"keyaudit:{PASSWORD}@")
    return {
        "HEALTHCARE_VOICE_DSN": dsn,
        "NOT_THERE_DSN": f"postgresql://keyaudit:{PASSWORD}@127.0.0.1:1/voice?connect_timeout=2&sslpassword={PASSWORD}",
    }


def fill(dsn: str, texts: Sequence[str], everything: str) -> None:
    """Plant in a database: names and comments, settings, rows of the registry, and rows in plain text."""
    with psycopg.connect(dsn) as connection:
        for number, text in enumerate(texts[::6]):
            name = sql.Identifier(text.replace("\n", " ")[:55] + f" {number:03}")
            connection.execute(sql.SQL("CREATE ROLE {}").format(name))
            connection.execute(sql.SQL("ALTER ROLE {} SET voice.note = {}").format(name, sql.Literal(text)))
            connection.execute(sql.SQL("GRANT USAGE ON SCHEMA voice TO {}").format(name))
            connection.execute(sql.SQL("GRANT SELECT ON voice.call_notes TO {}").format(name))
        connection.execute(sql.SQL("COMMENT ON TABLE voice.call_notes IS {}").format(sql.Literal(everything)))
        for number, text in enumerate([everything, *texts[1::9]], start=1):
            connection.execute(
                "INSERT INTO vault.data_keys VALUES (%s, %s, %s, %s, %s, %s, %s, now(), now(), NULL)",
                (f"{text} {number}", text, text.encode(), text, text, text, text),
            )
            values = (900_000 + number, text, text, text.encode(), f"{everything} {text}".encode())
            connection.execute("INSERT INTO voice.call_notes VALUES (%s, %s, %s, %s, %s, now())", values)
            connection.execute(
                "INSERT INTO voice.intake_forms VALUES (%s, %s, %s, %s, now())", (*values[:3], values[4])
            )
