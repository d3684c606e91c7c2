"""Self-tests of a root key in an HSM: what the token gives away, refuses, and does.

They know PKCS #11 by :class:`Token` alone. Nothing stays on the token: what they make are session objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from scanner.model.observation import GapReason
from scanner.selftest.interface import Call, CannotRunError, Edge, Outcome, RefusedError, Test, refusals

REQUIRED: Mapping[str, bool] = {
    "CKA_SENSITIVE": True,
    "CKA_EXTRACTABLE": False,
    "CKA_ALWAYS_SENSITIVE": True,
    "CKA_NEVER_EXTRACTABLE": True,
    "CKA_LOCAL": True,
}
"""What a root key's attributes must be: never outside, and made inside."""
NOT_A_CANARY = "mark the key `canary: true` under selftest: to allow session objects on its token"


class Token(Protocol):
    """A token with a root key. Every method raises CannotRunError; those that say so, RefusedError."""

    @property
    def module_id(self) -> str:
        """The token as facts call it."""
        ...

    @property
    def calls(self) -> Sequence[Call]:
        """Every call made so far, in order."""
        ...

    def key_id(self, root: str) -> str:
        """Return the root key with a label as facts call it."""
        ...

    def attributes(self, root: str) -> Mapping[str, bool | None]:
        """Return the attributes in :data:`REQUIRED` of the root key; None: the token does not tell."""
        ...

    def read_value(self, root: str) -> None:
        """Ask for the value of the root key, and keep nothing of it. Raises RefusedError."""
        ...

    def wrap_out(self, root: str) -> None:
        """Wrap the root key under a fresh session key, and keep nothing of it. Raises RefusedError."""
        ...

    def make_key(self) -> Any:  # noqa: ANN401 - a handle
        """Return a fresh AES-256 key as a session object."""
        ...

    def wrap(self, root: str, key: Any) -> bytes:  # noqa: ANN401 - a handle
        """Return a session key wrapped by the root key. Raises RefusedError."""
        ...

    def unwrap(self, root: str, wrapped: bytes) -> Any:  # noqa: ANN401 - a handle
        """Return what the root key unwraps, as a session object. Raises RefusedError."""
        ...

    def same(self, one: Any, other: Any) -> bool:  # noqa: ANN401 - handles
        """Tell whether two session keys encrypt a random block to the same."""
        ...

    def forget(self, key: Any) -> None:  # noqa: ANN401 - a handle
        """Destroy a session object."""
        ...

    def seen_without_login(self) -> int:
        """Return how many secret and private keys a session without a login sees."""
        ...


def hsm_tests(token: Token, root: str, *, session_objects: bool) -> list[Test]:
    """Return the self-tests of a root key. ``session_objects``: they may be made on the token."""
    return [
        Test(
            "ST-HSM-01",
            "ask for the root key's value, and wrap it out",
            changes_state=False,
            run=lambda: keeps_its_value(token, root, session_objects=session_objects),
        ),
        Test(
            "ST-HSM-02",
            "read the root key's attributes",
            changes_state=False,
            run=lambda: has_the_attributes(token, root),
        ),
        Test(
            "ST-HSM-03",
            "wrap a key with the root key, and unwrap it whole, tampered with and truncated",
            changes_state=True,
            run=lambda: unwraps_only_what_it_wrapped(token, root, session_objects=session_objects),
        ),
        Test(
            "ST-HSM-04",
            "look for keys in a session without a login",
            changes_state=False,
            run=lambda: shows_nothing_without_login(token, root),
        ),
    ]


def keeps_its_value(token: Token, root: str, *, session_objects: bool) -> Outcome:
    """ST-HSM-01: the value is not given, and the key is not wrapped out under another one."""
    if not _refused(lambda: token.read_value(root)):
        return Outcome(passed=False, detail="the token gave the value of the root key", cases=1)
    if not session_objects:
        detail = f"the value was refused; wrapping out was not tried: {NOT_A_CANARY}"
        raise CannotRunError(detail, GapReason.NOT_ALLOWED)
    try:
        wrapped = not _refused(lambda: token.wrap_out(root))
    except CannotRunError as error:
        raise CannotRunError(
            f"the value was refused; wrapping out could not be tried: {error}", error.reason
        ) from error
    if wrapped:
        detail = "the token wrapped the root key under a key that was made just then"
        return Outcome(passed=False, detail=detail, cases=2)
    return Outcome(passed=True, detail="the value was refused, and so was wrapping it under another key", cases=2)


def has_the_attributes(token: Token, root: str) -> Outcome:
    """ST-HSM-02: sensitive and not extractable, always so, and made in a token."""
    found = token.attributes(root)
    wrong = [f"{name} is {str(not must).lower()}" for name, must in REQUIRED.items() if found.get(name) is (not must)]
    untold = [name for name in REQUIRED if found.get(name) is None]
    if wrong:
        return Outcome(passed=False, detail=", ".join(wrong), cases=len(REQUIRED))
    if untold:
        return Outcome(passed=None, detail=f"the token does not tell {', '.join(untold)}", cases=len(REQUIRED))
    detail = "sensitive and not extractable, always so, and made in a token"
    return Outcome(passed=True, detail=detail, cases=len(REQUIRED))


def unwraps_only_what_it_wrapped(token: Token, root: str, *, session_objects: bool) -> Outcome:
    """ST-HSM-03: what the root key wrapped comes back as the same key, and nothing that was altered is accepted.

    The wrapped key is unwrapped once more at the end: a token that stopped working refuses everything. It shows that
    the root key works inside the token, which is the edge that it proves. It shows nothing of any key-encryption key
    that the estate declares under the root: none of those was opened.
    """
    if not session_objects:
        raise CannotRunError(NOT_A_CANARY, GapReason.NOT_ALLOWED)
    made = token.make_key()
    try:
        wrapped = token.wrap(root, made)
        if not _comes_back(token, root, wrapped, made):
            return Outcome(passed=False, detail="another key came back than was wrapped", cases=1)
        altered = list(_altered(wrapped))
        accepted = refusals(lambda blob: token.forget(token.unwrap(root, blob)), altered)
        if not _comes_back(token, root, wrapped, made):
            return Outcome(passed=False, detail="another key came back at the end than was wrapped", cases=1)
    except RefusedError as error:
        raise CannotRunError(f"the token does not wrap and unwrap a session key with {root}: {error}") from error
    finally:
        token.forget(made)
    cases = len(altered) + 2
    if accepted:
        detail = f"{accepted} of {len(altered)} altered or cut blobs were accepted"
        return Outcome(passed=False, detail=detail, cases=cases)
    edge = Edge(child=token.key_id(root), child_kind="key", parent=token.module_id, parent_kind="module")
    detail = f"the same key came back, and all of {len(altered)} altered or cut blobs were refused"
    return Outcome(passed=True, detail=detail, cases=cases, edges=(edge,))


def shows_nothing_without_login(token: Token, root: str) -> Outcome:
    """ST-HSM-04: a session without a login sees no secret or private key of a token that has the root key."""
    token.attributes(root)  # a token without keys would show nothing, and prove nothing
    seen = token.seen_without_login()
    if seen:
        return Outcome(passed=False, detail=f"{seen} keys are seen, and can be asked for, without a login", cases=1)
    return Outcome(passed=True, detail="no secret or private key is seen without a login", cases=1)


def _refused(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except RefusedError:
        return True
    return False


def _comes_back(token: Token, root: str, wrapped: bytes, made: Any) -> bool:  # noqa: ANN401 - a handle
    back = token.unwrap(root, wrapped)
    try:
        return token.same(made, back)
    finally:
        token.forget(back)


def _altered(wrapped: bytes) -> Iterator[bytes]:
    """Yield a blob with one bit of every byte flipped, cut at every length, and longer than it was."""
    for place in range(len(wrapped)):
        flipped = bytearray(wrapped)
        flipped[place] ^= 1 << place % 8
        yield bytes(flipped)
    yield from (wrapped[:length] for length in range(len(wrapped)))
    yield from (wrapped + bytes(more) for more in (1, 8, 16))
