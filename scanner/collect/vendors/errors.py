"""Which failure of a call to an AI vendor means what: denied, throttled, unreachable or another gap."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.collect.interface import CallError
from scanner.model.ids import Json
from scanner.model.observation import GapReason

MOST = 500
"""Characters of a vendor's message."""
_UNSUPPORTED = frozenset({404, 405, 410, 501})


def refused(status: int, body: Json, headers: Mapping[str, str], request_id: str) -> CallError:
    """Return what an HTTP status other than 2xx and its body mean.

    Each vendor has a form of its own: OpenAI and Anthropic an ``error`` object with ``type``, ``code``, ``message``;
    ElevenLabs a ``detail`` object with ``status``, ``message``, or a text; Deepgram ``err_code``, ``err_msg``.
    """
    code, said = _words(body)
    reason, retry = _meaning(status)
    wait = headers.get("retry-after", "")
    if reason is GapReason.THROTTLED and wait.isdecimal():
        said = f"{said}; the vendor asks to wait {wait} s".removeprefix("; ")
    if reason is GapReason.DENIED:
        said = f"{said}; `keyaudit permissions vendors` prints what the key must allow".removeprefix("; ")
    return CallError(
        reason,
        code=code or f"HTTP {status}",
        detail=said or f"HTTP status {status}",
        request_id=request_id,
        status=status,
        retry=retry,
    )


def _meaning(status: int) -> tuple[GapReason, bool]:
    if status in {401, 403}:
        return GapReason.DENIED, False
    if status == 429:
        return GapReason.THROTTLED, True
    if status in _UNSUPPORTED:
        return GapReason.UNSUPPORTED, False
    return GapReason.FAILED, status >= 500 or status == 408


def _words(body: Json) -> tuple[str, str]:
    """Return (code, message) of an error's body, as far as it has them."""
    told = body if isinstance(body, dict) else {}
    for name in ("error", "detail"):
        inner = told.get(name)
        if isinstance(inner, dict):
            told = inner
            break
        if isinstance(inner, str):
            return "", inner[:MOST]
    code = next((str(told[name]) for name in ("code", "err_code", "status", "type") if _is_text(told.get(name))), "")
    said = next((str(told[name]) for name in ("message", "err_msg", "details") if _is_text(told.get(name))), "")
    return code[:MOST], said[:MOST]


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and bool(value)


def no_line(code: str, detail: str, *, retry: bool) -> CallError:
    """Return what a connection that failed means."""
    return CallError(GapReason.UNREACHABLE, code=code, detail=detail[:MOST], retry=retry)


def missing(error: ModuleNotFoundError) -> CallError:
    """Return what it means that a vendor's SDK is not installed."""
    detail = f'{error.name} is not installed: pip install "keyaudit[vendors]"'
    return CallError(GapReason.UNSUPPORTED, code="MissingExtra", detail=detail)
