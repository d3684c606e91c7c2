"""The forms of detect-secrets that are used, and that nothing else of it is."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

from scanner.collect.leaks.detect.library import HEADS, library_token, version
from scanner.collect.leaks.detect.window import Found, Window
from tests.leaks.corpus import Maker

MAKE = Maker(13)
TOKENS = {
    "github_token": "gh" + "s_" + MAKE.text(36),
    "gitlab_token": "gld" + "t-" + MAKE.text(20),
    "stripe_key": "rk_" + "live_" + MAKE.text(24),
    "slack_token": "xo" + "xp-" + MAKE.text(12, "123456789") + "-" + MAKE.text(24).lower(),
    "square_secret": "sq0" + "csp-" + MAKE.text(43),
    "pypi_token": "pypi-" + "AgEIcHlwaS5vcmc" + MAKE.text(80),
    "sendgrid_key": "S" + "G." + MAKE.text(22) + "." + MAKE.text(43),
}


@pytest.mark.parametrize(("kind", "token"), TOKENS.items())
def test_a_token_is_found_by_the_librarys_form(kind: str, token: str) -> None:
    one = library_token(Window.of(f"credential={token} ok".encode()), kind, len("credential="))
    assert isinstance(one, Found)
    assert (one.kind, one.detector) == (kind, version())
    assert one.hint == f"{token[: len(one.hint) - 7]}...{token[-4:]}"


def test_a_webhook_is_found_and_no_part_of_it_shown() -> None:
    text = f"https://hooks.slack.com/services/T{MAKE.text(9)}/B{MAKE.text(9)}/{MAKE.text(24)}".encode()
    one = library_token(Window.of(text), "slack_token", text.index(b"/services"))
    assert isinstance(one, Found)
    assert one.hint == ""


@pytest.mark.parametrize(("head", "kind"), HEADS.items())
def test_what_only_begins_like_a_token_is_none(head: bytes, kind: str) -> None:
    assert not isinstance(library_token(Window.of(head + b"-and-more-words-of-a-name"), kind, 0), Found)


def test_a_token_before_the_run_is_left_to_its_own_run() -> None:
    token = TOKENS["gitlab_token"].encode()
    text = token + b" " + b"glpa" + b"-is-the-begin-of-a-name"
    assert library_token(Window.of(text), "gitlab_token", len(token) + 1) is None


def test_the_version_is_that_which_is_installed() -> None:
    assert version() == f"detect-secrets {importlib.metadata.version('detect-secrets')}"


def test_the_library_is_loaded_when_it_is_used_and_not_before() -> None:
    script = (
        "import sys\nimport scanner.collect.leaks.transport\n"
        "assert not {'detect_secrets', 'requests'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
