"""What there is to be tested, in one list: our own module, and what the estate names under `selftest:`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scanner.collect.ask import Outside
from scanner.collect.interface import Unit
from scanner.model.estate import (
    AwsSelftest,
    AzureSelftest,
    Estate,
    GcpSelftest,
    GcpSource,
    Pkcs11Selftest,
    Pkcs11Source,
    PostgresSelftest,
    PostgresSource,
    S3Selftest,
    SecretRef,
)
from scanner.model.layout import EncryptedTable
from scanner.selftest.bench import SETTLE_HERE_SECONDS, SETTLE_SECONDS, Bench
from scanner.selftest.interface import Call, CannotRunError, KeyLifecycle
from scanner.selftest.kms import kms_tests
from scanner.selftest.noted import no_stranger, noted
from scanner.selftest.record import of_family
from scanner.selftest.units import Connect, Job, Rig, Station, chain

if TYPE_CHECKING:
    from scanner.selftest.aws import Access
    from scanner.selftest.azure import Access as AzureAccess
    from scanner.selftest.gcp import Access as GcpAccess
    from scanner.selftest.hsm_token import RealToken

OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What self-tests take beside the estate."""

    outside: Outside
    resolve: Callable[[SecretRef], str]
    """Gives the value of a secret."""


def units(estate: Estate, wanted: frozenset[str], means: Means, only: frozenset[str] = frozenset()) -> Iterator[Unit]:
    """Yield the first unit of the self-tests that are wanted; each yields the next.

    ``only``: names of the sources to test; empty: all.
    """
    chosen = [
        job
        for job in jobs(estate, means)
        if (not only or job.source in {*only, OWN}) and any(e.operation in wanted for e in of_family(job.family))
    ]
    yield from chain(chosen, means.outside)


def jobs(estate: Estate, means: Means) -> Iterator[Job]:
    """Yield what is to be tested, in order: our own module first, for the rest computes with it."""
    yield Job(source=OWN, target=OWN, family="own", connect=_own)
    yield from _kms_jobs(estate, means)
    yield from _azure_jobs(estate, means)
    yield from _gcp_jobs(estate, means)
    yield from _hsm_jobs(estate, means)
    yield from _database_jobs(estate, means)
    for test in estate.selftests.s3:
        yield Job(source=test.source, target=test.bucket, family="data", connect=_bucket(estate, test, means))


def _nothing(estate: Estate, source: str, family: str, entry: str) -> Job:
    """Return the job of a source that the estate names nothing of: on purpose, or with what to add."""
    lacks = "" if estate.selftests.declined else f"selftest: {entry}"
    return Job(source=source, target="", family=family, connect=None, lacks=lacks)


def _own(_: Station) -> Rig:
    from scanner.selftest.own import own_tests

    return Rig(provider=OWN, target=OWN, tests=own_tests(None), calls=tuple, close=lambda: None)


def _kms_jobs(estate: Estate, means: Means) -> Iterator[Job]:
    for test in estate.selftests.aws:
        yield Job(source=test.source, target=test.key, family="kms", connect=_key(estate, test, means))
    tested = {test.source for test in estate.selftests.aws}
    for source in estate.aws:
        if source.name not in tested:
            yield _nothing(estate, source.name, "kms", f"{{aws: [{{source: {source.name}, key: ALIAS-OR-ARN}}]}}")


def _key(estate: Estate, test: AwsSelftest, means: Means) -> Connect:
    def connect(station: Station) -> Rig:
        access = _access(estate, test, means, [])
        bench = Bench(
            service=access.keys,
            key=access.key,
            second_key=access.second_key,
            canary=test.canary,
            lifecycle=access.lifecycle,
            stranger=access.stranger,
            audit=access.audit,
            audit_wait=test.audit_wait,
            settle=_settles(estate, test.source),
            earlier=lambda: tuple(station.earlier),
            wait=means.outside.wait,
            monotonic=means.outside.monotonic,
        )
        return Rig(
            provider=access.keys.provider,
            target=access.key,
            principal=access.principal,
            tests=kms_tests(bench),
            calls=lambda: access.keys.calls,
            close=access.close,
        )

    return connect


def _settles(estate: Estate, name: str) -> float:
    """Return for how long a change of a key's state is waited for, in seconds."""
    from scanner.collect.aws.transport import is_loopback

    source = next(one for one in estate.aws if one.name == name)
    host = urlsplit(source.endpoint_url).hostname or ""
    return SETTLE_HERE_SECONDS if is_loopback(host) else SETTLE_SECONDS


def _access(estate: Estate, test: AwsSelftest, means: Means, calls: list[Call]) -> Access:
    from scanner.selftest import aws

    source = next(one for one in estate.aws if one.name == test.source)
    external_id = means.resolve(source.external_id) if source.external_id else ""
    return aws.connect(source, test, means.outside, external_id, calls)


def _azure_jobs(estate: Estate, means: Means) -> Iterator[Job]:
    for test in estate.selftests.azure:
        yield Job(
            source=test.source, target=f"{test.vault}/{test.key}", family="kms", connect=_vault(estate, test, means)
        )
    tested = {test.source for test in estate.selftests.azure}
    for source in estate.azure:
        if source.name not in tested:
            yield _nothing(
                estate, source.name, "kms", f"{{azure: [{{source: {source.name}, vault: VAULT, key: KEY}}]}}"
            )


def _vault(estate: Estate, test: AzureSelftest, means: Means) -> Connect:
    def connect(station: Station) -> Rig:
        try:
            from scanner.selftest import azure
        except ModuleNotFoundError as error:
            raise CannotRunError(f'{error.name} is not installed: pip install "keyaudit[azure]"') from error

        source = next(one for one in estate.azure if one.name == test.source)
        access = azure.connect(source, test, means.outside)
        # A proxy on this machine is no sign of a simulator behind it.
        return _cloud_rig(access, access.lifecycle if test.canary else None, station, means, SETTLE_SECONDS)

    return connect


def _gcp_jobs(estate: Estate, means: Means) -> Iterator[Job]:
    for test in estate.selftests.gcp:
        yield Job(source=test.source, target=test.key, family="kms", connect=_google(estate, test, means))
    tested = {test.source for test in estate.selftests.gcp}
    for source in estate.gcp:
        if source.name not in tested:
            key = "projects/P/locations/L/keyRings/R/cryptoKeys/K"
            yield _nothing(estate, source.name, "kms", f"{{gcp: [{{source: {source.name}, key: {key}}}]}}")


def _google(estate: Estate, test: GcpSelftest, means: Means) -> Connect:
    def connect(station: Station) -> Rig:
        from scanner.selftest import gcp

        source = next(one for one in estate.gcp if one.name == test.source)
        access = gcp.connect(source, test, means.outside)
        return _cloud_rig(access, access.lifecycle if test.canary else None, station, means, _settles_there(source))

    return connect


def _settles_there(source: GcpSource) -> float:
    # Plain HTTP goes to this machine alone: to a simulator, which has nobody to tell.
    return SETTLE_HERE_SECONDS if urlsplit(source.endpoint_url).scheme == "http" else SETTLE_SECONDS


def _cloud_rig(
    access: AzureAccess | GcpAccess, lifecycle: KeyLifecycle | None, station: Station, means: Means, settle: float
) -> Rig:
    """Return the tests of a key of a cloud that neither a stranger's login nor the audit log is known of."""
    bench = Bench(
        service=access.keys,
        key=access.key,
        second_key=access.second_key,
        canary=lifecycle is not None,
        lifecycle=lifecycle,
        stranger=no_stranger,
        settle=settle,
        earlier=lambda: tuple(station.earlier),
        wait=means.outside.wait,
        monotonic=means.outside.monotonic,
    )
    return Rig(
        provider=access.keys.provider,
        target=access.key,
        principal=access.principal,
        tests=noted(access.keys.provider, kms_tests(bench)),
        calls=lambda: access.keys.calls,
        close=access.close,
    )


def _hsm_jobs(estate: Estate, means: Means) -> Iterator[Job]:
    for test in estate.selftests.pkcs11:
        source = next(one for one in estate.pkcs11 if one.name == test.source)
        yield Job(source=test.source, target=test.key, family="hsm", connect=_root(source, test, means))
    tested = {test.source for test in estate.selftests.pkcs11}
    for source in estate.pkcs11:
        if source.name not in tested:
            yield _nothing(estate, source.name, "hsm", f"{{pkcs11: [{{source: {source.name}, key: LABEL}}]}}")


def open_token(source: Pkcs11Source, pin: str | None, now: Callable[[], datetime]) -> RealToken:
    """Return a real token. Raises CannotRunError without python-pkcs11, without a PIN, or where the token is not there.

    It is held until its ``close``: no other session of this process may be logged in to it meanwhile.
    """
    try:
        from scanner.selftest.hsm_token import RealToken
    except ModuleNotFoundError as error:
        raise CannotRunError(f'{error.name} is not installed: pip install "keyaudit[hsm]"') from error
    return RealToken(source, pin, now)


def _root(source: Pkcs11Source, test: Pkcs11Selftest, means: Means) -> Connect:
    def connect(_: Station) -> Rig:
        from scanner.selftest.hsm import hsm_tests

        token = open_token(source, means.resolve(source.pin) if source.pin else None, means.outside.now)
        with ExitStack() as stack:
            stack.callback(token.close)
            return Rig(
                provider="pkcs11",
                target=token.key_id(test.key),
                tests=hsm_tests(token, test.key, session_objects=test.canary),
                calls=lambda: token.calls,
                close=stack.pop_all().close,
            )

    return connect


def _database_jobs(estate: Estate, means: Means) -> Iterator[Job]:
    named = {test.source: test for test in estate.selftests.postgres}
    for source in estate.postgres:
        test = named.get(source.name)
        if test is None:
            for family in ("data", "drill"):
                yield _nothing(
                    estate, source.name, family, f"{{postgres: [{{source: {source.name}, keys: AWS-SOURCE}}]}}"
                )
            continue
        if source.layout is None:
            lacks = f"envelope: LAYOUT-FILE, to the source {source.name}"
            yield Job(source=source.name, target="", family="data", connect=None, lacks=lacks)
        for table in source.layout.tables if source.layout is not None else ():
            connect = _table(estate, source, test, table, means)
            yield Job(source=source.name, target=str(table.table), family="data", connect=connect)
        yield Job(source=source.name, target=test.schema, family="drill", connect=_scratch(estate, test, means))


def _accesses(
    estate: Estate, keys: str, means: Means, calls: list[Call], stack: ExitStack
) -> list[tuple[AwsSelftest, Access]]:
    """Connect the keys that the estate names for self-tests of an AWS source."""
    found = []
    for key in estate.selftests.aws:
        if key.source == keys:
            access = _access(estate, key, means, calls)
            stack.callback(access.close)
            found.append((key, access))
    return found


def _table(
    estate: Estate, source: PostgresSource, test: PostgresSelftest, table: EncryptedTable, means: Means
) -> Connect:
    def connect(_: Station) -> Rig:
        from scanner.selftest.data import store_tests
        from scanner.selftest.database import connector
        from scanner.selftest.named import NamedKeys

        calls: list[Call] = []
        with ExitStack() as stack:
            service = NamedKeys(_accesses(estate, test.keys, means, calls, stack), calls)
            target, tests = store_tests(source, table, connector(means.resolve(source.dsn)), service)
            close = stack.pop_all().close
        return Rig(provider="postgres", target=target, tests=tests, calls=lambda: calls, close=close)

    return connect


def _scratch(estate: Estate, test: PostgresSelftest, means: Means) -> Connect:
    def connect(_: Station) -> Rig:
        from scanner.selftest.data import Wrapping, scratch_tests
        from scanner.selftest.database import connector

        calls: list[Call] = []
        with ExitStack() as stack:
            # The first key that may be changed, else the first: the estate names at least one.
            found = _accesses(estate, test.keys, means, calls, stack)
            key, access = next((one for one in found if one[0].canary), found[0])
            wrapping = Wrapping(
                service=access.keys,
                key=access.key,
                second_key=access.second_key,
                lifecycle=access.lifecycle if key.canary else None,
            )
            opens = connector(means.resolve(test.dsn)) if test.dsn else None
            target, tests = scratch_tests(test, opens, wrapping, means.outside.wait)
            close = stack.pop_all().close
        return Rig(provider="postgres", target=target, tests=tests, calls=lambda: calls, close=close)

    return connect


__all__ = ["OWN", "Means", "jobs", "units"]


def _bucket(estate: Estate, test: S3Selftest, means: Means) -> Connect:
    def connect(_: Station) -> Rig:
        from scanner.selftest.datapath import data_path_tests
        from scanner.selftest.named import NamedKeys
        from scanner.selftest.objects import object_path

        calls: list[Call] = []
        with ExitStack() as stack:
            accesses = _accesses(estate, test.source, means, calls, stack)
            partition = accesses[0][1].key.split(":")[1]
            path = object_path(test, accesses[0][1].objects(), NamedKeys(accesses, calls), partition)
            close = stack.pop_all().close
        return Rig(
            provider="aws",
            target=path.store_id,
            tests=data_path_tests(path),
            calls=lambda: calls,
            close=close,
        )

    return connect
