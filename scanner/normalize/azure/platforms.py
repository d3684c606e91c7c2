"""The modules that hold keys of a vault: the platforms that its key versions name, or the managed HSM itself.

A key is drawn under each platform that holds a version of it that can be used: what an older version protects hangs
on the platform of that version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from scanner.model.facts import Fact
from scanner.model.modules import ModuleFact
from scanner.model.stores import BindingFact
from scanner.normalize.azure.keys import KEYS, NONE, Holder, Listed, platforms
from scanner.normalize.azure.names import last
from scanner.normalize.reading import child, text

SETTINGS = "keyvault:ManagedHsms_Get"
_EMBODIMENTS: Mapping[str, str] = {"0": "software", "1": "hardware", "2": "hardware"}
"""``hsmPlatform`` of a key version in a key vault (docs.azure.cn, key-vault about-keys)."""


def rows(holder: Holder, keys: Iterable[Listed], *, complete: bool) -> Iterator[Fact]:
    """Yield the modules of a vault or managed HSM, and under which of them each key is."""
    unit = holder.unit
    under = {key.id: _modules_of(holder, key) for key in keys}
    used = {one for names in under.values() for one in names}
    modules = [_managed_hsm(holder, used=bool(used), complete=complete)] if holder.is_hsm else _platforms(holder, used)
    for module in modules:
        yield replace(module, evidence=unit.evidence(holder.id, *unit.ids(KEYS)))
    covered = unit.coverage(ModuleFact, KEYS, unit.source, None, len(modules), complete=complete or holder.is_hsm)
    yield replace(covered, coverage_id=f"{covered.coverage_id} {KEYS}")
    for key_id, names in under.items():
        for name in names:
            yield BindingFact(
                source=unit.source,
                evidence=unit.evidence(key_id, *unit.ids(KEYS)),
                binding_id=f"{key_id} > {name}",
                child_id=key_id,
                parent_id=name,
                child_kind="key",
                parent_kind="module",
                strength="observed",
            )


def _modules_of(holder: Holder, key: Listed) -> tuple[str, ...]:
    if holder.is_hsm:
        return (holder.id,)
    return tuple(_module_id(holder, word) for word in platforms(holder, key))


def _module_id(holder: Holder, word: str | None) -> str:
    return f"{holder.id}/hsmPlatform/{word if word is not None else 'unknown'}"


def _managed_hsm(holder: Holder, *, used: bool, complete: bool) -> ModuleFact:
    settings = holder.unit.response(SETTINGS, holder.id)
    return ModuleFact(
        source=holder.unit.source,
        evidence=(),
        module_id=holder.id,
        provider="azure",
        account=holder.account,
        region=holder.region,
        name=last(holder.id),
        kind="hsm_cluster",
        product="azure-managed-hsm",
        embodiment="hardware",
        version=NONE,
        state=text(child(settings, "properties"), "provisioningState"),
        certificate_required=True if used else False if complete else None,
    )


def _platforms(holder: Holder, used: Iterable[str]) -> list[ModuleFact]:
    return [_platform(holder, identity) for identity in sorted(used)]


def _platform(holder: Holder, identity: str) -> ModuleFact:
    word = last(identity)
    known = word in _EMBODIMENTS
    return ModuleFact(
        source=holder.unit.source,
        evidence=(),
        module_id=identity,
        provider="azure",
        account=holder.account,
        region=holder.region,
        name=f"Key Vault {last(holder.id)}, platform {word}",
        kind="key_service",
        product=f"azure-key-vault-platform-{word}" if known else None,
        embodiment=_EMBODIMENTS.get(word),
        version=NONE,
        state=NONE,
        certificate_required=True,
    )
