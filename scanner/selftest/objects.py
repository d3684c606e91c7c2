"""The data path of objects: messages of the AWS Encryption SDK of made-up tenants, read from a bucket of Amazon S3.

The tests are those of rows (:mod:`scanner.selftest.datapath`); each message names and carries its own data key. Nothing
outside the prefixes that the estate names is listed or read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scanner.collect.interface import ForbiddenOperationError
from scanner.model.estate import S3Selftest
from scanner.model.layout import EncryptedColumn, EncryptedTable, EnvelopeFormat, KeyTable, Layout, TableName
from scanner.model.observation import GapReason
from scanner.selftest.datapath import DataPath
from scanner.selftest.interface import CannotRunError, RefusedError
from scanner.selftest.values import Canaries, Value

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from psycopg import Connection

    from scanner.selftest.aws_line import Line
    from scanner.selftest.interface import KeyService

LIST = "s3:ListObjectsV2"
GET = "s3:GetObject"
MOST_BYTES = 1_048_576
"""Bytes of a made-up object: it is opened in memory, and once for each bit that is changed."""
_OBJECT = EncryptedColumn(name="object", format=EnvelopeFormat.AWS_ENCRYPTION_SDK, ciphertext="object")


@dataclass(slots=True, kw_only=True)
class Prefixes:
    """The parts of a bucket that the estate names: calls for any other are refused before anything leaves."""

    bucket: str
    prefixes: tuple[str, ...]

    def watch(self, line: Line) -> None:
        """Hold a client to them."""
        line.client.meta.events.register_first(
            "before-parameter-build.s3", self._refuse, unique_id="keyaudit-canary-objects"
        )

    def _refuse(self, params: Mapping[str, Any], model: OperationModel, **_: object) -> None:
        place = str(params.get("Prefix") or params.get("Key") or "")
        if params.get("Bucket") != self.bucket or not place.startswith(self.prefixes):
            raise ForbiddenOperationError(f"s3:{model.name} for objects that the estate does not name for self-tests")


def _nowhere() -> Connection[Any]:
    raise AssertionError("objects are in no database")


@dataclass(slots=True, kw_only=True)
class ObjectPath(DataPath):
    """The made-up objects of a bucket, and what opens them."""

    test: S3Selftest
    line: Line = field(repr=False)
    partition: str
    """Of the bucket's ARN, `aws`."""

    @property
    def store_id(self) -> str:
        """Return what facts call the bucket."""
        return f"arn:{self.partition}:s3:::{self.test.bucket}"

    def canaries(self) -> Canaries:
        """Return the objects, read once. Raises CannotRunError."""
        if self._read is None:
            try:
                values = tuple(self._values())
            except RefusedError as error:
                words = f"the objects of {self.test.bucket} could not be read: {error}"
                raise CannotRunError(words, GapReason.DENIED) from error
            self._read = Canaries(values=values, population=len(values), data_keys={}, counts={})
        return self._read

    def _values(self) -> Iterator[Value]:
        for tenant, prefix in self.test.canaries:
            listed = self.line.call(LIST, {"Bucket": self.test.bucket, "Prefix": prefix, "MaxKeys": self.test.objects})
            objects = [one for one in listed.get("Contents", []) if 0 < one["Size"] <= MOST_BYTES]
            if not objects:
                words = (
                    f"{self.test.bucket} has no object under {prefix} of at most {MOST_BYTES} bytes: add a made-up one"
                )
                raise CannotRunError(words)
            for one in objects:
                yield self._value(tenant, str(one["Key"]))

    def _value(self, tenant: str, key: str) -> Value:
        answer = self.line.call(GET, {"Bucket": self.test.bucket, "Key": key})
        with answer["Body"] as body:
            message = body.read(MOST_BYTES)
        row = {"tenant": tenant, "object": key}
        return Value(column=_OBJECT, row=row, row_id=key, tenant=tenant, ciphertext=message, nonce=None, data_key="")


def object_path(test: S3Selftest, line: Line, service: KeyService, partition: str) -> ObjectPath:
    """Return the data path of the objects that a self-test may open, through a client that is held to them."""
    Prefixes(bucket=test.bucket, prefixes=tuple(prefix for _, prefix in test.canaries)).watch(line)
    table = EncryptedTable(table=TableName("s3", test.bucket), id="object", tenant="tenant", columns=(_OBJECT,))
    # Messages carry their data keys: there is no registry.
    none = KeyTable(table=TableName("s3", "none"), id="", tenant="", wrapped="", key="", created="")
    layout = Layout(keys=none, tables=(table,), canary_tenants=tuple(tenant for tenant, _ in test.canaries))
    return ObjectPath(
        source=test.source,
        layout=layout,
        table=table,
        connect=_nowhere,
        service=service,
        test=test,
        line=line,
        partition=partition,
    )
