"""Fixtures that all tests share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from scanner.demo.embedded import environment

# A landing must not hang on a throw of the dice: by default the same examples are tried each time, and what a search
# finds becomes an example of its own. Search with `pytest --hypothesis-profile=search`.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile(
    "search",
    max_examples=3_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("repeatable")

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by tempfile and pytest
_ROOM = 4 * 2**30
"""Bytes that a run of all tests, and the two before it that pytest keeps, never need."""


def _work_in_memory() -> None:
    """Put temporary files where syncing them costs nothing, when there is room and nobody named another place.

    A scan writes two hundred files that outlive a power cut; on a disk its tests would mostly wait for that.
    """
    if "TMPDIR" in os.environ or not os.access(_IN_MEMORY, os.W_OK):
        return
    runs_programs = not os.statvfs(_IN_MEMORY).f_flag & os.ST_NOEXEC
    if runs_programs and shutil.disk_usage(_IN_MEMORY).free >= _ROOM:
        os.environ["TMPDIR"] = str(_IN_MEMORY)
        tempfile.tempdir = None  # asked anew


_work_in_memory()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case by its argument where that is bytes: random ones are others in each worker, and tests must agree."""
    return argname if isinstance(val, bytes) and len(val) > 24 else None


FIRST = (
    *("tests/test_month.py", "tests/test_demo.py", "tests/proof/", "tests/demo/test_reference.py"),
    *("tests/test_replay.py", "tests/test_read_only.py", "tests/test_resume.py"),
    *("tests/render/test_pdf.py", "tests/render/test_pdf_layout.py"),
)
"""Where a scan of many seconds is shared by a module or a folder."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what shares a long scan: the ends of a worker's tests are what others take from it, scan and all."""
    items.sort(key=lambda item: next((i for i, name in enumerate(FIRST) if item.nodeid.startswith(name)), len(FIRST)))


@pytest.fixture(autouse=True)
def _nobodys_credentials() -> Iterator[None]:
    """Keep the credentials, profiles and proxies of whoever runs the tests out of them."""
    with environment({"AWS_EC2_METADATA_DISABLED": "true"}):
        yield
