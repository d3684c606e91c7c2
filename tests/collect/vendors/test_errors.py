"""What a vendor's refusal means, in the form of each vendor."""

from __future__ import annotations

import pytest

from scanner.collect.vendors.errors import MOST, missing, no_line, refused
from scanner.model.ids import Json
from scanner.model.observation import GapReason


@pytest.mark.parametrize(
    ("status", "reason", "retry"),
    [
        (401, GapReason.DENIED, False),
        (403, GapReason.DENIED, False),
        (404, GapReason.UNSUPPORTED, False),
        (405, GapReason.UNSUPPORTED, False),
        (429, GapReason.THROTTLED, True),
        (400, GapReason.FAILED, False),
        (408, GapReason.FAILED, True),
        (500, GapReason.FAILED, True),
        (529, GapReason.FAILED, True),
        (302, GapReason.FAILED, False),
    ],
)
def test_a_status_has_a_meaning(status: int, reason: GapReason, retry: bool) -> None:
    error = refused(status, None, {}, "req-1")
    assert (error.reason, error.retry, error.status, error.request_id) == (reason, retry, status, "req-1")
    assert error.code == f"HTTP {status}"


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({"error": {"message": "no", "type": "t", "code": "c"}}, "c", "no"),
        ({"type": "error", "error": {"type": "api_error", "message": "no"}}, "api_error", "no"),
        ({"detail": {"status": "s", "message": "no"}}, "s", "no"),
        ({"detail": "no"}, "HTTP 500", "no"),
        ({"err_code": "E", "err_msg": "no"}, "E", "no"),
        ({"error": 7}, "HTTP 500", "HTTP status 500"),
        ({"err_msg": "x" * 9999}, "HTTP 500", "x" * MOST),
        (["no"], "HTTP 500", "HTTP status 500"),
    ],
)
def test_each_vendors_words_are_understood(body: Json, code: str, said: str) -> None:
    error = refused(500, body, {}, "")
    assert (error.code, error.detail) == (code, said)


def test_what_helps_is_said() -> None:
    assert refused(429, None, {"retry-after": "7"}, "").detail == "the vendor asks to wait 7 s"
    assert refused(429, {"detail": "slow"}, {"retry-after": "7"}, "").detail == "slow; the vendor asks to wait 7 s"
    assert refused(429, None, {"retry-after": "Wed, 21 Oct 2026"}, "").detail == "HTTP status 429"
    assert "`keyaudit permissions vendors`" in refused(403, None, {}, "").detail


def test_a_line_that_broke_and_an_sdk_that_is_not_there() -> None:
    error = no_line("ConnectError", "x" * 9999, retry=True)
    assert (error.reason, error.code, len(error.detail), error.retry) == (
        GapReason.UNREACHABLE,
        "ConnectError",
        MOST,
        True,
    )
    error = missing(ModuleNotFoundError("no", name="openai"))
    assert (error.reason, error.code) == (GapReason.UNSUPPORTED, "MissingExtra")
    assert error.detail == 'openai is not installed: pip install "keyaudit[vendors]"'
