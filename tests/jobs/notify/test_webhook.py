"""The signature of webhooks, checked as docs/notifications.md tells receivers to."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.jobs.notify.webhook import body, headers
from tests.history.snapshots import a_finding
from tests.jobs.notify.samples import NOW, told

ROOT = Path(__file__).parents[3]
SAID = body(told(a_finding()))


@pytest.fixture(scope="module")
def is_genuine() -> Callable[..., bool]:
    """Return the function that the page gives to receivers."""
    text = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(code.strip().splitlines()) <= 10
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own page
    found: Callable[..., bool] = names["is_genuine"]
    return found


def test_what_was_sent_is_genuine(is_genuine: Callable[..., bool]) -> None:
    sent = headers(SAID, "secret", "id", datetime.fromtimestamp(time.time(), UTC))
    assert is_genuine(sent, SAID, "secret")
    assert not is_genuine(sent, SAID + b" ", "secret")
    assert not is_genuine(sent, SAID, "another")
    assert not is_genuine({**sent, "Keyaudit-Timestamp": str(int(time.time()) - 1)}, SAID, "secret")


def test_what_was_sent_long_ago_is_not(is_genuine: Callable[..., bool]) -> None:
    assert not is_genuine(headers(SAID, "secret", "id", datetime(2026, 1, 1, tzinfo=UTC)), SAID, "secret")


def test_the_headers_are_the_same_for_the_same() -> None:
    # By another program: printf '1784118600.{}' | openssl dgst -sha256 -hmac secret
    signed = "v1=602e5ff06fd5ea665df15979c1fcd4641c772933209396d65bab0cbe4a5cc51a"
    found = headers(b"{}", "secret", "id", NOW)
    assert found["Keyaudit-Timestamp"] == "1784118600"
    assert found["Keyaudit-Signature"] == signed
    assert found == headers(b"{}", "secret", "id", NOW)
    assert "Keyaudit-Signature" not in headers(b"{}", "", "id", NOW)
