"""AWS KMS under self-test: key service, life cycle of canaries, and the way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from scanner.collect.ask import Outside
from scanner.collect.aws.accounts import SESSION_NAME
from scanner.collect.interface import CallError
from scanner.model.estate import AwsSelftest, AwsSource
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.selftest.aws_audit import AwsAudit
from scanner.selftest.aws_line import ALLOWED, KeyGuard, Line, ProvingHub
from scanner.selftest.interface import Call, CannotRunError, Context, DataKey, KeyDescription, RefusedError
from scanner.selftest.waiting import CHANGE_SECONDS, wait_until

if TYPE_CHECKING:
    from botocore.client import BaseClient

STATES: Mapping[str, str] = {
    "Creating": "pre_activation",
    "PendingImport": "pre_activation",
    "Enabled": "active",
    "Updating": "active",
    "Disabled": "suspended",
    "Unavailable": "suspended",
    "PendingDeletion": "deactivated",
    "PendingReplicaDeletion": "deactivated",
}
"""KeyState to the SP 800-57 key state."""
WINDOW_DAYS = 30
"""The longest that AWS KMS offers."""
ROTATION_SECONDS = 900.0

_TESTED = {"KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT"}
"""What a key must be that self-tests use."""


class AwsKeys:
    """AWS KMS as a :class:`~scanner.selftest.interface.KeyService`."""

    provider = "aws"
    binds_context = True

    def __init__(self, line: Line) -> None:
        self.line = line

    @property
    def calls(self) -> Sequence[Call]:
        """Every call made so far."""
        return tuple(self.line.calls)

    def describe(self, key: str) -> KeyDescription:
        """Return what AWS KMS says of a key; only a symmetric key of the customer's own can be tested."""
        told = self.line.call("kms:DescribeKey", {"KeyId": key}).get("KeyMetadata")
        if not isinstance(told, dict) or not isinstance(told.get("Arn"), str):
            raise CannotRunError("kms:DescribeKey does not tell the key's ARN", GapReason.MALFORMED)
        # An emulator may leave one out; what is there must be right.
        if any(told.get(name) not in (None, wanted) for name, wanted in _TESTED.items()):
            raise CannotRunError(f"{told['Arn']} is no symmetric encryption key of the customer's own: name another")
        state = STATES.get(str(told.get("KeyState")), "")
        return KeyDescription(told["Arn"], state, str(told.get("CurrentKeyMaterialId") or ""))

    def generate_data_key(self, key: str, context: Context) -> DataKey:
        """Return a new data key of 32 bytes."""
        answer = self.line.call(
            "kms:GenerateDataKey", {"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": dict(context)}
        )
        return DataKey(bytearray(_bytes(answer, "Plaintext")), _bytes(answer, "CiphertextBlob"))

    def wrap(self, key: str, plaintext: bytes | bytearray, context: Context) -> bytes:
        """Return ``plaintext`` wrapped."""
        params = {"KeyId": key, "Plaintext": bytes(plaintext), "EncryptionContext": dict(context)}
        return _bytes(self.line.call("kms:Encrypt", params), "CiphertextBlob")

    def unwrap(self, key: str, wrapped: bytes, context: Context) -> bytearray:
        """Return the plain key. The key is always named: AWS KMS takes any that fits otherwise."""
        params = {"KeyId": key, "CiphertextBlob": wrapped, "EncryptionContext": dict(context)}
        return bytearray(_bytes(self.line.call("kms:Decrypt", params), "Plaintext"))

    def rewrap(self, key: str, wrapped: bytes, context: Context, to_key: str) -> bytes:
        """Return it wrapped under ``to_key``, without the plain key leaving AWS KMS."""
        params = {
            "CiphertextBlob": wrapped,
            "SourceKeyId": key,
            "SourceEncryptionContext": dict(context),
            "DestinationKeyId": to_key,
            "DestinationEncryptionContext": dict(context),
        }
        return _bytes(self.line.call("kms:ReEncrypt", params), "CiphertextBlob")


def _bytes(answer: Mapping[str, object], name: str) -> bytes:
    value = answer.get(name)
    if not isinstance(value, bytes) or not value:
        raise CannotRunError(f"the answer of AWS KMS has no `{name}`", GapReason.MALFORMED)
    return value


def _id(arn: str) -> str:
    """Return the id in an ARN: what changes a key's state works in its own account and region alone."""
    return arn.rpartition("/")[2]


class AwsLifecycle:
    """The life cycle of canaries, as a :class:`~scanner.selftest.interface.KeyLifecycle`."""

    def __init__(self, keys: AwsKeys) -> None:
        self._keys = keys
        self._line = keys.line

    def rotate(self, key: str) -> None:
        """Rotate on demand, and wait until the new material is current. A key bears only so many: AWS sets a limit."""
        before = self._keys.describe(key).material_id
        self._line.call("kms:RotateKeyOnDemand", {"KeyId": _id(key)})
        if before:  # an emulator may tell none: then there is nothing to wait for
            self._await(key, "rotated", ROTATION_SECONDS, lambda told: told.material_id != before)

    def disable(self, key: str) -> None:
        """Disable it, and wait until it is."""
        self._line.call("kms:DisableKey", {"KeyId": _id(key)})
        self._await(key, "disabled", CHANGE_SECONDS, lambda told: told.state == "suspended")

    def enable(self, key: str) -> None:
        """Enable it, whether the run is stopped or not."""
        self._line.call("kms:EnableKey", {"KeyId": _id(key)}, always=True)

    def schedule_deletion(self, key: str) -> None:
        """Schedule its deletion in 30 days, and wait until it is pending."""
        self._line.call("kms:ScheduleKeyDeletion", {"KeyId": _id(key), "PendingWindowInDays": WINDOW_DAYS})
        self._await(key, "pending deletion", CHANGE_SECONDS, lambda told: told.state == "deactivated")

    def cancel_deletion(self, key: str) -> None:
        """Cancel its deletion and enable it, whether the run is stopped or not."""
        try:
            self._line.call("kms:CancelKeyDeletion", {"KeyId": _id(key)}, always=True)
        except RefusedError as error:
            if error.code != "KMSInvalidStateException":  # not pending: there is nothing to cancel
                raise
        self.enable(key)

    def _await(self, key: str, what: str, seconds: float, done: Callable[[KeyDescription], bool]) -> None:
        wait_until(self._line.outside, key, what, lambda: done(self._keys.describe(key)), seconds)


@dataclass(slots=True, kw_only=True)
class Access:
    """Everything of one key of AWS KMS that self-tests use."""

    keys: AwsKeys
    principal: str
    """ARN of who uses it."""
    key: str
    """ARN."""
    second_key: str
    """ARN, or empty."""
    lifecycle: AwsLifecycle
    audit: AwsAudit
    stranger: Callable[[], AwsKeys] | None
    objects: Callable[[], Line]
    """Makes a client of Amazon S3, whose calls are in no log that is looked at."""
    clients: list[BaseClient]

    def close(self) -> None:
        """Give up the connections."""
        for client in self.clients:
            client.close()


def connect(
    source: AwsSource, test: AwsSelftest, outside: Outside, external_id: str, calls: list[Call] | None = None
) -> Access:
    """Log in as the estate says, and find the ARNs of the keys. Raises CallError, RefusedError, CannotRunError.

    ``calls``: where every call is kept.
    """
    hub = ProvingHub(source, ALLOWED)
    region = _region(source, test) or hub.default_region()
    role, principal = _log_in(hub, test, region, external_id)
    guard = KeyGuard({name for name in (test.key, test.second_key) if name})
    made: list[Call] = [] if calls is None else calls
    clients: list[BaseClient] = []

    def line(maker: ProvingHub, as_role: str, service: str, record: list[Call], *, logged: bool = True) -> Line:
        client = maker.client(as_role, region, service)
        clients.append(client)
        if service == "kms":
            guard.watch(client)
        return Line(client=client, outside=outside, calls=record, logged=logged)

    keys = AwsKeys(line(hub, role, "kms", made))
    key = keys.describe(test.key).key_id
    second = keys.describe(test.second_key).key_id if test.second_key else ""
    if second == key:
        raise CannotRunError("`second_key` is the same key as `key`: name another", GapReason.NOT_ALLOWED)
    guard.used |= {key, second} - {""}
    guard.changed |= {name for one in guard.used for name in (one, _id(one))} if test.canary else set()

    @cache
    def stranger() -> AwsKeys:
        other = ProvingHub(replace(source, profile=test.stranger_profile, role_chain=()), ALLOWED)
        try:
            account, who = _identity(other, "", region)
        except CallError as error:
            raise CannotRunError(f"`stranger_profile` cannot log in: {error}", error.reason) from error
        if who == principal:
            raise CannotRunError("`stranger_profile` is the scan's own principal: name another", GapReason.NOT_ALLOWED)
        return AwsKeys(line(other, "", "kms", made, logged=account == key.split(":")[4]))

    return Access(
        keys=keys,
        principal=principal,
        key=key,
        second_key=second,
        lifecycle=AwsLifecycle(keys),
        audit=AwsAudit(line(hub, role, "cloudtrail", [])),
        stranger=stranger if test.stranger_profile else None,
        objects=lambda: line(hub, role, "s3", made, logged=False),
        clients=clients,
    )


def _region(source: AwsSource, test: AwsSelftest) -> str:
    """Return the region of the keys: as the estate says, or as the ARN does, or the first of the source."""
    named = test.key.split(":")[3] if test.key.startswith("arn:") else ""
    first = source.regions[0] if source.regions and source.regions != ("all",) else ""
    return test.region or named or first


def _log_in(hub: ProvingHub, test: AwsSelftest, region: str, external_id: str) -> tuple[str, str]:
    """Assume the roles of the source, and of the key's account. Returns the last role, and who that is."""
    role, chain = "", hub.source.role_chain
    for number, target in enumerate(chain, 1):
        _assume(hub, role, target, region, external_id if number == len(chain) else "")
        role = target
    account, principal = _identity(hub, role, region)
    owner = test.key.split(":")[4] if test.key.startswith("arn:") else account
    if hub.source.organization_role and owner != account:
        target = f"arn:{principal.split(':')[1]}:iam::{owner}:role/{hub.source.organization_role}"
        _assume(hub, role, target, region, "")
        role, principal = target, _identity(hub, target, region)[1]
    return role, principal


def _assume(hub: ProvingHub, role: str, target: str, region: str, external_id: str) -> None:
    params: dict[str, Json] = {"RoleArn": target, "RoleSessionName": SESSION_NAME}
    if external_id:
        params["ExternalId"] = external_id
    with closing(hub.transport(role, region)) as transport:
        transport.send("sts:AssumeRole", params)


def _identity(hub: ProvingHub, role: str, region: str) -> tuple[str, str]:
    """Return account and ARN of a principal. Raises CallError."""
    with closing(hub.transport(role, region)) as transport:
        body = transport.send("sts:GetCallerIdentity", {}).body
    told = body if isinstance(body, dict) else {}
    account, principal = str(told.get("Account", "")), str(told.get("Arn", ""))
    if not account or principal.count(":") < 5:
        raise CallError(GapReason.MALFORMED, code="NoIdentity", detail="AWS does not tell who is asking")
    return account, principal
