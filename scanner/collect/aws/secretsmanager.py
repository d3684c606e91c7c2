"""AWS Secrets Manager: which secrets there are, their keys and rotation. Never a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.collect.aws.checks import lists
from scanner.collect.aws.regions import NOT_OFFERED
from scanner.collect.aws.stores import KEYED, TAGGED, feeds
from scanner.collect.interface import Asking, Paging, Unit
from scanner.model.operation import Operation

NAME = "aws.secretsmanager"
PAGING = Paging(answer="NextToken", parameter="NextToken")
SECRETS = "secretsmanager:ListSecrets"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=SECRETS,
        permissions=(SECRETS,),
        feeds=(
            *feeds("*", "name", "created_at", "copy_of", "encrypted", "provider_encryption", "customer_key_possible"),
            *feeds("rotation_enabled", "ever_rotated", "last_rotated_at"),
            *KEYED,
            *TAGGED,
        ),
        purpose="the population of secrets, without their values",
    ),
)

DROP: Mapping[str, tuple[str, ...]] = {
    SECRETS: (
        "/SecretList/*/Description",
        "/SecretList/*/ExternalSecretRotationMetadata",
        "/SecretList/*/SecretVersionsToStages",
    )
}
"""Operation to the members of its answers that are never kept: people write passwords into descriptions."""


def collect(asking: Asking) -> Iterator[Unit]:
    """List the secrets of one account and region; those that are about to be deleted are not listed."""
    for _ in asking.pages(SECRETS, {"MaxResults": 100}, PAGING, known=(NOT_OFFERED,), check=lists("SecretList", "ARN")):
        pass
    yield from ()
