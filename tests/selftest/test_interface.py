"""What self-tests share: key material that is wiped and not shown, refusals that are counted."""

from __future__ import annotations

from scanner.model.observation import GapReason
from scanner.selftest.interface import Call, CannotRunError, DataKey, DeniedError, RefusedError, refusals


def test_a_data_key_is_wiped_and_never_shown() -> None:
    key = DataKey(bytearray(b"plain"), b"wrapped")
    assert "plain" not in repr(key).replace("plaintext", "")
    key.wipe()
    assert key.plaintext == bytearray(5)


def test_refusals_count_what_is_accepted() -> None:
    def attempt(blob: bytes) -> bytes:
        if blob.startswith(b"bad"):
            raise DeniedError("No", "never")
        return blob

    assert refusals(attempt, [b"bad", b"good", b"bad too"]) == 1
    assert refusals(attempt, [b"bad"]) == 0


def test_errors_say_their_code_and_their_reason() -> None:
    assert str(RefusedError("Code")) == "Code"
    assert str(DeniedError("Code", "detail")) == "Code detail"
    assert CannotRunError("why").reason is GapReason.UNSUPPORTED
    assert CannotRunError("why", GapReason.LIMIT).reason is GapReason.LIMIT


def test_a_call_is_recorded_with_its_request_id() -> None:
    call = Call("kms:Decrypt", "r-1", "No", "2026-06-15T12:00:00Z", signer="AKIAEXAMPLE")
    assert call.to_json() == {
        "operation": "kms:Decrypt",
        "request_id": "r-1",
        "code": "No",
        "at": "2026-06-15T12:00:00Z",
        "logged": True,
        "signer": "AKIAEXAMPLE",
    }
