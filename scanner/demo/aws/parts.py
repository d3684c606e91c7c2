"""The parts of the simulated AWS: which one answers a request, and what puts a whole world into moto."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scanner.demo.aws import audit, bedrock, cloudhsm, crypto, keys, people, seeding, stores
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.request import Recorded
from scanner.demo.world import Key, World

Json = dict[str, Any]


@dataclass(slots=True)
class Parts:
    """Everything that a world holds at one instant."""

    world: World
    now: datetime
    _keys: dict[tuple[str, str, str], Key] = field(default_factory=dict)
    _arns: dict[str, str] = field(default_factory=dict)
    _events: audit.Events = field(default_factory=dict)
    calls: crypto.Calls = field(default_factory=crypto.Calls)
    """Calls of AWS KMS, as the audit log tells them."""

    def __post_init__(self) -> None:
        self._keys = {(key.account, key.region, key.id): key for key in self.world.keys}
        self._arns = {key.alias: key.arn for key in self.world.keys}

    def seed(self) -> None:
        """Put the world into moto, which is emptied first."""
        seeding.seed(self.world, self.now)
        stores.seed(self.world.data, self.now, self._arn)
        regions = sorted({key.region for key in self.world.keys})
        places = [(account.id, region) for account in self.world.accounts for region in regions]
        audit.seed(self.world.audit, self.now, places)
        people.seed(self.world.people)

    def answer(self, request: Recorded) -> Json | None:
        """Return the answer to a request, or None for what moto answers."""
        world, now = self.world, self.now
        if request.service in {"kms", "organizations", "sts"}:
            made = crypto.answer(request)
            return keys.answer(world, request, self._key(request), now) if made is None else made
        if request.service == "cloudtrail" or request.operation == "s3:GetObject":
            told = audit.answer(world.audit, request, now, world.keys, self._events)
            if told is not None and request.operation == "cloudtrail:LookupEvents":
                told["Events"] = [*self.calls.matching(request), *told["Events"]]
            return told
        if request.service in {"iam", "accessanalyzer"}:
            return people.answer(world.people, request, now, self._arn)
        if request.service in {"bedrock", "bedrock-agent"}:
            return bedrock.answer(world.bedrock, request, now, self._arn)
        if request.service == "cloudhsmv2":
            return cloudhsm.answer(world.hsm, request, now)
        return stores.answer(world.data, request, now, self._arn)

    def amend(self, request: Recorded, answered: Json) -> Json:
        """Return moto's answer of AWS KMS as AWS gives it."""
        key = self._key(request)
        amended = keys.amend(self.world, request, key, self.now, answered)
        if request.operation == "kms:DescribeKey" and key is not None and (made := crypto.rotations(request)):
            material = seeding.material_id(key, len(key.rotated_days_ago) + made)
            amended["KeyMetadata"]["CurrentKeyMaterialId"] = material
        return amended

    def denials(self) -> Iterator[Fault]:
        """Yield what the world does not let anybody read."""
        for key in self.world.keys:
            yield from (Fault("deny", operation, subject=key.arn) for operation in key.denied)
        for operation, text, account, region in self.world.data.denials():
            yield Fault("deny", operation, subject=text, account=account, region=region)
        for operation, text in self.world.bedrock.denials():
            yield Fault("deny", operation, subject=text)
        for denied in self.world.denied:
            yield Fault("deny", denied.operation, subject=denied.subject, account=denied.account, region=denied.region)

    def _key(self, request: Recorded) -> Key | None:
        identity = str(request.params.get("KeyId", "")).rpartition("/")[2]
        return self._keys.get((request.account, request.region, identity))

    def _arn(self, alias: str) -> str:
        return self._arns[alias]
