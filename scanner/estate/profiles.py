"""The part of the estate file about profiles: what `keyaudit run` does unattended."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from scanner.estate.forms import Name, Once, Secret, Strict, Text, like, secret_ref
from scanner.estate.schedules import ScheduleForm, schedule_of
from scanner.estate.urls import check_url, is_loopback
from scanner.model.ids import Json
from scanner.model.profile import (
    EmailTarget,
    Keep,
    Notify,
    Packaging,
    Profile,
    SlackTarget,
    Target,
    Tls,
    WebhookTarget,
    When,
)

MOST_DAYS = 3660
"""Of a rolling audit period: ten years."""
_SERVER = r"^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$"
_MAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}$"
_UNIQUE = {"uniqueItems": True}

Mail = Annotated[str, *like(_MAIL, "be one e-mail address, such as audit@example.com")]
Texts = Annotated[list[Text], Once, Field(min_length=1, json_schema_extra=_UNIQUE)]


def _endpoint(value: Json) -> Json:
    if isinstance(value, str):
        check_url(value, insecure=False)
    return value


def _server(value: str) -> str:
    if not re.fullmatch(_SERVER, value) or not 0 < int(value.rpartition(":")[2]) < 65536:
        raise ValueError("must be the name and port of a mail server, such as smtp.example.com:587")
    return value


_Url = Annotated[
    Secret
    | Annotated[str, WithJsonSchema({"type": "string", "pattern": r"^[Hh][Tt]{2}[Pp][Ss]?://[^\s/?#@]+(/[^\s?#]*)?$"})],
    BeforeValidator(_endpoint),
]


class Email(Strict):
    """Mail, by one server to some people."""

    model_config = ConfigDict(
        json_schema_extra={"dependentRequired": {"username": ["password"], "password": ["username"]}}
    )

    server: Annotated[str, AfterValidator(_server), WithJsonSchema({"type": "string", "pattern": _SERVER})] = Field(
        description="name and port of the mail server, such as smtp.example.com:587"
    )
    tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls", description="starttls, or implicit (from the first byte, port 465); none to this machine alone"
    )
    sender: Mail = Field(alias="from", description="address that it comes from")
    to: Annotated[list[Mail], Once, Field(min_length=1, max_length=100, json_schema_extra=_UNIQUE)] = Field(
        description="addresses that it goes to"
    )
    username: Text | None = Field(None, description="name at the mail server; goes with password")
    password: Secret | None = Field(None, description="password at the mail server; goes with username")
    ca_bundle: Text | None = Field(None, description="PEM file of private certificate authorities")
    attach: Annotated[list[Literal["pdf", "diff"]], Field(json_schema_extra=_UNIQUE)] = Field(
        ["pdf"], description="pdf: the report; diff: what changed since the scan before"
    )

    @model_validator(mode="after")
    def _safe(self) -> Email:
        host = self.server.rpartition(":")[0].strip("[]")
        if self.tls == "none" and not is_loopback(host):
            context = {"at": ("tls",), "hint": "use starttls or implicit; none is for localhost and 127.0.0.1"}
            raise PydanticCustomError("plain", "mail would leave this machine in plain text", context)
        if (self.username is None) != (self.password is None):
            raise PydanticCustomError(
                "login", "has half a login", {"hint": "give username and password, or neither of them"}
            )
        return self


class Slack(Strict):
    """A Slack-compatible incoming webhook."""

    url: Secret = Field(description="address of the incoming webhook, which is a secret")
    ca_bundle: Text | None = Field(None, description="PEM file of private certificate authorities")


class Webhook(Strict):
    """Any address that takes JSON."""

    url: _Url = Field(description="https address, or where it is kept when it is a secret")
    secret: Secret | None = Field(None, description="text that keys the signature; without it there is none")
    ca_bundle: Text | None = Field(None, description="PEM file of private certificate authorities")


class Told(Strict):
    """Who is told, and when. Exactly one of email, slack, webhook."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["email"]}, {"required": ["slack"]}, {"required": ["webhook"]}]}
    )

    email: Email | None = Field(None, description="mail with the report")
    slack: Slack | None = Field(None, description="message by a Slack-compatible webhook")
    webhook: Webhook | None = Field(None, description="JSON, signed")
    when: Literal["always", "failed", "changed"] = Field(
        "always", description="failed: the exit code is not 0; changed: since the scan before"
    )
    name: Name | None = Field(None, description="name in messages, instead of email, slack, webhook")

    @model_validator(mode="after")
    def _one(self) -> Told:
        if sum(one is not None for one in (self.email, self.slack, self.webhook)) != 1:
            raise PydanticCustomError(
                "one", "must have exactly one of email, slack, webhook", {"hint": "make an entry for each"}
            )
        return self

    @property
    def kind(self) -> str:
        """Return which of the three it is."""
        return "email" if self.email else "slack" if self.slack else "webhook"


class Package(Strict):
    """How packages are sealed."""

    model_config = ConfigDict(
        json_schema_extra={
            "dependentRequired": {"passphrase": ["sign"], "pin": ["sign"], "sign_pdf": ["sign"]},
        }
    )

    sign: Annotated[str, *like(r"^(file|awskms|pkcs11):\S", "be file:PATH, awskms:ARN or pkcs11:URI")] | None = Field(
        None, description="key that signs: file:PATH, awskms:ARN or pkcs11:URI"
    )
    passphrase: Secret | None = Field(None, description="of the key file; without it, the key is not encrypted")
    pin: Secret | None = Field(None, description="of the PKCS #11 token")
    sign_pdf: Text | None = Field(None, description="PEM file of the key's certificate, to sign report.pdf as well")
    timestamp: Text | None = Field(None, description="URL of an RFC 3161 authority")

    @model_validator(mode="after")
    def _needs_a_key(self) -> Package:
        for name in ("passphrase", "pin", "sign_pdf"):
            if getattr(self, name) is not None and self.sign is None:
                context = {"at": (name,), "hint": "add `sign: file:PATH`"}
                raise PydanticCustomError("key", "goes with `sign`, and there is none", context)
        return self


class KeepForm(Strict):
    """How many of the newest to keep."""

    scans: int = Field(30, ge=2, le=10_000, description="scan directories")
    packages: int = Field(400, ge=2, le=10_000, description="packages; of older ones the manifest stays")

    @model_validator(mode="after")
    def _longer(self) -> KeepForm:
        if self.packages < self.scans:
            context = {"at": ("packages",), "hint": "packages are kept at least as long as scan directories"}
            raise PydanticCustomError("keep", "is less than `scans`", context)
        return self


class ProfileForm(Strict):
    """What one unattended run does."""

    folder: Text = Field(description="holds scans/, packages/, outbox/ and run.json; from the estate's folder")
    controls: Texts = Field([], description="run these controls only")
    frameworks: Texts = Field([], description="run the controls that cite these frameworks")
    phases: Texts = Field([], description="run the controls of these phases")
    only: Texts = Field([], description="read these sources only")
    store: Secret | Text | None = Field(None, description="store of scans over time: a file, or a URL")
    period_days: int = Field(0, ge=0, le=MOST_DAYS, description="judge an audit period of so many days up to the as-of")
    report: bool = Field(True, description="make report.pdf and report.html; without, the results alone")
    package: Package | None = Field(None, description="how packages are sealed")
    keep: KeepForm | None = Field(None, description="how many of the newest to keep")
    fail_on: Literal["critical", "high", "medium", "low", "never"] = Field(
        "low", description="least severity of a failed control that makes the exit code 10"
    )
    accept_waived: bool = Field(False, description="failures under a waiver in force do not make the exit code 10")
    notify: list[Told] = Field([], description="who is told")
    schedule: ScheduleForm | None = Field(None, description="when `keyaudit schedule` runs it")

    @model_validator(mode="after")
    def _named_once(self) -> ProfileForm:
        counted = Counter(one.name for one in self.notify if one.name)
        for i, one in enumerate(self.notify):
            if one.name and counted[one.name] > 1:
                context = {"at": ("notify", i, "name"), "hint": "give each target a name of its own"}
                raise PydanticCustomError("twice", "two targets have this name", context)
        if not self.report and self.package and self.package.sign_pdf:
            context = {"at": ("package", "sign_pdf"), "hint": "leave out `report: false`, or this"}
            raise PydanticCustomError("no_report", "needs a report, and `report` is false", context)
        return self


def profiles_of(given: Mapping[str, ProfileForm], folder: Path) -> tuple[Profile, ...]:
    """Return the profiles as the estate has them. Relative paths count from ``folder``, the estate file's."""
    return tuple(_profile(name, one, folder) for name, one in given.items())


def _profile(name: str, given: ProfileForm, folder: Path) -> Profile:
    return Profile(
        name=name,
        folder=folder / given.folder,
        controls=tuple(given.controls),
        frameworks=tuple(given.frameworks),
        phases=tuple(given.phases),
        only=tuple(given.only),
        store=secret_ref(given.store) if isinstance(given.store, Secret) else _store(given.store or "", folder),
        period_days=given.period_days,
        package=_packaging(given.package, folder) if given.package else Packaging(),
        keep=Keep(given.keep.scans, given.keep.packages) if given.keep else Keep(),
        fail_on=given.fail_on,
        accept_waived=given.accept_waived,
        report=given.report,
        notify=_notify(given.notify, folder),
        schedule=schedule_of(given.schedule) if given.schedule else None,
    )


def _store(given: str, folder: Path) -> str:
    return given if not given or "://" in given else str(folder / given)


def _packaging(given: Package, folder: Path) -> Packaging:
    sign, pem = given.sign or "", given.sign_pdf
    if sign.startswith("file:") and not sign.startswith("file:~"):
        sign = f"file:{folder / sign.removeprefix('file:')}"
    return Packaging(
        sign=sign,
        passphrase=secret_ref(given.passphrase) if given.passphrase else None,
        pin=secret_ref(given.pin) if given.pin else None,
        sign_pdf=str(folder / pem) if pem else "",
        timestamp=given.timestamp or "",
    )


def _notify(given: list[Told], folder: Path) -> tuple[Notify, ...]:
    """Return the targets; one without a name has its kind's, with a number from the second on."""
    taken = {one.name for one in given if one.name}
    found = []
    for one in given:
        name, number = one.name or one.kind, 1
        while one.name is None and name in taken:
            number += 1
            name = f"{one.kind}-{number}"
        taken.add(name)
        found.append(Notify(name, _target(one, folder), When(one.when)))
    return tuple(found)


def _target(given: Told, folder: Path) -> Target:
    if given.email:
        mail = given.email
        host, _, port = mail.server.rpartition(":")
        return EmailTarget(
            host=host.strip("[]"),
            port=int(port),
            tls=Tls(mail.tls),
            sender=mail.sender,
            to=tuple(mail.to),
            username=mail.username or "",
            password=secret_ref(mail.password) if mail.password else None,
            ca_bundle=_file(mail.ca_bundle, folder),
            attach=tuple(mail.attach),
        )
    if given.webhook:
        hook = given.webhook
        return WebhookTarget(
            url=secret_ref(hook.url) if isinstance(hook.url, Secret) else hook.url,
            secret=secret_ref(hook.secret) if hook.secret else None,
            ca_bundle=_file(hook.ca_bundle, folder),
        )
    slack = cast("Slack", given.slack)  # exactly one is there
    return SlackTarget(url=secret_ref(slack.url), ca_bundle=_file(slack.ca_bundle, folder))


def _file(path: str | None, folder: Path) -> str:
    return str(folder / path) if path else ""
