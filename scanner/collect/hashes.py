"""Keyed hashes: what stands in the evidence for a value that must not. Equal values of one process have equal ones."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hashes:
    """Hashes under a random key that lives as long as the process and is kept nowhere: of no use to anybody else."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def of(self, *parts: str | bytes) -> str:
        """Return the hash of some parts, each with its length, so that no two lists of parts run together."""
        mac = hmac.new(self.key, digestmod="sha256")
        for part in parts:
            data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
            mac.update(len(data).to_bytes(8, "big") + data)
        return mac.hexdigest()[:32]

    @property
    def name(self) -> str:
        """Return what tells the hashes of one process from those of another."""
        return self.of("name")


_SHA_256 = re.compile(r"[0-9a-f]{64}")


def of_fingerprint(hashes: Hashes, told: str | None) -> str | None:
    """Return the hash of a data key's SHA-256 in hex, or None when it is none.

    What leaked and what a registry holds are compared by it. It is keyed, since what looks like a leaked key may be the
    digest of a password, whose own SHA-256 would tell the password to whoever guesses.
    """
    plain = (told or "").strip().lower().removeprefix("\\x")
    return hashes.of("data key", plain) if _SHA_256.fullmatch(plain) else None
