"""The unit of each source: one organization at one vendor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from scanner.collect.interface import Asking, Unit
from scanner.collect.vendors import anthropic, deepgram, elevenlabs, openai
from scanner.collect.vendors.methods import Method
from scanner.collect.vendors.transport import VendorTransport
from scanner.evidence.records import source_id
from scanner.model.estate import SecretRef, VendorSource
from scanner.model.observation import Observation
from scanner.model.operation import Operation


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor that can be read."""

    collector: str
    title: str
    operations: tuple[Operation, ...]
    methods: Mapping[str, Method]
    collect: Callable[[Asking, VendorSource], Iterator[Unit]]
    kinds_of_key: tuple[tuple[str, str], ...] = ()
    """(beginning of a key, what the vendor calls such a one)"""


VENDORS: Mapping[str, Vendor] = {
    "openai": Vendor(
        openai.NAME,
        "OpenAI",
        openai.OPERATIONS,
        openai.METHODS,
        openai.collect,
        (("sk-admin-", "admin key"), ("sk-proj-", "project key"), ("sk-svcacct-", "service account key")),
    ),
    "anthropic": Vendor(
        anthropic.NAME,
        "Anthropic",
        anthropic.OPERATIONS,
        anthropic.METHODS,
        anthropic.collect,
        (("sk-ant-admin", "admin key"), ("sk-ant-api", "API key of a workspace")),
    ),
    "elevenlabs": Vendor(elevenlabs.NAME, "ElevenLabs", elevenlabs.OPERATIONS, elevenlabs.METHODS, elevenlabs.collect),
    "deepgram": Vendor(deepgram.NAME, "Deepgram", deepgram.OPERATIONS, deepgram.METHODS, deepgram.collect),
}
"""Every vendor, by the word of the estate file."""

_NAMED_BY: Mapping[str, str] = {anthropic.ME: "id", elevenlabs.USER: "workspace_id"}
"""Operations whose answer says which organization a key belongs to, and where."""
_ANSWERED = frozenset({openai.RETENTION, deepgram.PROJECTS})
"""Operations whose answer shows that a key works, where none says whose it is."""
_PERSONAL = ("/email", "/name", "/first_name", "/last_name")


def operations() -> tuple[Operation, ...]:
    """Return the declared operations of every vendor."""
    return tuple(operation for vendor in VENDORS.values() for operation in vendor.operations)


def unit(source: VendorSource, resolve: Callable[[SecretRef], str], deadline: float) -> Unit:
    """Return the unit that reads one organization. ``deadline`` is on the monotonic clock, in seconds."""
    vendor = VENDORS[source.vendor]
    admin_key = resolve(source.admin_key)
    project_key = resolve(source.project_key) if source.project_key else ""
    own = vendor.operations
    if source.keep_emails:
        own = tuple(replace(one, drop=tuple(p for p in one.drop if not p.endswith(_PERSONAL))) for one in own)
    return Unit(
        id=f"vendors/{source.name}/{source.vendor}",
        source=source_id(source.vendor, source.name),
        source_name=source.name,
        account=source.name,
        region="",
        collector=vendor.collector,
        principal=principal(vendor, admin_key),
        operations=own,
        collect=lambda asking: vendor.collect(asking, source),
        transport=lambda: VendorTransport(
            source.vendor,
            vendor.methods,
            endpoint=source.endpoint_url,
            admin_key=admin_key,
            project_key=project_key,
        ),
        deadline=deadline,
        concurrency=source.concurrency,
    )


def principal(vendor: Vendor, key: str) -> str:
    """Return who asks: the vendor and the kind of the key, as its first letters tell. Nothing else of it is told."""
    for beginning, words in vendor.kinds_of_key:
        if key.startswith(beginning):
            return f"{vendor.title} {words}"
    return f"{vendor.title} key"


def identity(observation: Observation) -> str:
    """Return who asks, and of which organization where an answer names it; empty text for every other answer."""
    if observation.operation in _ANSWERED:
        return observation.principal
    answer, member = observation.response, _NAMED_BY.get(observation.operation)
    if member is None or not isinstance(answer, dict):
        return ""
    return f"{observation.principal} of {answer.get(member, '')}"
