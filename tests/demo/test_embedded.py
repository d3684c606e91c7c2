"""The embedded estate: it runs over simulators alone, and gives the process back as it was."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from scanner.demo import embedded as embedded_module
from scanner.demo import hsm
from scanner.demo.answers import load_answers
from scanner.demo.aws.simulator import ENVIRON
from scanner.demo.embedded import Comparison, Embedded, compare, embedded, environment
from scanner.demo.world import FOLDER, load_world
from scanner.errors import ConfigError
from tests.support import NOW

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIACALLER",
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL_KMS": "https://elsewhere.example",
    "AWS_CA_BUNDLE": "/ca.pem",
    "HTTPS_PROXY": "http://proxy.example",
    "http_proxy": "http://proxy.example",
    "all_proxy": "http://proxy.example",
    "NO_PROXY": "*",
}


def test_the_callers_credentials_and_proxies_are_hidden_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SECRETS, "PLAIN": "kept"}.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with environment({"AWS_PROFILE": "mine", "NEW": "1"}):
        assert {name: os.environ.get(name) for name in SECRETS} == {**dict.fromkeys(SECRETS), "AWS_PROFILE": "mine"}
        assert (os.environ["PLAIN"], os.environ["NEW"]) == ("kept", "1")
        os.environ["LATER"] = "x"
        os.environ["PLAIN"] = "changed"
        del os.environ["NEW"]
    assert dict(os.environ) == before


def test_it_is_given_back_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    with pytest.raises(ZeroDivisionError), environment({}):
        raise ZeroDivisionError
    assert os.environ["AWS_PROFILE"] == "production"


def test_environments_can_be_nested() -> None:
    with environment({"AWS_REGION": "a"}):
        with environment({"AWS_REGION": "b"}):
            assert os.environ["AWS_REGION"] == "b"
        assert os.environ["AWS_REGION"] == "a"


def test_what_is_no_secret_is_never_missing_for_another_thread() -> None:
    stop, missing = threading.Event(), []

    def watch() -> None:
        while not stop.is_set():
            if "PATH" not in os.environ:
                missing.append(1)

    thread = threading.Thread(target=watch)
    thread.start()
    for _ in range(300):
        with environment(ENVIRON):
            pass
    stop.set()
    thread.join()
    assert missing == []


def test_the_reference_estate_points_at_its_simulator() -> None:
    before = dict(os.environ)
    with embedded(None, NOW) as estate:
        assert os.environ["AWS_ACCESS_KEY_ID"] == ENVIRON["AWS_ACCESS_KEY_ID"]
        assert "endpoint_url: http://127.0.0.1:" in estate.estate
        assert ":5000" not in estate.estate
        assert "ehr.example" not in estate.estate
        assert "url: https://127.0.0.1:" in estate.estate
        assert {"registers/agreements.yaml", "registers/signed/aws-baa.txt"} <= set(estate.files)
        assert estate.world == load_world()
    assert dict(os.environ) == before


def test_an_own_world(tmp_path: Path) -> None:
    copy = tmp_path / "world.yaml"
    copy.write_text(
        (FOLDER / "world.yaml").read_text(encoding="utf-8").replace("tracking_days: 400", "tracking_days: 7")
    )
    with embedded(copy, NOW) as estate:
        assert estate.world.tracking_days == 7


def test_a_world_that_is_not_valid_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "world.yaml").write_text("keys: []\n")
    before = set(threading.enumerate())
    with pytest.raises(ConfigError, match=r"world\.yaml:1: the key"), embedded(tmp_path / "world.yaml", NOW):
        raise AssertionError("it started")
    assert set(threading.enumerate()) - before == set()


# The answer key.
def test_everything_that_was_planted_and_nothing_else() -> None:
    world = load_world()
    expected = load_answers(world)
    assert compare(world, None, expected) == Comparison(len(expected), frozenset(), frozenset())
    assert compare(world, None, expected).holds


def test_a_defect_that_was_missed_and_one_too_many() -> None:
    world = load_world()
    expected = load_answers(world)
    surplus = ("KM-XXX-01", "arn:x", "fail")
    result = compare(world, None, [*expected[1:], surplus, surplus])
    assert (result.missed, result.surplus) == (frozenset({expected[0]}), frozenset({surplus}))
    assert not result.holds


def test_an_own_answer_key(tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").write_text("answers: []\n")
    assert compare(load_world(), tmp_path / "answers.yaml", []) == Comparison(0, frozenset(), frozenset())


def test_the_instant_at_the_end_of_a_subject_does_not_count(tmp_path: Path) -> None:
    arn = load_world().key("operations").arn
    (tmp_path / "answers.yaml").write_text(
        'answers: [{control: A, subject: operations, part: "#RotateKey", verdict: fail, why: x}]\n'
    )
    found = [("A", f"{arn}#RotateKey#2026-03-27T12:00:00Z", "fail")]
    assert compare(load_world(), tmp_path / "answers.yaml", found).holds


def test_without_softhsm_the_token_is_not_there_and_the_estate_says_where_it_would_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hsm, "unavailable", lambda: "the demo's HSM needs softhsm2-util")
    monkeypatch.setattr(hsm, "library", lambda: "")
    world = load_world().model_copy(update={"postgres": [], "audio": []})
    monkeypatch.setattr(embedded_module, "load_world", lambda now: world)
    with embedded(None, NOW) as estate:
        assert estate.hsm_lacks == "the demo's HSM needs softhsm2-util"
        assert os.environ["ROOT_HSM_PIN"] == "none"
        assert "module: libsofthsm2.so " in estate.estate


def test_without_the_token_only_failures_can_be_too_many() -> None:
    world = load_world()
    without = load_answers(world, hsm=False)
    assert len(without) < len(load_answers(world))
    assert compare(world, None, [*without, ("KM-ROT-04", "pkcs11:root", "unknown")], hsm_there=False).holds
    surplus = ("KM-ROT-04", "pkcs11:root", "fail")
    assert compare(world, None, [*without, surplus], hsm_there=False).surplus == {surplus}
    assert not compare(world, None, without[1:], hsm_there=False).holds


def test_the_estate_is_written_with_its_layout(tmp_path: Path) -> None:
    place = Embedded(load_world(), "keyaudit: 1\n", {"envelope/one.yaml": b"envelope: 1\n"}, "")
    assert place.write(tmp_path).read_text(encoding="utf-8") == "keyaudit: 1\n"
    assert (tmp_path / "envelope" / "one.yaml").read_bytes() == b"envelope: 1\n"
