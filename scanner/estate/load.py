"""From the estate file to an :class:`~scanner.model.estate.Estate`. Every error names file and line."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from scanner.errors import ConfigError, KeyauditError, Place
from scanner.estate.agreements import kept_name
from scanner.estate.clouds import Azure, Gcp
from scanner.estate.endpoints import Endpoint, endpoint_source
from scanner.estate.exceptions import REGISTERS
from scanner.estate.forms import Secret, secret_ref
from scanner.estate.layout import parse_layout
from scanner.estate.leaks import leak_source
from scanner.estate.load_selftests import selftests
from scanner.estate.profiles import profiles_of
from scanner.estate.proving import Pkcs11, Postgres
from scanner.estate.schema import Aws, EstateFile, Store
from scanner.estate.secrets import refuse_plain_secrets
from scanner.estate.vendors import vendor_source
from scanner.model.estate import (
    AwsSource,
    AzureSource,
    DeclaredEdge,
    DeclaredStore,
    Estate,
    GcpSource,
    Pkcs11Source,
    PostgresSource,
    Register,
    SecretRef,
)
from scanner.model.ids import Digest, Json
from scanner.yamlfile import Document, Path_, parse, read, validate


@dataclass(frozen=True, slots=True)
class Placed:
    """Something that the file names and that must be there, with the source that needs it."""

    source: str
    place: Place
    secret: SecretRef | None = None
    file: str = ""


@dataclass(frozen=True, slots=True)
class EstateText:
    """An estate with the bytes it was read from and where things stand in them."""

    estate: Estate
    raw: bytes
    document: Document
    needs: tuple[Placed, ...]
    layouts: Mapping[str, bytes]
    """Bytes of the layout files, by the name of the source, and of the registers, by :func:`kept_name`."""


def load_estate(path: Path, layouts: Path | None = None) -> Estate:
    """Read an estate file, and its layout files from ``layouts`` if given. Raises ConfigError with file and line."""
    return read_estate(path, layouts).estate


def read_estate(path: Path, layouts: Path | None = None) -> EstateText:
    """Read an estate file once, so that what is checked, digested and kept is the same. Raises ConfigError.

    ``layouts`` is a folder with `SOURCE.yaml` of each source that has a layout, and with the registers: those that a
    scan began with.
    """
    return parse_estate(read(path), str(path), layouts)


def parse_estate(raw: bytes, name: str, layouts: Path | None = None) -> EstateText:
    """Understand the bytes of an estate file called ``name``. Raises ConfigError with file and line."""
    document = parse(raw, name)
    refuse_plain_secrets(document, raw)
    if document.data is None:
        raise ConfigError("the file is empty", place=Place(name), hint="`keyaudit init` writes one")
    data = validate(document, EstateFile)
    texts = {
        source.name: (path, _read_layout(document, i, path))
        for i, source in enumerate(data.sources.postgres)
        if source.envelope
        for path in [layouts / f"{source.name}.yaml" if layouts else Path(name).parent / source.envelope]
    }
    registers = {name: _read_register(document, name, layouts) for name in REGISTERS if getattr(data, name)}
    estate = Estate(
        organization=data.organization,
        aws=tuple(_aws(source) for source in data.sources.aws),
        azure=tuple(_azure(source) for source in data.sources.azure),
        gcp=tuple(_gcp(source) for source in data.sources.gcp),
        pkcs11=tuple(_pkcs11(source) for source in data.sources.pkcs11),
        postgres=tuple(_postgres(source, texts.get(source.name)) for source in data.sources.postgres),
        leaks=tuple(leak_source(source) for source in data.sources.leaks),
        endpoints=tuple(endpoint_source(source) for source in data.sources.endpoints),
        salt=secret_ref(data.salt) if data.salt else None,
        vendors=tuple(vendor_source(source) for source in data.sources.vendors),
        hierarchy=tuple(DeclaredEdge(child=edge.child, parent=edge.parent) for edge in data.hierarchy),
        selftests=selftests(
            document,
            data.selftest,
            {kind: {one.name for one in getattr(data.sources, kind)} for kind in type(data.sources).model_fields},
        ),
        agreements=_register("agreements", registers, layouts),
        documents=_register("documents", registers, layouts),
        waivers=_register("waivers", registers, layouts),
        alternatives=_register("alternatives", registers, layouts),
        certificates=data.certificates or "",
        stores=tuple(_store(given) for given in data.stores),
        profiles=profiles_of(data.profiles, Path(name).parent),
        policy={name: list(v) if isinstance(v, list) else v for name, v in data.policy.items()},
        path=name,
        digest=Digest(f"sha256:{hashlib.sha256(raw).hexdigest()}"),
    )
    kept = {source: text for source, (_, text) in texts.items()}
    kept |= {kept_name(name): text for name, (_, text) in registers.items()}
    return EstateText(estate, raw, document, tuple(_needs(document, data)), kept)


def _read_layout(document: Document, place: int, path: Path) -> bytes:
    if not path.is_file():
        where = document.place(("sources", "postgres", place, "envelope"))
        raise ConfigError(f"there is no file {path}", place=where, hint="the path is taken from the estate's folder")
    return read(path)


def _read_register(document: Document, name: str, layouts: Path | None) -> tuple[Path, bytes]:
    given = document.data[name] if isinstance(document.data, dict) else None
    path = layouts / f"{kept_name(name)}.yaml" if layouts else Path(document.path).parent / str(given)
    if not path.is_file():
        hint = "the path is taken from the estate's folder"
        raise ConfigError(f"there is no file {path}", place=document.place((name,)), hint=hint)
    return path, read(path)


def _register(name: str, read_: Mapping[str, tuple[Path, bytes]], layouts: Path | None) -> Register | None:
    if name not in read_:
        return None
    path, raw = read_[name]
    return REGISTERS[name](raw, str(path), "" if layouts else str(path.parent))


def _azure(given: Azure) -> AzureSource:
    return AzureSource(
        name=given.name,
        subscriptions=tuple(given.subscriptions),
        tenant=given.tenant or "",
        cloud=given.cloud,
        proxy=given.proxy or "",
        ca_bundle=given.ca_bundle or "",
        concurrency=given.concurrency,
        time_limit=given.time_limit,
    )


def _gcp(given: Gcp) -> GcpSource:
    return GcpSource(
        name=given.name,
        projects=tuple(given.projects),
        locations=tuple(given.locations),
        endpoint_url=given.endpoint_url or "",
        concurrency=given.concurrency,
        time_limit=given.time_limit,
    )


def _pkcs11(given: Pkcs11) -> Pkcs11Source:
    return Pkcs11Source(
        name=given.name,
        module=given.module,
        token=given.token,
        pin=secret_ref(given.pin) if given.pin else None,
        time_limit=given.time_limit,
    )


def _postgres(given: Postgres, text: tuple[Path, bytes] | None) -> PostgresSource:
    return PostgresSource(
        name=given.name,
        dsn=secret_ref(given.dsn),
        layout=parse_layout(text[1], str(text[0])) if text else None,
        layout_digest=Digest(f"sha256:{hashlib.sha256(text[1]).hexdigest()}" if text else ""),
        layout_path=given.envelope or "",
        sample_rows=given.sample.rows if given.sample else None,
        statement_timeout=given.statement_timeout,
        time_limit=given.time_limit,
    )


def _aws(given: Aws) -> AwsSource:
    return AwsSource(
        name=given.name,
        profile=given.profile or "",
        role_chain=tuple(given.role_chain) or ((given.role_arn,) if given.role_arn else ()),
        external_id=secret_ref(given.external_id) if given.external_id else None,
        organization_role=given.organization.role if given.organization else "",
        accounts=tuple(given.organization.accounts) if given.organization else (),
        regions=("all",) if given.regions == "all" else tuple(given.regions),
        endpoint_url=given.endpoint_url or "",
        insecure=given.insecure,
        ca_bundle=given.ca_bundle or "",
        concurrency=given.concurrency,
        sample_objects=given.sample.objects if given.sample else None,
        sample_buckets=tuple(given.sample.buckets) if given.sample else (),
        time_limit=given.time_limit,
        verify_digests=given.verify_digests,
    )


def _store(given: Store) -> DeclaredStore:
    return DeclaredStore(match=given.match, ephi=given.ephi, sensitivity=tuple(sorted(given.sensitivity)) or None)


def _needs(document: Document, data: EstateFile) -> Iterator[Placed]:
    for kind in type(data.sources).model_fields:
        for i, source in enumerate(getattr(data.sources, kind)):
            for path, secret in _secrets(source, ("sources", kind, i)):
                yield Placed(source.name, document.place(path), secret=secret_ref(secret))
    for i, test in enumerate(data.selftest.postgres if data.selftest else ()):
        for path, secret in _secrets(test, ("selftest", "postgres", i)):
            yield Placed(test.source, document.place(path), secret=secret_ref(secret))
    yield from _salted(document, data)
    bundles: dict[str, Sequence[Aws | Azure | Endpoint]] = {
        "aws": data.sources.aws,
        "azure": data.sources.azure,
        "endpoints": data.sources.endpoints,
    }
    for kind, sources in bundles.items():
        for i, one in enumerate(sources):
            if one.ca_bundle:
                yield Placed(one.name, document.place(("sources", kind, i, "ca_bundle")), file=one.ca_bundle)


def _salted(document: Document, data: EstateFile) -> Iterator[Placed]:
    if data.salt is not None:
        place, salt = document.place(("salt",)), secret_ref(data.salt)
        yield from (Placed(source.name, place, secret=salt) for source in data.sources.leaks)


def _secrets(value: object, path: Path_) -> Iterator[tuple[Path_, Secret]]:
    if isinstance(value, Secret):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name), (*path, name))


def check_needs(text: EstateText, resolve: Callable[[SecretRef], str], only: Collection[str] = ()) -> None:
    """Check that every secret and file that the sources (``only``: these) refer to is there. Raises ConfigError."""
    for need in text.needs:
        if only and need.source not in only:
            continue
        if need.secret is not None:
            try:
                resolve(need.secret)
            except KeyauditError as error:
                raise ConfigError(str(error), place=need.place, hint=error.hint) from None
        elif not Path(need.file).is_file():
            raise ConfigError(f"there is no file {need.file}", place=need.place, hint="check the path")


def check_policy(text: EstateText, known: Mapping[str, Json]) -> None:
    """Check that every threshold of the policy is one of ``known`` and of its default's type. Raises ConfigError."""
    for name, value in text.estate.policy.items():
        place = text.document.place(("policy", name))
        if name not in known:
            close = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(sorted(known))}"
            raise ConfigError(f"no control has a threshold {name!r}", place=place, hint=hint)
        if _form(value) != _form(known[name]):
            message = f"policy.{name}: must be {_form(known[name])}, not {_form(value)}"
            raise ConfigError(message, place=place, hint=f"the default is {known[name]}")


def _form(value: Json) -> str:
    if isinstance(value, str):
        return "text"
    return "a list of text" if isinstance(value, list) else "a number"
