"""The keys of a database under self-test: those that the estate names, by whatever name the database has for them."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.model.estate import AwsSelftest
from scanner.model.observation import GapReason
from scanner.selftest.aws import Access, AwsKeys
from scanner.selftest.interface import Call, CannotRunError, Context, DataKey, KeyDescription


class NamedKeys:
    """A :class:`~scanner.selftest.interface.KeyService` over several keys, each with its own way in.

    A key that the estate does not name is not used: CannotRunError says what to add.
    """

    provider = "aws"
    binds_context = True

    def __init__(self, accesses: Sequence[tuple[AwsSelftest, Access]], calls: Sequence[Call]) -> None:
        self.calls = calls
        self._known: dict[str, tuple[AwsKeys, str]] = {}
        for test, access in accesses:
            for name, arn in ((test.key, access.key), (test.second_key, access.second_key)):
                if arn:
                    for known in _names(name, arn):
                        self._known.setdefault(known, (access.keys, arn))

    def _of(self, key: str) -> tuple[AwsKeys, str]:
        if key not in self._known:
            raise CannotRunError(
                f"{key} wraps data keys, and the estate does not name it: add it under `selftest: {{aws: ...}}`",
                GapReason.NOT_ALLOWED,
            )
        return self._known[key]

    def describe(self, key: str) -> KeyDescription:
        """Return what the service says of a key."""
        keys, arn = self._of(key)
        return keys.describe(arn)

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        """Return a new data key of 32 bytes."""
        keys, arn = self._of(key)
        return keys.generate_data_key(arn, context)

    def wrap(self, key: str, plaintext: bytes | bytearray, context: Context) -> bytes:
        """Return ``plaintext`` wrapped."""
        keys, arn = self._of(key)
        return keys.wrap(arn, plaintext, context)

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        """Return the plain key."""
        keys, arn = self._of(key)
        return keys.unwrap(arn, wrapped, context)

    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        """Return it wrapped under ``to_key``, which must be named with ``key``."""
        (keys, arn), (_, target) = self._of(key), self._of(to_key)
        return keys.rewrap(arn, wrapped, context, target)


def _names(name: str, arn: str) -> tuple[str, ...]:
    """Return what a database may call a key: as the estate does, its ARN, its id, or its alias' ARN."""
    place = arn.partition(":key/")[0]
    alias = (f"{place}:{name}",) if name.startswith("alias/") else ()
    return (name, arn, arn.partition(":key/")[2], *alias)
