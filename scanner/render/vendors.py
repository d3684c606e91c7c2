"""What the report says of AI vendors, in words. What no API tells is said to be so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.model.matrix import Promise, Stored, VendorRow
from scanner.render.inventory import Said

VENDORS: Mapping[str, str] = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "elevenlabs": "ElevenLabs",
    "deepgram": "Deepgram",
    "aws": "AWS",
    "azure": "Azure",
    "gcp": "Google Cloud",
}
_CONTRACTS: Mapping[str, Said] = {
    "covered": Said("a contract in force covers it"),
    "not_in_force": Said("no contract in force", strong=True),
    "none": Said("no contract", strong=True),
}
_KINDS: Mapping[str, tuple[str, str]] = {
    "history_item": ("history item", "history items"),
    "stored_completion": ("stored completion", "stored completions"),
    "vector_store": ("vector store", "vector stores"),
    "fine_tuning_job": ("fine-tuning job", "fine-tuning jobs"),
    "request_log": ("logged request", "logged requests"),
    "batch": ("batch", "batches"),
}


def vendor(name: str) -> str:
    """Return a vendor's name for people."""
    return VENDORS.get(name, name)


def contract(row: VendorRow) -> Said:
    """Return what the register has of it."""
    return _CONTRACTS.get(row.contract or "", Said("the register does not tell"))


def keeping(row: VendorRow) -> Iterator[Said]:
    """Yield what the vendor keeps of what is asked and answered, and whether it learns from it."""
    if row.zero_retention:
        yield Said("keeps nothing")
    elif row.kind == "organization" and row.zero_retention is None and row.expires and row.retention_days is not None:
        yield Said(f"indexes of conversations end after {_days(row.retention_days)}")
    elif row.zero_retention is None:
        yield Said("what it keeps only the contract tells" if row.retention_mode == "contract" else "not told")
    elif row.expires is False:
        yield Said("keeps without limit", strong=True)
    elif row.expires and row.retention_days is not None:
        yield Said(f"keeps for {_days(row.retention_days)}", strong=True)
    elif row.exceptions:
        yield Said(f"keeps, by the settings of {', '.join(row.exceptions)}", strong=True)
    else:
        yield Said("keeps, for a time that is not told", strong=True)
    if row.records_audio:
        yield Said("records voices")
    if row.model_improvement:
        yield Said("models learn from it", strong=True)
    elif row.model_improvement is False:
        yield Said("models do not learn from it")


def custody(row: VendorRow) -> Said:
    """Return under whose key it is."""
    if row.customer_key:
        return Said("customer's key")
    if row.customer_key is False and row.customer_key_possible:
        return Said("vendor's key; a customer's is possible", strong=True)
    if row.customer_key is False:
        return Said("vendor's key", strong=True)
    return Said("not told")


def stored(row: VendorRow) -> str:
    """Return what lies there because somebody stored it."""
    if not row.stored:
        return "not told"
    there = [_several(one) for one in row.stored if one.present]
    unknown = [_name(one.kind)[1] for one in row.stored if one.present is None]
    words = [*there, *(f"{one}: not known" for one in unknown)]
    return ", ".join(words) or "nothing"


def promised(one: Promise) -> str:
    """Return what a contract says."""
    return {
        "zero_retention": "Nothing of what is asked and answered is kept",
        "nothing_stored": "Nothing is kept, so nothing is stored on purpose",
        "no_training": "Models do not learn from it",
        "prompts": f"Prompts are kept for {_days(one.days or 0)} at most",
        "audio": f"Recordings are kept for {_days(one.days or 0)} at most",
    }[one.promise]


def shown(one: Promise) -> Iterator[Said]:
    """Yield what the settings show of a promise."""
    if one.broken:
        yield Said(f"{one.broken} otherwise", strong=True)
    if one.unknown:
        yield Said(f"{one.unknown} not told", strong=True)
    if one.kept:
        yield Said(f"{one.kept} as promised")


def _several(one: Stored) -> str:
    single, many = _name(one.kind)
    if one.items is None:
        return f"some {many}"
    return f"{one.items} {single if one.items == 1 else many}"


def _name(kind: str) -> tuple[str, str]:
    plain = kind.replace("_", " ")
    return _KINDS.get(kind, (plain, f"{plain}s"))


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"
