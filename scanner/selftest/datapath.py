"""Self-tests of the data path, ST-DAT-01 to 07: the encrypted values of one table, as the canary tenants have them.

Only rows of tenants whose data is made up are read, in read-only transactions, and opened in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import permutations

from scanner.envelope.detect import looks_plain
from scanner.envelope.rows import NONCE_BYTES, TAG_BYTES, OpenError
from scanner.model.ids import Json
from scanner.model.layout import EncryptedTable, Layout
from scanner.model.observation import GapReason
from scanner.selftest.database import Connect
from scanner.selftest.interface import CannotRunError, DeniedError, Edge, KeyService, Outcome, RefusedError, Test, wipe
from scanner.selftest.tamper import tampered_messages, tampered_rows, two_keys
from scanner.selftest.values import Canaries, Value, read

SAMPLE = 200
"""Rows of each canary tenant that are read."""
MOST_VALUES = 2**32
"""Invocations with one key, SP 800-38D 8.3: not more, where nonces of 96 bits are random."""
ALERT_VALUES = MOST_VALUES // 2
"""Values under one key from which the test fails, so that there is time to rotate: deleted and overwritten values,
which nobody can count, were invocations too."""
_CONTEXT = "the context"
_NAMED = 3
"""Failures that a detail names."""


@dataclass(slots=True, kw_only=True)
class DataPath:
    """One table of a database with envelopes, and what opens them."""

    source: str
    layout: Layout
    table: EncryptedTable
    connect: Connect = field(repr=False)
    service: KeyService
    sample: int = SAMPLE
    alert_values: int = ALERT_VALUES
    _read: Canaries | None = None

    @property
    def store_id(self) -> str:
        """Return what facts call the table: the target of these tests."""
        return f"postgres:{self.source}:{self.table.table}"

    def data_key_id(self, key_id: str) -> str:
        """Return what facts call a data key."""
        return f"postgres:{self.source}:{self.layout.keys.table}/{key_id}"

    def canaries(self) -> Canaries:
        """Return what was read of the canary tenants, read once. Raises CannotRunError."""
        if self._read is None:
            with closing(self.connect()) as connection:
                self._read = read(connection, self.layout, self.table, self.sample)
        return self._read


def data_path_tests(path: DataPath) -> tuple[Test, ...]:
    """Return the tests of a table, in order."""
    listed: tuple[tuple[str, str, Callable[[DataPath], Outcome]], ...] = (
        ("ST-DAT-01", "parses a sample of envelopes", parses),
        ("ST-DAT-02", "looks for plaintext in encrypted columns", finds_no_plaintext),
        ("ST-DAT-03", "compares nonces, and counts values per data key", repeats_no_nonce),
        ("ST-DAT-04", "unwraps data keys and opens canary rows", opens),
        ("ST-DAT-05", "opens a tenant's rows as another tenant", keeps_tenants_apart),
        ("ST-DAT-06", "changes canary rows bit by bit", refuses_changes),
        ("ST-DAT-07", "looks for two keys that open one ciphertext", commits),
    )
    return tuple(
        Test(id=number, title=title, changes_state=False, run=lambda run=run: run(path))  # type: ignore[misc]
        for number, title, run in listed
    )


def _outcome(bad: Sequence[str], good: str, cases: int, edges: Sequence[Edge] = (), **figures: Json) -> Outcome:
    more = f", and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
    detail = "; ".join(bad[:_NAMED]) + more if bad else good
    return Outcome(passed=not bad, detail=detail, cases=cases, edges=tuple(edges), figures=figures)


def parses(path: DataPath) -> Outcome:
    """ST-DAT-01: every sampled value is an envelope that names its key and has its nonce and tag. CannotRunError."""
    found = path.canaries()
    bad = [f"{value}: {problem}" for value in found.values if (problem := _problem(value, found))]
    good = f"{len(found.values)} values of {found.population} canary rows are whole envelopes"
    return _outcome(bad, good, len(found.values), population=found.population, sampled=len(found.values))


def _problem(value: Value, found: Canaries) -> str:
    try:
        if value.describes_itself:
            value.header()
            return ""
        sealed = value.sealed()
    except OpenError as error:
        return str(error)
    if len(sealed.nonce) != NONCE_BYTES:
        return f"the nonce has {len(sealed.nonce) * 8} bits"
    if len(sealed.ciphertext) < TAG_BYTES:
        return "the ciphertext is shorter than a tag"
    if not value.data_key:
        return "it names no data key"
    return "" if value.data_key in found.data_keys else f"its data key {value.data_key} is not in the registry"


def finds_no_plaintext(path: DataPath) -> Outcome:
    """ST-DAT-02: no sampled value looks like plaintext. Raises CannotRunError."""
    found = path.canaries()
    bad = [f"{value} looks like {reason}" for value in found.values if (reason := _looks(value))]
    good = f"none of {len(found.values)} values looks like plaintext"
    return _outcome(bad, good, len(found.values), population=found.population, sampled=len(found.values))


def _looks(value: Value) -> str:
    if value.describes_itself:
        try:
            return looks_plain(value.ciphertext[value.header().length :])
        except OpenError:
            pass
    return looks_plain(value.ciphertext)


def repeats_no_nonce(path: DataPath) -> Outcome:
    """ST-DAT-03: no nonce twice under a data key, and no key near the end of its use. Raises CannotRunError."""
    found = path.canaries()
    used: Counter[tuple[str, bytes]] = Counter()
    for value in found.values:
        try:
            # Every message has a data key of its own, which its id belongs to.
            used[value.data_key, value.header().message_id if value.describes_itself else value.sealed().nonce] += 1
        except OpenError:
            continue
    repeated = {key: times for key, times in used.items() if times > 1}
    bad = [
        f"{times} values under data key {key or 'of their own'} have one nonce" for (key, _), times in repeated.items()
    ]
    bad += [
        f"data key {key} encrypts {count} values: alert level {path.alert_values}, SP 800-38D 8.3 allows {MOST_VALUES}"
        for key, count in found.counts.items()
        if count >= path.alert_values
    ]
    most = max(found.counts.values(), default=1)
    good = f"no nonce of {used.total()} values twice; at most {most} values under one data key"
    return _outcome(bad, good, used.total(), nonces=used.total(), repeated=len(repeated), most_values_per_key=most)


@contextmanager
def _plain(path: DataPath, value: Value) -> Iterator[bytearray]:
    """Unwrap a value's data key, and wipe it after use. Raises RefusedError, OpenError, CannotRunError."""
    if value.describes_itself:
        header = value.header()
        kms = [one for one in header.keys if one.provider == "aws-kms"]
        if not kms:
            raise CannotRunError(f"{value} names no key of a key service that could be asked")
        plain = path.service.unwrap(kms[0].key, kms[0].wrapped, dict(header.context))
    else:
        wrapped = path.canaries().data_keys.get(value.data_key)
        if wrapped is None:
            raise OpenError(f"its data key {value.data_key or 'NULL'} is not in the registry")
        plain = path.service.unwrap(wrapped.key, wrapped.wrapped, wrapped.context)
    try:
        yield plain
    finally:
        wipe(plain)


@contextmanager
def _ready(path: DataPath, value: Value) -> Iterator[bytearray]:
    """Unwrap a value's data key for a test that needs one that opens it. Raises CannotRunError."""
    try:
        with _plain(path, value) as plain:
            _open(value, plain)
            yield plain
    except (RefusedError, OpenError) as error:
        reason = GapReason.DENIED if isinstance(error, DeniedError) else GapReason.UNSUPPORTED
        words = f"{value} does not open as it is ({error}): ST-DAT-04 must pass first"
        raise CannotRunError(words, reason) from None


def _open(value: Value, plain: bytearray) -> bytes:
    return value.open_message(plain) if value.describes_itself else value.open(plain)


def _one_each(values: Sequence[Value]) -> list[Value]:
    """Return the first value of each column under each data key."""
    return list({(one.column.name, one.data_key): one for one in reversed(values)}.values())[::-1]


def opens(path: DataPath) -> Outcome:
    """ST-DAT-04: a canary value under each data key opens with what the key service unwraps. Raises CannotRunError.

    What opened is proven: from the table over the data key to the key that wraps it.
    """
    chosen = _one_each(path.canaries().values)
    edges: dict[Edge, None] = {}
    bad = []
    for value in chosen:
        try:
            with _plain(path, value) as plain:
                _open(value, plain)
            edges |= dict.fromkeys(_edges(path, value))
        except DeniedError as error:
            raise CannotRunError(f"unwrapping the data key of {value}: {error}", GapReason.DENIED) from None
        except RefusedError as error:
            bad.append(f"{value}: the key service refused with {error}")
        except OpenError as error:
            bad.append(f"{value}: {error}")
    good = f"{len(chosen)} values opened, one under each data key and column"
    return _outcome(bad, good, len(chosen), list(edges), opened=len(chosen) - len(bad))


def _edges(path: DataPath, value: Value) -> Iterator[Edge]:
    if value.describes_itself:
        key = next(one.key for one in value.header().keys if one.provider == "aws-kms")
        child, kind = path.store_id, "store"
    else:
        key = path.canaries().data_keys[value.data_key].key
        child, kind = path.data_key_id(value.data_key), "data_key"
        yield Edge(child=path.store_id, child_kind="store", parent=child, parent_kind=kind)
    yield Edge(child=child, child_kind=kind, parent=path.service.describe(key).key_id, parent_kind="key")


def keeps_tenants_apart(path: DataPath) -> Outcome:
    """ST-DAT-05: with another tenant's data key, binding, or context, a canary tenant's values do not open.

    Raises CannotRunError: it takes two canary tenants, and a template of the AAD.
    """
    firsts = list({(one.column.name, one.tenant): one for one in reversed(path.canaries().values)}.values())
    pairs = [(a, b) for a, b in permutations(firsts, 2) if a.column is b.column]
    if not pairs:
        raise CannotRunError("it takes made-up rows of two tenants: add another to `canary_tenants:`")
    _has_aad(path)
    bad, tried = [], []
    for mine, other in pairs:
        with _ready(path, mine) as key, _ready(path, other) as other_key:
            for how, attempt in _swaps(path, mine, other, key, other_key):
                tried.append(how)
                try:
                    attempt()
                except (OpenError, RefusedError):
                    continue
                bad.append(f"{mine}, tenant {mine.tenant}, opens with {how} of tenant {other.tenant}")
    unbound = "; no data key's wrapping is bound to its tenant, so no other context was tried"
    note = "" if _CONTEXT in tried else unbound
    good = f"{len(tried)} attempts between {len({one.tenant for one in firsts})} tenants were refused{note}"
    return _outcome(bad, good, len(tried), attempts=len(tried), accepted=len(bad))


def _has_aad(path: DataPath) -> None:
    for column in path.table.columns:
        if column.key and not column.aad:
            raise CannotRunError(
                f"the layout gives no `aad:` of {column.name}: nothing ties a value to its tenant, or the layout does "
                "not say how"
            )


_Attempts = Iterator[tuple[str, Callable[[], object]]]


def _swaps(path: DataPath, mine: Value, other: Value, key: bytearray, other_key: bytearray) -> _Attempts:
    """Yield (what is taken of the other tenant, attempt to open the value with it)."""
    if mine.describes_itself:
        yield from _message_swaps(path, mine, other, key, other_key)
        return
    tenant, keys = path.table.tenant, path.canaries().data_keys
    row = {**mine.row, tenant: other.row[tenant]}
    swapped = {**row, mine.column.key: other.data_key}
    own, theirs = keys[mine.data_key], keys[other.data_key]
    yield "the data key", lambda: mine.open(other_key)
    yield "the binding", lambda: mine.open(key, bound=mine.bound(row))
    yield "the data key and the binding", lambda: mine.open(other_key, bound=mine.bound(row))
    yield "the data key, its id and the binding", lambda: mine.open(other_key, bound=mine.bound(swapped))
    if own.context != theirs.context:
        yield _CONTEXT, lambda: path.service.unwrap(own.key, own.wrapped, theirs.context)


def _message_swaps(path: DataPath, mine: Value, other: Value, key: bytearray, other_key: bytearray) -> _Attempts:
    own, theirs = dict(mine.header().context), dict(other.header().context)
    wrapped = next(one for one in mine.header().keys if one.provider == "aws-kms")
    yield "the data key", lambda: mine.open_message(other_key)
    if mine.tenant not in own.values():
        # Nothing in the message says whose it is: copied to a row of another tenant it opens there.
        yield "the row", lambda: mine.open_message(key)
    if own != theirs:
        yield _CONTEXT, lambda: path.service.unwrap(wrapped.key, wrapped.wrapped, theirs)


def refuses_changes(path: DataPath) -> Outcome:
    """ST-DAT-06: a canary value of each column does not open with any bit changed, nor cut. Raises CannotRunError."""
    bad, cases = [], 0
    for value in {one.column.name: one for one in reversed(path.canaries().values)}.values():
        with _ready(path, value) as key:
            if not value.describes_itself and not value.column.aad:
                raise CannotRunError(f"the layout gives no `aad:` of {value.column.name}: that part cannot be tried")
            changes = tampered_messages(value, key) if value.describes_itself else tampered_rows(value, key)
            for what, attempt in changes:
                cases += 1
                try:
                    attempt()
                except OpenError:
                    continue
                bad.append(f"{value} opens with a changed {what}")
    return _outcome(bad, f"{cases} changes were refused", cases, changes=cases, accepted=len(bad))


def commits(path: DataPath) -> Outcome:
    """ST-DAT-07: no two keys open one ciphertext of the format. Raises CannotRunError.

    Values in columns are AES-GCM, which does not commit to its key: shown by making such a ciphertext. It is told as
    a failure, for what must hold does not; how much that matters is for the control to say.
    """
    bad, cases = [], 0
    for value in {one.column.name: one for one in reversed(path.canaries().values)}.values():
        cases += 1
        with _ready(path, value) as key:
            if not two_keys(value, key):
                continue
        bad.append(
            f"{value.column.name} does not commit to its key: a ciphertext was made that two keys open, each to "
            "something else"
        )
    return _outcome(bad, f"{cases} columns are in a format that commits to its key", cases, commits=not bad)
