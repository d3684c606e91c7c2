"""The Dockerfile: read, as there is no daemon to build it; what it says must hold."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """Return each instruction with its words, lines joined, comments left out."""
    lines = [line for line in TEXT.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [(line.split(maxsplit=1)[0], " ".join(line.split(maxsplit=1)[1].split())) for line in joined.splitlines()]


def final() -> list[tuple[str, str]]:
    """Return the instructions of the last stage."""
    every = instructions()
    last = max(number for number, (name, _) in enumerate(every) if name == "FROM")
    return every[last:]


def of(name: str) -> list[str]:
    return [words for one, words in final() if one == name]


def test_two_stages_on_a_slim_base_that_is_pinned_by_a_tag() -> None:
    every = instructions()
    assert every[0] == ("ARG", "BASE=python:3.11-slim-bookworm")
    assert [words for name, words in every if name == "FROM"] == ["${BASE} AS build", "${BASE}"]
    assert of("COPY") == ["--from=build /opt/keyaudit /opt/keyaudit"]


def test_it_runs_as_nobody_special() -> None:
    names = [name for name, _ in final()]
    assert of("USER") == ["10001:10001"]
    assert set(names[names.index("USER") + 1 :]) == {"HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert (of("ENTRYPOINT"), of("CMD")[-1:]) == (['["keyaudit"]'], ['["--help"]'])


def test_nothing_is_fetched_by_address() -> None:
    assert "ADD" not in {name for name, _ in instructions()}
    assert not re.search(r"curl|wget|https?://", " ".join(words for name, words in instructions() if name == "RUN"))


def test_it_installs_what_the_makefile_does() -> None:
    """But for SoftHSM, which is the demo's: an image for work has no HSM that is none."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = re.search(r"^APT := (.*)$", makefile, re.MULTILINE)
    (run,) = of("RUN")
    installed = re.search(r"--no-install-recommends (.*?) &&", run)
    assert wanted
    assert installed
    assert set(installed[1].split()) == set(wanted[1].split()) - {"softhsm2"}


def test_it_has_every_extra_but_those_for_the_demo_and_for_development() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = re.search(r"\[([a-z,]+)\]\"", TEXT)
    assert named
    assert set(named[1].split(",")) == set(extras) - {"all", "demo", "dev", "server"}


def test_all_that_is_written_is_in_two_volumes() -> None:
    assert of("VOLUME") == ['["/tmp", "/var/lib/keyaudit"]']
    variables = dict(re.findall(r"([A-Z_]+)=(\S+)", " ".join(of("ENV"))))
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "KEYAUDIT_HEALTH_FILE"):
        assert variables[name].startswith(("/tmp", "/var/lib/keyaudit")), name  # noqa: S108 - in the image
    assert variables["PYTHONDONTWRITEBYTECODE"] == "1"
    assert "fc-cache" in of("RUN")[0]


def test_the_health_check_is_a_command_that_there_is(tmp_path: Path) -> None:
    check = re.search(r'CMD \["keyaudit", (.*)\]', of("HEALTHCHECK")[0])
    assert check
    arguments = [word.strip('" ') for word in check[1].split(",")]
    command = [sys.executable, "-m", "scanner", *arguments]
    environment = {"KEYAUDIT_HEALTH_FILE": str(tmp_path / "health"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "no scheduler runs here\n")


def test_the_builder_gets_what_the_wheel_is_made_of_and_no_more() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    every = instructions()
    build = every[: [name for name, _ in every].index("FROM", 2)]
    copied = {word.rstrip("/") for name, words in build if name == "COPY" for word in words.split()[:-1]}
    assert let_in == copied
    assert all((ROOT / name).exists() for name in let_in)


def test_hadolint_finds_nothing() -> None:
    beside = Path(sys.executable).parent / "hadolint"
    program = str(beside) if beside.exists() else shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint is not installed")
    done = subprocess.run([program, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
