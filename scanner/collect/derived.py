"""What is derived from what an operation feeds: columns that fixed SQL completes from other tables.

A control over derived columns asks for everything that they are made of, and a gap in any of it touches the control.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from scanner.model.operation import Operation, columns

_CHAINS = columns(
    "key_chains",
    *("*", "known", "keys", "modules", "loose_ends", "cycles", "active_level_3", "hsm_tier", "weakest", "kind"),
)
_EDGES = columns("bindings", "*", "child_id", "parent_id", "child_kind", "parent_kind", "strength")
_OF_DATA_KEYS = columns("data_keys", "key_id", "key_state", "key_managed_by", "key_strength_bits")
_LEAKED = columns("leaks", "matched_key_id", "matched_by", "matched_state")
_DECLARED = columns("declared_edges", "children", "parents")

DERIVED: Mapping[str, tuple[str, ...]] = {
    "data_stores.*": ("declared_stores.matched", "declared_edges.children", *_CHAINS),
    "data_stores.key_id": (*_EDGES, *_CHAINS),
    "data_stores.ephi": ("key_chains.ephi",),
    "data_stores.sensitivity": ("key_chains.sensitivity",),
    "keys.*": (*_LEAKED, *_OF_DATA_KEYS, *_DECLARED, *_EDGES, *_CHAINS),
    "keys.aliases": (*_LEAKED, *_OF_DATA_KEYS, *_CHAINS),
    "keys.public_fingerprint": _LEAKED,
    "tls_certificates.*": _LEAKED,
    "tls_certificates.public_fingerprint": _LEAKED,
    "jwks_keys.*": _LEAKED,
    "jwks_keys.public_fingerprint": _LEAKED,
    "keys.state": (*_LEAKED, "data_keys.key_state"),
    "keys.managed_by": ("data_keys.key_managed_by",),
    "keys.strength_bits": ("data_keys.key_strength_bits",),
    "keys.key_store_id": (*_EDGES, *_CHAINS),
    "key_stores.*": (*_EDGES, *_CHAINS),
    "modules.*": ("declared_edges.parents", *_EDGES, *_CHAINS),
    "modules.product": _CHAINS,
    "data_keys.*": (*_LEAKED, "declared_edges.children", *_EDGES, *_CHAINS),
    "credentials.hint": _LEAKED,
    "data_keys.state": _LEAKED,
    "data_keys.fingerprint": _LEAKED,
    "data_keys.key_ref": (*_OF_DATA_KEYS, *_EDGES, *_CHAINS),
    "bindings.*": _CHAINS,
}
"""Column to the columns that are made of it."""


def with_derived(provider: str, operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Return the operations of a provider, which feed, beside what they tell, what is derived from it."""
    return tuple(
        replace(operation, provider=provider, feeds=tuple(dict.fromkeys((*operation.feeds, *_derived(operation)))))
        for operation in operations
    )


def _derived(operation: Operation) -> Iterable[str]:
    for fed in operation.feeds:
        yield from DERIVED.get(fed, ())
