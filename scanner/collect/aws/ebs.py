"""Amazon EBS: whether new volumes of a region are encrypted, and under which key."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.collect.aws.checks import holds
from scanner.collect.aws.stores import KEYED, TAGGED, feeds, place_of
from scanner.collect.interface import Asking, Unit
from scanner.model.operation import Operation

NAME = "aws.ebs"
DEFAULT = "ec2:GetEbsEncryptionByDefault"
KEY = "ec2:GetEbsDefaultKmsKeyId"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=DEFAULT,
        permissions=(DEFAULT,),
        feeds=(
            *feeds("*", "name", "copy_of", "encrypted", "provider_encryption", "customer_key_possible"),
            *KEYED,
            *TAGGED,
        ),
        purpose="whether new volumes are encrypted",
    ),
    Operation(name=KEY, permissions=(KEY,), feeds=KEYED, needs=(DEFAULT,), purpose="under which key"),
)


def subject(account: str, region: str) -> str:
    """Return the identifier of what is no resource of AWS but a setting of an account and region."""
    return f"aws:{account}:{region}:ebs-default"


def collect(asking: Asking) -> Iterator[Unit]:
    """Read the defaults of one account and region. Yields no further units."""
    place = place_of(asking)
    about = subject(place.account, place.region)
    asking.call(DEFAULT, {}, subject=about, check=holds("EbsEncryptionByDefault", bool))
    asking.call(KEY, {}, subject=about, check=holds("KmsKeyId", str))
    yield from ()
