"""What a provider cannot do for a self-test, said beside what the test showed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from scanner.model.observation import GapReason
from scanner.selftest.interface import CannotRunError, Outcome, Test

_MADE_HERE = "the service makes no data keys: this machine's random generator does, and the service wraps them"
_PASSES_HERE = "the service moves no data key from key to key: it was unwrapped and wrapped, and passed through here"
NOTES: Mapping[str, Mapping[str, str]] = {
    "azure": {
        "ST-KMS-01": _MADE_HERE,
        "ST-KMS-02": "wrapKey of Azure takes no additional authenticated data: whoever encrypts with the data key must "
        "bind what it is for",
        "ST-KMS-05": _MADE_HERE,
        "ST-KMS-06": _PASSES_HERE,
        "ST-KMS-11": "self-tests do not read what Azure Monitor keeps of the vault",
    },
    "gcp": {
        "ST-KMS-01": _MADE_HERE,
        "ST-KMS-05": _MADE_HERE,
        "ST-KMS-06": _PASSES_HERE,
        "ST-KMS-11": "self-tests do not read Cloud Audit Logs",
    },
}
"""Provider and test to what the reader must know. Azure: REST API of keys, wrapKey; Google Cloud: KMS API v1."""


def noted(provider: str, tests: Sequence[Test]) -> tuple[Test, ...]:
    """Return tests whose results say what the provider cannot do."""
    notes = NOTES.get(provider, {})
    return tuple(replace(test, run=_noted(test.run, notes[test.id])) if test.id in notes else test for test in tests)


def _noted(run: Callable[[], Outcome], note: str) -> Callable[[], Outcome]:
    def told() -> Outcome:
        try:
            outcome = run()
        except CannotRunError as error:
            if error.reason is not GapReason.UNSUPPORTED:  # stopped, throttled, denied: no matter of what it can do
                raise
            raise CannotRunError(f"{error}: {note}", error.reason) from error
        return replace(outcome, detail=f"{outcome.detail}; {note}")

    return told


def no_stranger() -> NoReturn:
    """Say that nobody without rights is tried. Raises CannotRunError."""
    raise CannotRunError("self-tests of this provider log in by one credential, so that nobody without rights is tried")
