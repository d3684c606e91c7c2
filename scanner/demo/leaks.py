"""What people wrote to each other, as a Slack export: keys in the plain, and what only looks like them.

The secrets are made when the demo runs, from a seed: none of them stands in the repository, and none opens anything.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import string
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from scanner.demo.ehr import clients
from scanner.demo.references import twice
from scanner.yamlfile import Path_

EXPORT = "voice-export.zip"
"""Name of the export."""
SOURCE = "slack"
"""Name of the source in the demo's estate file."""
SALT_VARIABLE = "KEYAUDIT_DEMO_SALT"
_SCAN = f"leaks:{SOURCE}:"
_LETTERS = string.ascii_letters + string.digits

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]
Kind = Literal["nothing", "raw_key", "anthropic_key", "client_key", "wrapped"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Channel(_Strict):
    """A channel of the workspace."""

    id: Id
    name: Id


class Message(_Strict):
    """A message. An export is a file of a day long past: its messages do not move with the demo's clock."""

    name: Id
    channel: Id
    """Name of its channel."""
    sent: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]
    text: str
    """`{secret}` stands for what is made at run time."""
    holds: Kind = "nothing"
    ends: Id | Literal[""] = ""
    """Last characters of a vendor's key, which the vendor shows."""
    of: Id | Literal[""] = ""
    """Of the key of a client of the EHR (P-384) its name in the key set."""
    defect: str = ""

    @property
    def stamp(self) -> str:
        """Return what Slack tells a message by."""
        at = datetime.strptime(self.sent, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return f"{int(at.timestamp())}.000100"


class Leaks(_Strict):
    """The workspace at Slack that was exported."""

    seed: str = ""
    channels: list[Channel] = []
    messages: list[Message] = []

    @property
    def salt(self) -> str:
        """Return what keys the hashes of the demo's scan."""
        return _bytes(self, "salt", 32).hex()

    def channel(self, name: str) -> str:
        """Return the id of a channel, or an empty text where there is none."""
        return next((one.id for one in self.channels if one.name == name), "")


def secret(leaks: Leaks, message: Message) -> str:
    """Return what stands in a message: the same on every run."""
    if message.holds == "raw_key":
        return _bytes(leaks, message.name, 32).hex()
    if message.holds == "anthropic_key":
        body = "".join(_LETTERS[byte % len(_LETTERS)] for byte in _bytes(leaks, message.name, 91))
        return f"sk-ant-api03-{body}{message.ends}"
    if message.holds == "client_key":
        return clients.pem(message.of, "P-384")
    if message.holds == "wrapped":
        # What AWS KMS gives begins like this; the rest is ciphertext.
        return base64.b64encode(b"\x01\x02\x02\x00\x78" + _bytes(leaks, message.name, 179)).decode()
    return ""


def _bytes(leaks: Leaks, name: str, number: int) -> bytes:
    return hashlib.shake_256(f"{leaks.seed}/{name}".encode()).digest(number)


def problems(leaks: Leaks) -> Iterator[tuple[Path_, str]]:
    """Yield what does not fit together, each with where it stands in the section."""
    channels = [channel.name for channel in leaks.channels]
    for i, message in enumerate(leaks.messages):
        if message.channel not in channels:
            yield ("messages", i, "channel"), f"there is no channel {message.channel}"
    yield from twice(("messages",), [message.name for message in leaks.messages])


def write_export(leaks: Leaks, path: Path) -> None:
    """Write the export as Slack does: a folder for each channel, and a file for each day."""
    days: dict[tuple[str, str], list[dict[str, str]]] = {}
    for one in leaks.messages:
        told = {
            "type": "message",
            "user": "U0SIMULATED",
            "ts": one.stamp,
            "text": one.text.replace("{secret}", secret(leaks, one)),
        }
        days.setdefault((one.channel, one.sent[:10]), []).append(told)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("channels.json", json.dumps([channel.model_dump() for channel in leaks.channels]))
        archive.writestr("users.json", json.dumps([{"id": "U0SIMULATED", "name": "somebody"}]))
        for (channel, day), messages in sorted(days.items()):
            archive.writestr(f"{channel}/{day}.json", json.dumps(messages))


def named(leaks: Leaks) -> Iterator[tuple[str, str]]:
    """Yield what the answer key calls the export and each leak in it, with the steady name of that."""
    if leaks.messages:
        yield f"leaks/{SOURCE}", f"{_SCAN}{EXPORT}"
    yield from ((f"leaks/{one.name}", f"leak:{one.name}") for one in leaks.messages if one.defect)


def steady_names(leaks: Leaks, subjects: Iterable[str]) -> dict[str, str]:
    """Return the steady names by what a scan calls them: that has in it where the export lay, and so do the hashes."""
    found: dict[str, str] = {}
    for subject in subjects:
        if subject.startswith(_SCAN):
            found[subject] = f"{_SCAN}{EXPORT}"
            place = subject.removeprefix(_SCAN)
            found |= {_leak_id(leaks, one, place): f"leak:{one.name}" for one in leaks.messages if one.defect}
    return found


def _leak_id(leaks: Leaks, message: Message, place: str) -> str:
    value = _hash(leaks, "secret", _identity(leaks, message))
    where = (place, leaks.channel(message.channel), message.stamp)
    kind = "private_key" if message.holds == "client_key" else message.holds
    return f"leak:{_hash(leaks, 'leak', 'slack_export', *where, kind, value)}"


def _identity(leaks: Leaks, message: Message) -> str | bytes:
    """Return what is hashed of a secret: the same however it is written."""
    if message.holds == "client_key":
        return clients.fingerprint(message.of, "P-384")
    said = secret(leaks, message)
    return bytes.fromhex(said) if message.holds == "raw_key" else said


def _hash(leaks: Leaks, *parts: str | bytes) -> str:
    """Return what a scan makes of some parts under the salt: written again, as the demo takes nothing of a scan."""
    mac = hmac.new(leaks.salt.encode(), digestmod="sha256")
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        mac.update(len(data).to_bytes(8, "big") + data)
    return mac.hexdigest()[:32]
