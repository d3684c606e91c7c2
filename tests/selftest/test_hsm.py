"""Self-tests of a root key: each finds the token that does what it must not."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from scanner.model.observation import GapReason
from scanner.selftest.hsm import NOT_A_CANARY, REQUIRED, hsm_tests
from scanner.selftest.interface import Call, CannotRunError, Outcome, RefusedError
from scanner.selftest.jobs import open_token
from tests.hsm import NOW, a_source

ROOT = "root"


class LocalToken:
    """A token in memory that does what a real one does."""

    module_id = "pkcs11:token=t;serial=1"

    def __init__(self) -> None:
        self.root = AESGCM(os.urandom(32))
        self.objects: set[bytes] = set()
        self.told: dict[str, bool | None] = dict(REQUIRED)

    @property
    def calls(self) -> Sequence[Call]:
        return ()

    def key_id(self, root: str) -> str:
        return f"pkcs11:token=t;object={root}"

    def attributes(self, root: str) -> Mapping[str, bool | None]:
        return self.told

    def read_value(self, root: str) -> None:
        raise RefusedError("AttributeSensitive")

    def wrap_out(self, root: str) -> None:
        raise RefusedError("KeyUnextractable")

    def make_key(self) -> bytes:
        return self.keep(os.urandom(32))

    def keep(self, key: bytes) -> bytes:
        self.objects.add(key)
        return key

    def wrap(self, root: str, key: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self.root.encrypt(nonce, key, None)

    def unwrap(self, root: str, wrapped: bytes) -> bytes:
        try:
            return self.keep(self.root.decrypt(wrapped[:12], wrapped[12:], None))
        except (InvalidTag, ValueError):
            raise RefusedError("WrappedKeyInvalid") from None

    def same(self, one: bytes, other: bytes) -> bool:
        return one == other

    def forget(self, key: bytes) -> None:
        self.objects.discard(key)

    def seen_without_login(self) -> int:
        return 0


class GivesTheValue(LocalToken):
    def read_value(self, root: str) -> None:
        return


class WrapsOut(LocalToken):
    def wrap_out(self, root: str) -> None:
        return


class CannotWrapOut(LocalToken):
    def wrap_out(self, root: str) -> None:
        raise CannotRunError("no way to wrap", GapReason.UNSUPPORTED)


class AcceptsTampering(LocalToken):
    """Wraps by AES in counter mode, so to speak: nothing is checked."""

    def unwrap(self, root: str, wrapped: bytes) -> bytes:
        try:
            return super().unwrap(root, wrapped)
        except RefusedError:
            return self.keep(os.urandom(32))


class AcceptsTruncation(LocalToken):
    def unwrap(self, root: str, wrapped: bytes) -> bytes:
        if len(wrapped) < 60:
            return self.keep(os.urandom(32))
        return super().unwrap(root, wrapped)


class AcceptsMore(LocalToken):
    """Looks at the beginning alone."""

    def unwrap(self, root: str, wrapped: bytes) -> bytes:
        return super().unwrap(root, wrapped[:60])


class MisplacesKeys(LocalToken):
    def unwrap(self, root: str, wrapped: bytes) -> bytes:
        self.forget(super().unwrap(root, wrapped))
        return self.keep(os.urandom(32))


class ForgetsAtTheEnd(LocalToken):
    """Gives the right key the first time, and another one afterwards."""

    first = True

    def unwrap(self, root: str, wrapped: bytes) -> bytes:
        key = super().unwrap(root, wrapped)
        self.forget(key)
        key, self.first = (key if self.first else os.urandom(32)), False
        return self.keep(key)


class StopsWorking(LocalToken):
    """Refuses everything after its first answer: not a sign of care."""

    answers = 1

    def unwrap(self, root: str, wrapped: bytes) -> bytes:
        if not self.answers:
            raise RefusedError("GeneralError")
        self.answers -= 1
        return super().unwrap(root, wrapped)


class DoesNotWrap(LocalToken):
    def wrap(self, root: str, key: bytes) -> bytes:
        raise RefusedError("KeyUnextractable")


class ShowsKeys(LocalToken):
    def seen_without_login(self) -> int:
        return 2


class Empty(LocalToken):
    def attributes(self, root: str) -> Mapping[str, bool | None]:
        raise CannotRunError("no such key")


def run(token: LocalToken, name: str, *, session_objects: bool = True) -> Outcome:
    (test,) = [one for one in hsm_tests(token, ROOT, session_objects=session_objects) if one.id == name]
    outcome = test.run()
    assert token.objects == set()  # nothing that was made stays
    return outcome


def test_a_good_token_passes_all_of_them() -> None:
    token = LocalToken()
    tests = hsm_tests(token, ROOT, session_objects=True)
    assert [test.id for test in tests] == ["ST-HSM-01", "ST-HSM-02", "ST-HSM-03", "ST-HSM-04"]
    assert [test.run().passed for test in tests] == [True] * 4
    # What makes objects runs on canaries alone.
    assert [test.id for test in tests if test.changes_state] == ["ST-HSM-03"]


def test_what_is_proven_is_that_the_root_works_in_the_token() -> None:
    outcome = run(LocalToken(), "ST-HSM-03")
    (edge,) = outcome.edges
    assert (edge.child, edge.parent) == ("pkcs11:token=t;object=root", "pkcs11:token=t;serial=1")
    assert (edge.child_kind, edge.parent_kind) == ("key", "module")
    # 60 bytes, each with a bit flipped; each of 60 lengths; three that are longer; and the right one twice.
    assert outcome.cases == 60 + 60 + 3 + 2
    assert not any(run(LocalToken(), name).edges for name in ("ST-HSM-01", "ST-HSM-02", "ST-HSM-04"))


@pytest.mark.parametrize(
    ("token", "name", "says"),
    [
        (GivesTheValue(), "ST-HSM-01", "gave the value"),
        (WrapsOut(), "ST-HSM-01", "wrapped the root key"),
        (AcceptsTampering(), "ST-HSM-03", "123 of 123 altered or cut blobs were accepted"),
        (AcceptsTruncation(), "ST-HSM-03", "60 of 123"),
        (AcceptsMore(), "ST-HSM-03", "3 of 123"),
        (MisplacesKeys(), "ST-HSM-03", "another key came back"),
        (ForgetsAtTheEnd(), "ST-HSM-03", "at the end"),
        (ShowsKeys(), "ST-HSM-04", "2 keys are seen"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, LocalToken) else "",
)
def test_each_broken_token_is_caught(token: LocalToken, name: str, says: str) -> None:
    outcome = run(token, name)
    assert outcome.passed is False
    assert says in outcome.detail
    assert outcome.edges == ()


@pytest.mark.parametrize("name", REQUIRED)
def test_each_attribute_counts(name: str) -> None:
    token = LocalToken()
    token.told[name] = not REQUIRED[name]
    outcome = run(token, "ST-HSM-02")
    assert (outcome.passed, outcome.detail) == (False, f"{name} is {str(not REQUIRED[name]).lower()}")
    token.told[name] = None
    outcome = run(token, "ST-HSM-02")
    assert (outcome.passed, outcome.detail) == (None, f"the token does not tell {name}")


@pytest.mark.parametrize(
    ("token", "name", "says"),
    [
        (CannotWrapOut(), "ST-HSM-01", "the value was refused; wrapping out could not be tried: no way to wrap"),
        (StopsWorking(), "ST-HSM-03", "does not wrap and unwrap a session key with root: GeneralError"),
        (DoesNotWrap(), "ST-HSM-03", "KeyUnextractable"),
        (Empty(), "ST-HSM-04", "no such key"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, LocalToken) else "",
)
def test_what_could_not_be_told_is_not_a_pass(token: LocalToken, name: str, says: str) -> None:
    with pytest.raises(CannotRunError, match=says):
        run(token, name)
    assert token.objects == set()


@pytest.mark.parametrize("name", ["ST-HSM-01", "ST-HSM-03"])
def test_session_objects_are_made_on_canaries_alone(name: str) -> None:
    with pytest.raises(CannotRunError) as error:
        run(WrapsOut(), name, session_objects=False)
    assert error.value.reason is GapReason.NOT_ALLOWED
    assert NOT_A_CANARY in str(error.value)


def test_a_value_that_is_given_fails_whatever_is_allowed() -> None:
    assert run(GivesTheValue(), "ST-HSM-01", session_objects=False).passed is False


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in sys.modules if name.startswith(("scanner.selftest.hsm_token", "scanner.selftest.pkcs11"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(CannotRunError, match=r'pip install "keyaudit\[hsm\]"'):
        open_token(a_source(), "pin", lambda: NOW)
