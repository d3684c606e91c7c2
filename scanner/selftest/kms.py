"""Self-tests of a key service, ST-KMS-01 to 11: they know no provider, and work on data that they make up.

Each can fail. What must be refused is tried for real, and beside it that the right thing still works: a service that
refuses everything passes nothing. Tests that change state put back what they changed, whatever happens; where that
fails, the outcome says so before anything else.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanner.model.observation import GapReason
from scanner.selftest.bench import (
    CONTEXT,
    Attempt,
    Bench,
    accepted,
    canary_of,
    failed,
    generate,
    go_on,
    must_open,
    needed,
    opened,
    passed,
    put_back,
    second_key,
    until_refused,
    unwrapping,
)
from scanner.selftest.interface import CannotRunError, Context, DeniedError, Outcome, RefusedError, Test, wipe

DATA_KEYS = 256


def kms_tests(bench: Bench) -> tuple[Test, ...]:
    """Return the tests in the order in which they run: those that change state last, then the audit log."""
    plain: Iterable[tuple[str, str, Callable[[Bench], Outcome]]] = (
        ("ST-KMS-01", "generate a data key and unwrap it", same_key),
        ("ST-KMS-02", "unwrap with other encryption contexts", only_its_context),
        ("ST-KMS-03", "unwrap what was tampered with", no_tampering),
        ("ST-KMS-04", "unwrap naming another key", no_other_key),
        ("ST-KMS-05", "make many data keys", no_two_equal),
        ("ST-KMS-06", "rewrap under a second key", rewraps),
        ("ST-KMS-10", "use the key as a principal without rights", no_stranger),
    )
    changing: Iterable[tuple[str, str, Callable[[Bench], Outcome]]] = (
        ("ST-KMS-07", "rotate the canary", rotates),
        ("ST-KMS-08", "disable the canary", refuses_disabled),
        ("ST-KMS-09", "schedule the canary's deletion", refuses_pending),
    )
    return (
        *(Test(name, title, False, _bound(run, bench)) for name, title, run in plain),
        *(Test(name, title, True, _bound(run, bench)) for name, title, run in changing),
        Test("ST-KMS-11", "look for every call in the audit log", False, lambda: in_audit_log(bench)),
    )


def _bound(run: Callable[[Bench], Outcome], bench: Bench) -> Callable[[], Outcome]:
    return lambda: run(bench)


def same_key(bench: Bench) -> Outcome:
    """ST-KMS-01: generate a data key, unwrap it: the same 32 bytes, which the wrapped form does not contain."""
    data = generate(bench)
    try:
        again = opened(bench, data.wrapped)
        if again is None:
            return failed("the service does not unwrap what it has just wrapped", 1)
        wrong = []
        if len(data.plaintext) != 32:
            wrong.append(f"the data key has {len(data.plaintext)} bytes, not 32")
        if again != data.plaintext:
            wrong.append("unwrapping gives another key")
        if bytes(data.plaintext) in data.wrapped:
            wrong.append("the wrapped form contains the plain key")
        wipe(again)
    finally:
        data.wipe()
    return failed("; ".join(wrong), 1) if wrong else passed("the same 32 bytes; the wrapped form hides them", 1)


def only_its_context(bench: Bench) -> Outcome:
    """ST-KMS-02: unwrap with the right, a wrong, a missing and an extended context: only the right one works."""
    if not bench.service.binds_context:
        raise CannotRunError("the service binds no context to what it wraps")
    data = generate(bench)
    data.wipe()
    must_open(bench, data.wrapped)
    name, *others = sorted(CONTEXT)
    wrong: Mapping[str, Context] = {
        "a wrong value": {**CONTEXT, name: "another"},
        "another tenant": {**CONTEXT, "tenant": "canary-2"},
        "a name in capitals": {name.upper(): CONTEXT[name], **{one: CONTEXT[one] for one in others}},
        "one pair missing": {one: CONTEXT[one] for one in others},
        "no context": {},
        "one pair more": {**CONTEXT, "more": "1"},
    }
    attempts = [Attempt(what, unwrapping(bench, data.wrapped, context)) for what, context in wrong.items()]
    taken = accepted(bench, attempts)
    must_open(bench, data.wrapped)
    if taken:
        return failed(f"unwraps with {', '.join(taken)}", len(wrong) + 1)
    return passed(f"only the right context works; refused: {', '.join(wrong)}", len(wrong) + 1)


def no_tampering(bench: Bench) -> Outcome:
    """ST-KMS-03: flip one bit in every byte of the wrapped key, cut it at every length, append bytes: all refused."""
    data = generate(bench)
    data.wipe()
    must_open(bench, data.wrapped)
    blob = data.wrapped
    kinds = {
        "one-bit flips": [blob[:i] + bytes([blob[i] ^ (1 << i % 8)]) + blob[i + 1 :] for i in range(len(blob))],
        "truncations": [blob[:i] for i in range(1, len(blob))],
        "with bytes appended": [blob + b"\0", blob + bytes(16), blob + blob],
        "empty": [b""],
    }
    attempts = [Attempt(kind, unwrapping(bench, one, CONTEXT)) for kind, blobs in kinds.items() for one in blobs]
    taken = Counter(accepted(bench, attempts))
    must_open(bench, blob)
    tried = sum(map(len, kinds.values()))
    if taken:
        told = ", ".join(f"{taken[kind]} of {len(kinds[kind])} {kind}" for kind in kinds if taken[kind])
        return failed(f"accepts {told}", tried)
    told = ", ".join(f"{len(blobs)} {kind}" for kind, blobs in kinds.items())
    return passed(f"all refused: {told}; the untouched one opens before and after", tried)


def no_other_key(bench: Bench) -> Outcome:
    """ST-KMS-04: unwrap naming another key: refused."""
    second = second_key(bench)
    data = generate(bench)
    data.wipe()
    must_open(bench, data.wrapped)
    try:
        wipe(bench.service.unwrap(second, data.wrapped, CONTEXT))
    except RefusedError as error:
        return passed(f"refused: {error.code}", 1)
    return failed("unwraps naming another key than the one that wrapped", 1)


def no_two_equal(bench: Bench) -> Outcome:
    """ST-KMS-05: make 256 data keys: no two equal, plain or wrapped. A sanity check, not an entropy proof."""

    def make(_: int) -> tuple[bytes, bytes]:
        go_on(bench)
        data = generate(bench)
        seen = hashlib.sha256(data.plaintext).digest(), hashlib.sha256(data.wrapped).digest()
        data.wipe()
        return seen

    with ThreadPoolExecutor(bench.threads, thread_name_prefix="selftest") as pool:
        seen = list(pool.map(make, range(DATA_KEYS)))
    plain, wrapped = (len(seen) - len({one[i] for one in seen}) for i in (0, 1))
    if plain or wrapped:
        return failed(f"of {len(seen)} data keys {plain} repeat another, and {wrapped} wrapped ones do", len(seen))
    return passed(f"{len(seen)} data keys, no two equal: a sanity check, not an entropy proof", len(seen))


def rewraps(bench: Bench) -> Outcome:
    """ST-KMS-06: rewrap under a second key: the same data key, a new wrapping, and old data opens unchanged."""
    second = second_key(bench)
    data, nonce, canary = generate(bench), os.urandom(12), os.urandom(64)
    try:
        sealed = AESGCM(data.plaintext).encrypt(nonce, canary, None)
    finally:
        data.wipe()
    moved = needed(lambda: bench.service.rewrap(bench.key, data.wrapped, CONTEXT, second))
    again = opened(bench, moved, second)
    if again is None:
        return failed("the second key does not unwrap what was rewrapped under it", 1)
    wrong = ["the wrapping is the old one"] if moved == data.wrapped else []
    if not _opens(again, nonce, sealed, canary):
        wrong.append("old data does not open: the data key was changed")
    wipe(again)
    stays = accepted(bench, [Attempt("the old key", unwrapping(bench, moved, CONTEXT))])
    if stays:
        wrong.append("the old key unwraps it too")
    return failed("; ".join(wrong), 3) if wrong else passed("same data key, new wrapping, old data opens", 3)


def _opens(key: bytearray, nonce: bytes, sealed: bytes, plain: bytes) -> bool:
    try:
        return AESGCM(key).decrypt(nonce, sealed, None) == plain
    except (InvalidTag, ValueError):
        return False


def rotates(bench: Bench) -> Outcome:
    """ST-KMS-07: rotate the canary: what was wrapped before opens, and what is wrapped anew uses new material."""
    canary = canary_of(bench)
    before = needed(lambda: bench.service.describe(bench.key)).material_id
    data = generate(bench)
    try:
        needed(lambda: canary.rotate(bench.key))
        after = needed(lambda: bench.service.describe(bench.key)).material_id
        told = bool(before and after)
        wrong = ["the key has the material of before"] if told and before == after else []
        old = opened(bench, data.wrapped)
        if old != data.plaintext:
            wrong.append("what was wrapped before the rotation does not open to the same key")
        if old is not None:
            wipe(old)
    finally:
        data.wipe()
    anew = generate(bench)
    new = opened(bench, anew.wrapped)
    if new != anew.plaintext:
        wrong.append("what is wrapped after the rotation does not open to the same key")
    anew.wipe()
    if not wrong and not told:
        raise CannotRunError("old and new wrapped keys open; the service does not tell which material is current")
    return failed("; ".join(wrong), 2) if wrong else passed("new material; old and new wrapped keys open", 2)


def refuses_disabled(bench: Bench) -> Outcome:
    """ST-KMS-08: disable the canary: encrypting and decrypting refused."""
    canary = canary_of(bench)
    return _while_unusable(bench, "disabled", canary.disable, canary.enable)


def refuses_pending(bench: Bench) -> Outcome:
    """ST-KMS-09: schedule the canary's deletion, then cancel it: use refused while it is pending."""
    canary = canary_of(bench)
    return _while_unusable(bench, "pending deletion", canary.schedule_deletion, canary.cancel_deletion)


def no_stranger(bench: Bench) -> Outcome:
    """ST-KMS-10: use the key as a principal without rights: refused."""
    if bench.stranger is None:
        raise CannotRunError(
            "the estate names no principal without rights: add `stranger_profile` to the key under `selftest:`",
            GapReason.NOT_ALLOWED,
        )
    stranger = bench.stranger()
    data = generate(bench)
    data.wipe()
    must_open(bench, data.wrapped)
    attempts: Mapping[str, Callable[[], object]] = {
        "unwraps": lambda: wipe(stranger.unwrap(bench.key, data.wrapped, CONTEXT)),
        "makes data keys": lambda: stranger.generate_data_key(bench.key, CONTEXT).wipe(),
        "wraps": lambda: stranger.wrap(bench.key, bytes(32), CONTEXT),
    }
    let_in, unclear = [], []
    for name, attempt in attempts.items():
        try:
            attempt()
        except DeniedError:
            continue
        except RefusedError as error:
            unclear.append(f"{name}: {error.code}")
            continue
        let_in.append(name)
    if let_in:
        return failed(f"a principal that should have no rights {', '.join(let_in)}", len(attempts))
    if unclear:
        raise CannotRunError(f"refused, but not for want of rights: {', '.join(unclear)}", GapReason.FAILED)
    return passed("a principal without rights can neither unwrap, nor make data keys, nor wrap", len(attempts))


def in_audit_log(bench: Bench) -> Outcome:
    """ST-KMS-11: look for every call of the other tests in the audit log, in a bounded wait: all found."""
    if bench.audit is None:
        raise CannotRunError("there is no way to read the audit log of this service")
    made = [*bench.earlier(), *bench.service.calls]
    looked = [call for call in made if call.logged and call.request_id]
    if not looked:
        raise CannotRunError("no other self-test of this key made a call that could be looked for")
    missing = bench.audit.missing(looked, bench.audit_wait)
    aside = len(made) - len(looked)
    note = f"; {aside} calls without a key or an answer are not looked for" if aside else ""
    if missing:
        by_name = ", ".join(f"{n} {name}" for name, n in sorted(Counter(c.operation for c in missing).items()))
        told = f"{len(missing)} of {len(looked)} calls are not in it after {bench.audit_wait:g} s: {by_name}{note}"
        return Outcome(passed=False, detail=told, cases=len(looked))
    return passed(f"all {len(looked)} calls are in it, by request id{note}", len(looked))


def _while_unusable(
    bench: Bench, state: str, suspend: Callable[[str], None], restore: Callable[[str], None]
) -> Outcome:
    """Suspend the canary, try to use it until it is refused everywhere or time is up, and put it back."""
    data = generate(bench)
    data.wipe()
    must_open(bench, data.wrapped)
    attempts = (
        Attempt("unwraps", unwrapping(bench, data.wrapped, CONTEXT)),
        Attempt("makes data keys", lambda: bench.service.generate_data_key(bench.key, CONTEXT).wipe()),
        Attempt("wraps", lambda: bench.service.wrap(bench.key, bytes(32), CONTEXT)),
    )
    try:
        suspend(bench.key)
        working = until_refused(bench, attempts)
    except RefusedError as error:
        # Refused at once, so nothing was changed; what is put back all the same does no harm.
        raise CannotRunError(f"the canary could not be made {state}: {error}", GapReason.DENIED) from error
    finally:
        put_back(bench, restore, data.wrapped)
    if working:
        told = f"a key that is {state} still {', '.join(working)} after {bench.settle:g} s"
        return Outcome(passed=False, detail=f"{told}; it was put back", cases=len(attempts))
    return passed(f"a key that is {state} refuses to unwrap, to make data keys and to wrap; put back", len(attempts))
