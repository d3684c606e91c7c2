"""From the estate file's `selftest:` to what may be used; every name in it must be of a source that is there."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence

from scanner.errors import ConfigError
from scanner.estate.clouds import OfAzure, OfGcp
from scanner.estate.forms import secret_ref
from scanner.estate.proving import OfAws, OfPkcs11, OfPostgres, OfS3, Selftest
from scanner.model.estate import (
    AwsSelftest,
    AzureSelftest,
    GcpSelftest,
    Pkcs11Selftest,
    PostgresSelftest,
    S3Selftest,
    Selftests,
)
from scanner.yamlfile import Document, Path_

_Entry = OfAws | OfAzure | OfGcp | OfPkcs11 | OfPostgres | OfS3


def selftests(document: Document, given: Selftest | None, names: dict[str, Collection[str]]) -> Selftests:
    """Return what self-tests may use. ``names``: kind to names of its sources. Raises ConfigError with its place."""
    if given is None:
        return Selftests()
    _check(document, given, names)
    return Selftests(
        declined=not any(getattr(given, kind) for kind in Selftest.model_fields),
        aws=tuple(map(_aws, given.aws)),
        azure=tuple(map(_azure, given.azure)),
        gcp=tuple(map(_gcp, given.gcp)),
        pkcs11=tuple(Pkcs11Selftest(source=one.source, key=one.key, canary=one.canary) for one in given.pkcs11),
        postgres=tuple(map(_postgres, given.postgres)),
        s3=tuple(map(_s3, given.s3)),
    )


def _check(document: Document, given: Selftest, names: dict[str, Collection[str]]) -> None:
    wrapping = [one.source for one in given.aws]
    for kind in Selftest.model_fields:
        entries: Sequence[_Entry] = getattr(given, kind)
        seen: set[tuple[str, str]] = set()
        for i, entry in enumerate(entries):
            path: Path_ = ("selftest", kind, i, "source")
            known, where = (wrapping, "`selftest: aws:`") if kind == "s3" else (names[kind], f"`sources: {kind}:`")
            _known(document, path, entry.source, known, where)
            what = (entry.source, _of(entry))
            if what in seen:
                raise ConfigError(
                    f"selftest.{kind}: {' '.join(what).strip()} is given twice",
                    place=document.place(path),
                    hint="remove one of them",
                )
            seen.add(what)
    for i, database in enumerate(given.postgres):
        _known(document, ("selftest", "postgres", i, "keys"), database.keys, wrapping, "`selftest: aws:`")


def _aws(one: OfAws) -> AwsSelftest:
    return AwsSelftest(
        source=one.source,
        key=one.key,
        second_key=one.second_key or "",
        region=one.region or "",
        canary=one.canary,
        stranger_profile=one.stranger_profile or "",
        audit_wait=one.audit_wait,
    )


def _azure(one: OfAzure) -> AzureSelftest:
    return AzureSelftest(
        source=one.source,
        vault=one.vault,
        key=one.key,
        second_key=one.second_key or "",
        managed_hsm=one.managed_hsm,
        canary=one.canary,
    )


def _gcp(one: OfGcp) -> GcpSelftest:
    return GcpSelftest(source=one.source, key=one.key, second_key=one.second_key or "", canary=one.canary)


def _postgres(one: OfPostgres) -> PostgresSelftest:
    return PostgresSelftest(
        source=one.source,
        keys=one.keys,
        dsn=secret_ref(one.dsn) if one.dsn else None,
        schema=one.schema_,
        canary=one.canary,
    )


def _s3(one: OfS3) -> S3Selftest:
    canaries = tuple(one.canaries.items())
    return S3Selftest(source=one.source, bucket=one.bucket, canaries=canaries, objects=one.objects)


def _of(entry: _Entry) -> str:
    """Return what an entry is about, beside its source."""
    if isinstance(entry, OfS3):
        return entry.bucket
    if isinstance(entry, OfAzure):
        return f"{entry.vault}/{entry.key}"
    return "" if isinstance(entry, OfPostgres) else entry.key


def _known(document: Document, path: Path_, name: str, known: Collection[str], where: str) -> None:
    if name in known:
        return
    close = difflib.get_close_matches(name, sorted(known), n=1)
    there = f"there are: {', '.join(sorted(known))}" if known else "there is none"
    raise ConfigError(
        f"{'.'.join(str(part) for part in path if isinstance(part, str))}: no entry of {where} is called {name!r}",
        place=document.place(path),
        hint=f"did you mean {close[0]}?" if close else there,
    )
