"""From the estate file to an :class:`~scanner.model.estate.Estate`. Every error names file and line."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Collection
from pathlib import Path

from scanner.errors import ConfigError
from scanner.estate.schema import Aws, EstateFile, Secret
from scanner.estate.secrets import refuse_plain_secrets
from scanner.model.estate import AwsSource, Estate, SecretRef
from scanner.model.ids import Digest
from scanner.yamlfile import Document, load, validate


def load_estate(path: Path) -> Estate:
    """Read an estate file. Raises ConfigError with file and line."""
    document = load(path)
    refuse_plain_secrets(document)
    data = validate(document, EstateFile)
    return Estate(
        organization=data.organization,
        aws=tuple(_aws(source) for source in data.sources.aws),
        policy={name: list(v) if isinstance(v, list) else v for name, v in data.policy.items()},
        path=str(path),
        digest=Digest(f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"),
    )


def _aws(given: Aws) -> AwsSource:
    return AwsSource(
        name=given.name,
        profile=given.profile or "",
        role_chain=tuple(given.role_chain) or ((given.role_arn,) if given.role_arn else ()),
        external_id=_secret(given.external_id) if given.external_id else None,
        organization_role=given.organization.role if given.organization else "",
        accounts=tuple(given.organization.accounts) if given.organization else (),
        regions=("all",) if given.regions == "all" else tuple(given.regions),
        endpoint_url=given.endpoint_url or "",
        insecure=given.insecure,
        ca_bundle=given.ca_bundle or "",
        concurrency=given.concurrency,
        time_limit=given.time_limit,
    )


def _secret(given: Secret) -> SecretRef:
    if given.env is not None:
        return SecretRef("env", given.env)
    if given.file is not None:
        return SecretRef("file", given.file)
    return SecretRef("keyring", given.keyring or "")


def check_policy(path: Path, known: Collection[str]) -> None:
    """Check that every threshold of the estate's policy is a parameter of some control. Raises ConfigError."""
    document: Document = load(path)
    policy = document.data.get("policy") if isinstance(document.data, dict) else None
    for name in policy if isinstance(policy, dict) else ():
        if name not in known:
            close = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(sorted(known))}"
            raise ConfigError(f"no control has a threshold {name!r}", place=document.place(("policy", name)), hint=hint)
